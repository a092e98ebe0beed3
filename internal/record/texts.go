package record

import (
	"bytes"
	"fmt"
	"io"
)

// texts cuts JSON texts that stand one after the other, over any number of lines. Where the first one is an array, or Records is its first member, it is
// cut into its elements, so that it may be of any size.
//
// Only objects are cut, where brackets, quotation marks and commas stand as they should; whether the objects are sound is found out by who unpacks
// them. At everything else, at mistakes above all, encoding/json takes over from the last part on and decides. FuzzRead holds that both together find
// what encoding/json alone would.
type texts struct {
	f    *file
	form form // what is open: formArray or formRecords; formTexts between texts
	buf  []byte
	pos  int // what is before is cut
	mark int // the end of the last part, or of the opening; what is before is not needed any more
	base int64
	any  bool // there was an element
	err  error
}

// documents cuts the file: ahead, which has been read from it already, and the rest.
func (f *file) documents(ahead []byte, form form) error {
	c := &f.cutter.texts
	if cap(c.buf) > mostKept {
		c.buf = nil
	}
	*c = texts{f: f, form: form, buf: append(c.buf[:0], ahead...)}
	if form == formTexts {
		return c.between()
	}
	for {
		pos, matches := afterOpening(c.buf, form.opening())
		if matches == whole {
			c.pos, c.mark = pos, pos
			return c.elements()
		}
		if matches == no || !c.fill() {
			return c.decode() // unreachable: the form was found by the opening
		}
	}
}

// elements cuts the elements of what is open, and then what stands behind it.
func (c *texts) elements() error {
	c.peek()
	start := c.offset()
	for c.peek() == '{' {
		if done, err := c.object(start, true); done {
			return err
		}
		switch c.peek() {
		case ',':
			c.pos++
			start = c.offset()
		case ']':
			if !c.closes() {
				return c.decode()
			}
			return c.between()
		default:
			return c.decode()
		}
	}
	return c.decode()
}

// closes steps over the brackets that close what is open, if nothing stands between them.
func (c *texts) closes() bool {
	c.pos++
	if c.form == formRecords {
		if c.peek() != '}' {
			return false
		}
		c.pos++
	}
	c.form, c.any = formTexts, false
	c.mark = c.pos
	return true
}

// between cuts texts that are objects.
func (c *texts) between() error {
	for {
		switch start := c.offset(); c.peek() {
		case '{':
			if done, err := c.object(start, false); done {
				return err
			}
		case 0:
			if c.err == io.EOF { //nolint:errorlint // as io.Reader says
				return nil
			}
			return c.decode()
		default:
			return c.decode()
		}
	}
}

// offset is where pos stands in the file.
func (c *texts) offset() int64 { return c.base + int64(c.pos) }

// peek returns the next byte that is no white space, or 0 at the end.
func (c *texts) peek() byte {
	for {
		for c.pos < len(c.buf) {
			if b := c.buf[c.pos]; !isSpace(b) {
				return b
			}
			c.pos++
		}
		if !c.fill() {
			return 0
		}
	}
}

// object gives the object at pos away. start is where what stands before it ends. done is set where there is nothing to do behind it.
func (c *texts) object(start int64, element bool) (done bool, err error) {
	end, ok, err := c.end()
	if err != nil {
		return true, err
	}
	if !ok {
		return true, c.decode()
	}
	p := Part{Text: c.buf[c.pos:end], Start: start, End: c.base + int64(end), Element: element}
	if err := c.f.take(p); err != nil {
		return true, err
	}
	c.pos, c.mark, c.any = end, end, element
	return false, nil
}

// end returns where the object at pos ends; ok is false where the file ends before.
func (c *texts) end() (end int, ok bool, err error) {
	depth, quoted := 0, false
	for i := c.pos; ; {
		for ; i < len(c.buf); i++ {
			switch b := c.buf[i]; {
			case quoted:
				switch b {
				case '"':
					quoted = false
				case '\\':
					i++
				}
			case b == '"':
				quoted = true
			case b == '{' || b == '[':
				depth++
			case b == '}' || b == ']':
				if depth--; depth == 0 {
					return i + 1, true, nil
				}
			}
		}
		if len(c.buf)-c.pos > MaxLine {
			return 0, false, fmt.Errorf("after %d bytes: %w", c.base+int64(c.mark), errTooLong)
		}
		i -= c.pos
		if !c.fill() {
			return 0, false, nil
		}
		i += c.pos
	}
}

// fill reads more, and moves what is still needed to the beginning of the buffer. It returns false at the end of the file.
func (c *texts) fill() bool {
	if c.err != nil {
		return false
	}
	if c.mark > 0 {
		c.buf = c.buf[:copy(c.buf, c.buf[c.mark:])]
		c.base += int64(c.mark)
		c.pos -= c.mark
		c.mark = 0
	}
	if cap(c.buf)-len(c.buf) < bufferSize/2 {
		c.buf = append(make([]byte, 0, max(2*bufferSize, 2*cap(c.buf))), c.buf...)
	}
	var n int
	for n == 0 && c.err == nil {
		n, c.err = c.f.in.Read(c.buf[len(c.buf):cap(c.buf)])
	}
	c.buf = c.buf[:len(c.buf)+n]
	return n > 0
}

// decode lets encoding/json go on from the mark.
func (c *texts) decode() error {
	primed := c.form.opening()
	if c.any {
		primed += "{}"
	}
	rest := io.Reader(c.f.in)
	if c.err != nil {
		rest = failing{c.err}
	}
	d := newDocuments(c.f, io.MultiReader(bytes.NewReader(c.buf[c.mark:]), rest), primed, c.base+int64(c.mark))
	return d.read(c.form, c.any)
}

// failing is the end of a file that has been reached already.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
