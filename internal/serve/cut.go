package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// cutter finds the events in a body. A body is objects, or arrays of them: one a line, several on a line, or each over several lines. Nothing but white
// space, and the brackets and commas of arrays, is left out.
type cutter struct {
	// event is given every JSON text that is a value of its own, with the line that it begins on. The error says why it is none.
	event func(text []byte, line int) error
	// broken is given what is no event.
	broken func(text []byte, line int, err error)
}

// space is what JSON takes for white space; other spaces are something that must not get lost.
const space = " \t\r\n"

func (c cutter) body(body []byte) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	line := 1
	if continued(body) { // if so it can be read on; a line that was cut short cannot, and what follows a mistake is taken line by line
		read, _ := c.values(body, line)
		line += bytes.Count(body[:read], []byte("\n"))
		body = body[read:]
	}
	for text := range bytes.Lines(body) {
		c.line(bytes.Trim(text, space), line)
		line++
	}
}

// continued reports whether the first line begins a value and does not end it.
func continued(body []byte) bool {
	first, _, more := bytes.Cut(bytes.TrimLeft(body, space), []byte("\n"))
	if !more || len(first) == 0 || (first[0] != '{' && first[0] != '[') {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(first))
	for {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return errors.Is(err, io.ErrUnexpectedEOF)
		}
	}
}

// line reads one line.
func (c cutter) line(text []byte, line int) {
	if len(text) == 0 {
		return
	}
	var wrong error
	if text[0] != '[' {
		if wrong = c.event(text, line); wrong == nil {
			return
		}
	}
	read, err := c.values(text, line)
	if read > 0 || wrong == nil {
		wrong = err
	}
	if rest := bytes.TrimLeft(text[read:], ","+space); len(bytes.TrimRight(rest, "],"+space)) > 0 {
		c.broken(rest, line, wrong)
	}
}

// values gives what is sound at the beginning of text: values one after the other, those of arrays one by one. It returns how much that is, and why it is not
// more.
func (c cutter) values(text []byte, line int) (read int, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	counted := 0 // up to where lines were counted
	value := func() error {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		read = int(d.InputOffset())
		start := read - len(raw)
		line += bytes.Count(text[counted:start], []byte("\n"))
		counted = start
		if err := c.event(text[start:read], line); err != nil {
			c.broken(text[start:read], line, err)
		}
		return nil
	}
	bracket := func() error {
		_, err := d.Token()
		if err == nil {
			read = int(d.InputOffset())
		}
		return err
	}
	for err == nil {
		rest := bytes.TrimLeft(text[read:], space)
		if len(rest) == 0 {
			return len(text), nil
		}
		if rest[0] != '[' {
			err = value()
			continue
		}
		err = bracket()
		for err == nil && d.More() {
			err = value()
		}
		if err == nil {
			err = bracket()
		}
	}
	return read, err
}
