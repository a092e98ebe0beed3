package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// shape counts in how many records of an event a path was an object, an array or a scalar.
type shape struct{ object, array, scalar int }

// String returns the counts that are not zero, each behind its letter.
func (s *shape) String() string {
	var b strings.Builder
	for _, c := range []struct {
		letter string
		n      int
	}{{"o", s.object}, {"a", s.array}, {"s", s.scalar}} {
		if c.n > 0 {
			fmt.Fprintf(&b, "%s%d", c.letter, c.n)
		}
	}
	return b.String()
}

// containers are the fields whose members differ from event to event.
func containers() []string {
	return []string{"requestParameters", "responseElements", "additionalEventData", "serviceEventDetails", "resources"}
}

const (
	maxDepth = 6
	maxLine  = 16 << 20
)

// keyForm is what names of members look like: what is none is data, such as the name of a tag or of a variable.
var (
	keyForm    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)
	sourceForm = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com$`)
)

// shapesTable returns the table: a line with an event's source and name, and then a line for each path, behind a tab, with what it was.
func shapesTable(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.ndjson"))
	if err != nil {
		return "", err
	}
	events := make(map[string]map[string]*shape)
	records := 0
	for _, name := range files {
		n, err := readShapes(name, events)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		records += n
	}
	if records == 0 {
		return "", fmt.Errorf("%s has no records", dir)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Shapes of CloudTrail records 1: %d records, %d events\n", records, len(events))
	for _, event := range slices.Sorted(maps.Keys(events)) {
		b.WriteString(event + "\n")
		for _, path := range slices.Sorted(maps.Keys(events[event])) {
			fmt.Fprintf(&b, "\t%s %s\n", path, events[event][path])
		}
	}
	return b.String(), nil
}

func readShapes(name string, events map[string]map[string]*shape) (records int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var body map[string]any
		if err := json.Unmarshal(lines.Bytes(), &body); err != nil {
			return 0, err
		}
		record := find(body)
		source, _ := record["eventSource"].(string)
		event, _ := record["eventName"].(string)
		if !sourceForm.MatchString(source) || !keyForm.MatchString(event) {
			continue
		}
		records++
		key := source + " " + event
		if events[key] == nil {
			events[key] = make(map[string]*shape)
		}
		note(events[key], record)
	}
	return records, lines.Err()
}

// find returns the record in a body: itself, or what its envelopes hold.
func find(body map[string]any) map[string]any {
	for _, key := range []string{"event", "detail"} {
		if _, ok := body["eventName"]; ok {
			break
		}
		if inner, ok := body[key].(map[string]any); ok {
			body = inner
		}
	}
	return body
}

// note adds the shape of one record.
func note(paths map[string]*shape, record map[string]any) {
	seen := make(map[string]*shape) // of this record, so that an array counts once
	for _, name := range containers() {
		if value, ok := record[name]; ok && value != nil {
			walk(seen, name, value, 1)
		}
	}
	for path, s := range seen {
		if paths[path] == nil {
			paths[path] = &shape{}
		}
		paths[path].object += min(s.object, 1)
		paths[path].array += min(s.array, 1)
		paths[path].scalar += min(s.scalar, 1)
	}
}

func walk(seen map[string]*shape, path string, value any, depth int) {
	s := seen[path]
	if s == nil {
		s = &shape{}
		seen[path] = s
	}
	switch value := value.(type) {
	case map[string]any:
		s.object++
		members(seen, path, value, depth)
	case []any:
		s.array++
		for _, element := range value {
			walkElement(seen, path, element, depth)
		}
	default:
		s.scalar++
	}
}

// walkElement goes through arrays: the paths below an array are those of its elements.
func walkElement(seen map[string]*shape, path string, element any, depth int) {
	switch element := element.(type) {
	case map[string]any:
		members(seen, path, element, depth)
	case []any:
		for _, e := range element {
			walkElement(seen, path, e, depth)
		}
	}
}

func members(seen map[string]*shape, path string, object map[string]any, depth int) {
	if depth >= maxDepth {
		return
	}
	for key, value := range object {
		if keyForm.MatchString(key) {
			walk(seen, path+"."+key, value, depth+1)
		}
	}
}
