package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/klauspost/compress/gzip"
	"github.com/tidwall/gjson"
)

// MaxLine is the longest line of NDJSON that is read, in bytes.
const MaxLine = 256 << 20

// Item is one event of a file.
type Item struct {
	// JSON is the event's text, one JSON object. It is valid until the call that it was given to returns.
	JSON []byte
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
func Read(name string, r io.Reader, sink Sink) error {
	in := bufio.NewReaderSize(r, 1<<16)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("%s: gzip: %w", name, err)
		}
		in = bufio.NewReaderSize(unzipped, 1<<16)
	}
	f := file{name: name, in: in, sink: sink}
	err := f.read()
	if own, ok := errors.AsType[*sinkError](err); ok {
		return own.err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// sinkError carries an error of the sink past those of the file.
type sinkError struct{ err error }

func (e *sinkError) Error() string { return e.err.Error() }

type file struct {
	name string
	in   *bufio.Reader
	sink Sink
}

func (f *file) read() error {
	if err := f.byteOrderMark(); err != nil {
		return err
	}
	head, err := f.in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch head = bytes.TrimLeft(head, " \t\r\n"); {
	case bytes.HasPrefix(head, []byte("[")):
		return f.documents(f.in, (*documents).array)
	case regexp.MustCompile(`^\{\s*"Records"\s*:\s*\[`).Match(head):
		return f.documents(f.in, (*documents).records)
	default:
		return f.lines()
	}
}

// byteOrderMark steps over a mark of UTF-8 and refuses UTF-16, which JSON files may not have.
func (f *file) byteOrderMark() error {
	mark, _ := f.in.Peek(3)
	switch {
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		_, err := f.in.Discard(3)
		return err
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		return errors.New("the file is UTF-16; convert it to UTF-8 first, for example with iconv")
	}
	return nil
}

// lines reads one object a line. Where the first line is the beginning of an object that goes on in the next, the file holds objects over
// several lines instead.
func (f *file) lines() error {
	for number := 1; ; number++ {
		line, err := f.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if number == 1 && f.continues(line) {
			return f.documents(io.MultiReader(bytes.NewReader(line), f.in), nil)
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			if err := f.value(text, number); err != nil {
				return err
			}
		}
		if err != nil {
			return nil //nolint:nilerr // the end of the file
		}
	}
}

// line returns the next line with its end. It is a copy that the next call does not touch.
func (f *file) line() ([]byte, error) {
	var line []byte
	for {
		part, err := f.in.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > MaxLine {
			return nil, fmt.Errorf("a line is longer than %d bytes", MaxLine)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// continues reports whether first begins a JSON text that the next line goes on with. A line that was cut short looks the same, but then
// the next one begins an object of its own.
func (f *file) continues(first []byte) bool {
	var syntax *json.SyntaxError
	var raw json.RawMessage
	err := json.Unmarshal(first, &raw)
	cut := errors.As(err, &syntax) && syntax.Offset >= int64(len(bytes.TrimRight(first, " \t\r\n")))
	next, _ := f.in.Peek(256)
	next = bytes.TrimLeft(next, " \t\r\n")
	return cut && len(next) > 0 && next[0] != '{'
}

// value takes one line.
func (f *file) value(text []byte, line int) error {
	bad := func(err error) { f.sink.Bad(&LineError{File: f.name, Line: line, Err: err}) }
	if err := checkJSON(text); err != nil {
		bad(err)
		return nil
	}
	return f.split(text, line, bad)
}

// split gives the events of one JSON value to the sink: the elements of an array or of Records, or the value itself. What is no object is
// given to bad, and the others go on.
func (f *file) split(text []byte, line int, bad func(error)) error {
	v := gjson.ParseBytes(text)
	if records := v.Get("Records"); v.IsObject() && records.IsArray() {
		v = records
	}
	if !v.IsArray() {
		return f.item([]byte(v.Raw), line, bad)
	}
	var err error
	v.ForEach(func(_, element gjson.Result) bool {
		err = f.item([]byte(element.Raw), line, bad)
		return err == nil
	})
	return err
}

func (f *file) item(text []byte, line int, bad func(error)) error {
	if text = bytes.TrimSpace(text); len(text) == 0 || text[0] != '{' {
		bad(fmt.Errorf("%.40q is not a JSON object", text))
		return nil
	}
	if err := f.sink.Item(Item{JSON: text, Line: line}); err != nil {
		return &sinkError{err}
	}
	return nil
}
