package awslint

import (
	_ "embed" // for the table
	"strconv"
	"strings"
)

// shapesFile is made by generate: behind a first line that says what it is, a line with an event's source and name, and then its paths, each behind a
// tab with how often it was an object (o), an array (a) or a scalar (s).
//
//go:embed shapes.gz
var shapesFile []byte

// shapes is what records have been seen to look like, below the fields that differ from event to event.
type shapes struct {
	events map[string]map[string]shape // by source and name in lower case, with a space between
	paths  map[string]shape            // of all events
}

// shape counts what a path was.
type shape struct{ object, array, scalar int }

func (s shape) plus(o shape) shape {
	return shape{s.object + o.object, s.array + o.array, s.scalar + o.scalar}
}

// mostlyArray reports whether it was an array more often than something else: records that were made up for tests are among those seen.
func (s shape) mostlyArray() bool { return s.array > s.object+s.scalar }

func loadShapes() (*shapes, error) {
	text, err := unpack(shapesFile, "# Shapes of CloudTrail records 1: ")
	if err != nil {
		return nil, err
	}
	s := &shapes{make(map[string]map[string]shape), make(map[string]shape)}
	var event map[string]shape
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		row, ok := strings.CutPrefix(line, "\t")
		if !ok {
			event = make(map[string]shape)
			s.events[strings.ToLower(line)] = event
			continue
		}
		path, counts, _ := strings.Cut(row, " ")
		if event[path], err = parseShape(counts); err != nil {
			return nil, err
		}
		s.paths[path] = s.paths[path].plus(event[path])
	}
	return s, nil
}

// parseShape reads counts such as o3a1.
func parseShape(text string) (s shape, err error) {
	for len(text) > 1 {
		end := 1
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(text[1:end])
		if err != nil {
			return s, err
		}
		switch text[0] {
		case 'o':
			s.object = n
		case 'a':
			s.array = n
		case 's':
			s.scalar = n
		}
		text = text[end:]
	}
	return s, nil
}

// of returns the paths of an event, or nil if it was never seen.
func (s *shapes) of(source, event string) map[string]shape {
	return s.events[strings.ToLower(source+" "+event)]
}
