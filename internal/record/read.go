package record

import (
	"fmt"
	"io"
	"os"
)

// MaxLine is the longest line of NDJSON, and the longest JSON text or element of one, that is read, in bytes.
const MaxLine = 256 << 20

// Item is one event of a file.
type Item struct {
	// JSON is the event's text, one JSON object. It lives as long as the text of the Part that it stands in.
	JSON []byte
	// Packed is the same as msgpack. It is valid until the call that it was given to returns.
	Packed []byte
	// Line is the event's line, counted from 1, in a file of one object a line; else 0.
	Line int
}

// LineError is what is wrong with one line of a file whose other lines go on.
type LineError struct {
	File string
	Line int
	Err  error
}

// Error returns file, line and reason.
func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap returns the reason.
func (e *LineError) Unwrap() error { return e.Err }

// Sink takes what a reader finds.
type Sink struct {
	// Item is given every event. An error that it returns ends the reading and is returned as it is.
	Item func(Item) error
	// Bad is given an error for every line (a *LineError) or element that is not a JSON object we can look into; the others go on.
	Bad func(error)
}

// ReadFile reads the events of the file at path. See Read.
func ReadFile(path string, sink Sink) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return Read(path, f, sink)
}

// Read reads events from r, which name stands for in errors. It finds the form out by itself: {"Records": […]} as CloudTrail delivers to
// S3, a JSON array, one object a line, objects one after the other over several lines; each also gzipped. Every element of Records or of
// an array is an event. Memory is bounded by the largest event or, of one object a line, the longest line. An error ends the file there;
// what stood before it has been given to the sink.
//
// It is a Cutter and an Unpacker, one after the other; these let several goroutines share the work.
func Read(name string, r io.Reader, sink Sink) error {
	var c Cutter
	var u Unpacker
	return c.Cut(name, r, func(p Part) error { return u.Unpack(name, p, sink) })
}
