package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// Part is a piece of a file that can be looked at by itself: a line, an element of Records or of an array, or another JSON text. It need not be sound.
type Part struct {
	// Text is valid until the call that it was given to returns.
	Text []byte
	// Line is the line, counted from 1, in a file of one object a line; else 0.
	Line int
	// Start and End say where a part that is no line stands, in bytes of the unzipped file: from behind what stands before it to its end.
	Start, End int64
	// Element is set where Text is one event, and does not hold several.
	Element bool
}

// Cutter cuts files into parts, with as little work as possible: it does not look at more than brackets and quotation marks where all is well. It
// keeps its memory from one file to the next, and is for one goroutine.
type Cutter struct {
	raw, plain *bufio.Reader
	zip        *gzip.Reader
	long       []byte
	texts      texts
}

// bufferSize is how much is read at once.
const bufferSize = 1 << 16

// mostKept bounds the buffers that are kept for the next file or line; those of unusual size are not.
const mostKept = 1 << 20

// Cut cuts r, which name stands for in errors, and gives the parts to take in their order. It knows the forms that Read knows. It never waits for more of r
// than the next part needs. An error of take is returned as it is.
func (c *Cutter) Cut(name string, r io.Reader, take func(Part) error) error {
	in, err := c.open(r)
	if err != nil {
		return fmt.Errorf("%s: gzip: %w", name, err)
	}
	f := file{cutter: c, in: in, take: func(p Part) error {
		if err := take(p); err != nil {
			return &takeError{err}
		}
		return nil
	}}
	err = f.read()
	if own, ok := errors.AsType[*takeError](err); ok {
		return own.err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// open returns r unzipped.
func (c *Cutter) open(r io.Reader) (*bufio.Reader, error) {
	if c.raw == nil {
		c.raw, c.plain, c.zip = bufio.NewReaderSize(nil, bufferSize), bufio.NewReaderSize(nil, bufferSize), new(gzip.Reader)
	}
	c.raw.Reset(r)
	if magic, _ := c.raw.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return c.raw, nil
	}
	if err := c.zip.Reset(c.raw); err != nil {
		return nil, err
	}
	c.plain.Reset(c.zip)
	return c.plain, nil
}

// takeError carries an error of take past those of the file.
type takeError struct{ err error }

func (e *takeError) Error() string { return e.err.Error() }

type file struct {
	cutter *Cutter
	in     *bufio.Reader
	take   func(Part) error
}

func (f *file) read() error {
	if err := f.byteOrderMark(); err != nil {
		return err
	}
	form, err := f.form()
	if err != nil {
		return err
	}
	if form == formLines {
		return f.lines()
	}
	return f.documents(nil, form)
}

// byteOrderMark steps over a mark of UTF-8 and refuses UTF-16, which JSON files may not have.
func (f *file) byteOrderMark() error {
	if first, _ := f.in.Peek(1); len(first) == 0 || first[0] < 0x80 {
		return nil // no more is waited for
	}
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

// form looks at the first bytes, at as few as tell.
func (f *file) form() (form, error) {
	const most = 512
	for n := 1; ; n = f.in.Buffered() + 1 {
		_, err := f.in.Peek(min(n, most))
		if err != nil && !errors.Is(err, io.EOF) {
			return formLines, err
		}
		head, _ := f.in.Peek(min(f.in.Buffered(), most))
		if form, decided := formOf(head); decided || len(head) == most || err != nil {
			return form, nil
		}
	}
}

// lines cuts one object a line. Where the first line is the beginning of an object that goes on in the next, the file holds objects over
// several lines instead.
func (f *file) lines() error {
	for number := 1; ; number++ {
		line, err := f.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if number == 1 {
			line = bytes.Clone(line) // looking at the next one moves it
			if f.continues(line) {
				return f.documents(line, formTexts)
			}
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			if err := f.take(Part{Text: text, Line: number}); err != nil {
				return err
			}
		}
		if err != nil {
			return nil //nolint:nilerr // the end of the file
		}
	}
}

// line returns the next line with its end. It is valid until the next call.
func (f *file) line() ([]byte, error) {
	line, err := f.in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	c := f.cutter
	if cap(c.long) > mostKept {
		c.long = nil
	}
	c.long = append(c.long[:0], line...)
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = f.in.ReadSlice('\n')
		c.long = append(c.long, line...)
		if len(c.long) > MaxLine {
			return nil, fmt.Errorf("a line is longer than %d bytes", MaxLine)
		}
	}
	return c.long, err
}

// continues reports whether first begins a JSON text that the next line goes on with. A line that was cut short looks the same, but then
// the next one begins an object of its own.
func (f *file) continues(first []byte) bool {
	syntax := syntaxError(first)
	if syntax == nil || syntax.Offset < int64(len(bytes.TrimRight(first, " \t\r\n"))) {
		return false
	}
	next, _ := f.in.Peek(256)
	next = bytes.TrimLeft(next, " \t\r\n")
	return len(next) > 0 && next[0] != '{'
}
