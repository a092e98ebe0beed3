package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/tidwall/gjson"
)

// referenceRead is what Read must find: everything is decoded and checked by encoding/json.
func referenceRead(name string, r io.Reader, sink Sink) error {
	f := refFile{name: name, in: bufio.NewReaderSize(r, 1<<16), sink: sink}
	err := f.read()
	if own, ok := errors.AsType[*refSinkError](err); ok {
		return own.err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// refSinkError carries an error of the sink past those of the file.
type refSinkError struct{ err error }

func (e *refSinkError) Error() string { return e.err.Error() }

type refFile struct {
	name string
	in   *bufio.Reader
	sink Sink
}

func (f *refFile) read() error {
	if err := f.byteOrderMark(); err != nil {
		return err
	}
	head, err := f.in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch head = bytes.TrimLeft(head, " \t\r\n"); {
	case bytes.HasPrefix(head, []byte("[")):
		return f.documents(f.in, (*refDocuments).array)
	case regexp.MustCompile(`^\{\s*"Records"\s*:\s*\[`).Match(head):
		return f.documents(f.in, (*refDocuments).records)
	default:
		return f.lines()
	}
}

// byteOrderMark steps over a mark of UTF-8 and refuses UTF-16, which JSON files may not have.
func (f *refFile) byteOrderMark() error {
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
func (f *refFile) lines() error {
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
func (f *refFile) line() ([]byte, error) {
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
func (f *refFile) continues(first []byte) bool {
	var syntax *json.SyntaxError
	var raw json.RawMessage
	err := json.Unmarshal(first, &raw)
	cut := errors.As(err, &syntax) && syntax.Offset >= int64(len(bytes.TrimRight(first, " \t\r\n")))
	next, _ := f.in.Peek(256)
	next = bytes.TrimLeft(next, " \t\r\n")
	return cut && len(next) > 0 && next[0] != '{'
}

// value takes one line.
func (f *refFile) value(text []byte, line int) error {
	bad := func(err error) { f.sink.Bad(&LineError{File: f.name, Line: line, Err: err}) }
	if err := refCheckJSON(text); err != nil {
		bad(err)
		return nil
	}
	return f.split(text, line, bad)
}

// split gives the events of one JSON value to the sink: the elements of an array or of Records, or the value itself. What is no object is
// given to bad, and the others go on.
func (f *refFile) split(text []byte, line int, bad func(error)) error {
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

func (f *refFile) item(text []byte, line int, bad func(error)) error {
	if text = bytes.TrimSpace(text); len(text) == 0 || text[0] != '{' {
		bad(fmt.Errorf("%.40q is not a JSON object", text))
		return nil
	}
	if err := f.sink.Item(Item{JSON: text, Line: line}); err != nil {
		return &refSinkError{err}
	}
	return nil
}

// refDocuments reads JSON texts that stand one after the other, over any number of lines. The first may be too large to hold: then it is read
// element by element.
type refDocuments struct {
	file *refFile
	dec  *json.Decoder
}

// documents reads r to its end; first, if not nil, reads the first text.
func (f *refFile) documents(r io.Reader, first func(*refDocuments) error) error {
	d := &refDocuments{file: f, dec: json.NewDecoder(r)}
	if first != nil {
		if err := first(d); err != nil {
			return d.explain(err)
		}
	}
	for {
		var raw json.RawMessage
		if err := d.dec.Decode(&raw); err != nil {
			return d.explain(err)
		}
		if err := d.element(raw, f.split); err != nil {
			return err
		}
	}
}

// element gives one value to take. What take cannot use is reported, and the reading goes on.
func (d *refDocuments) element(raw []byte, take func(text []byte, line int, bad func(error)) error) error {
	bad := func(err error) {
		d.file.sink.Bad(fmt.Errorf("%s: the value that ends at byte %d: %w", d.file.name, d.dec.InputOffset(), err))
	}
	if err := refCheckJSON(raw); err != nil {
		bad(err)
		return nil
	}
	return take(raw, 0, bad)
}

// explain adds where the decoder stopped. The end of the input behind a whole text is none of its errors.
func (d *refDocuments) explain(err error) error {
	var own *refSinkError
	switch {
	case errors.As(err, &own):
		return err
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("cut short after %d bytes: %w", d.dec.InputOffset(), err)
	}
	return fmt.Errorf("after %d bytes: %w", d.dec.InputOffset(), err)
}

// array reads [ elements ].
func (d *refDocuments) array() error {
	if _, err := d.dec.Token(); err != nil {
		return err
	}
	for d.dec.More() {
		var raw json.RawMessage
		if err := d.dec.Decode(&raw); err != nil {
			return refUnexpected(err)
		}
		if err := d.element(raw, d.file.item); err != nil {
			return err
		}
	}
	_, err := d.dec.Token()
	return refUnexpected(err)
}

// records reads {"Records": [ elements ], …}; its other members hold no events.
func (d *refDocuments) records() error {
	for range 2 { // the brace and the key
		if _, err := d.dec.Token(); err != nil {
			return refUnexpected(err)
		}
	}
	if err := d.array(); err != nil {
		return err
	}
	for d.dec.More() {
		if _, err := d.dec.Token(); err != nil {
			return refUnexpected(err)
		}
		var other json.RawMessage
		if err := d.dec.Decode(&other); err != nil {
			return refUnexpected(err)
		}
	}
	_, err := d.dec.Token()
	return refUnexpected(err)
}

// refUnexpected turns the end of the input inside a text into an error.
func refUnexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// refCheckJSON accepts what encoding/json accepts, but for the depth. gjson's own check recurses, hence the look at the depth before it.
func refCheckJSON(text []byte) error {
	if offset, deep := tooDeep(text); deep {
		return &SyntaxError{Offset: int64(offset), Reason: fmt.Sprintf("containers are nested more than %d deep", MaxDepth)}
	}
	if gjson.ValidBytes(text) {
		return nil
	}
	var raw json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(text, &raw); errors.As(err, &syntax) {
		return &SyntaxError{Offset: syntax.Offset, Reason: syntax.Error()}
	}
	return &SyntaxError{Reason: "invalid JSON"}
}
