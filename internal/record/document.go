package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// documents reads JSON texts that stand one after the other with encoding/json, which says exactly what is wrong where something is.
type documents struct {
	file  *file
	dec   *json.Decoder
	meter *meter
	moved int64 // what is to be added to the decoder's offsets
}

// newDocuments returns documents that go on with r behind primed, which is the beginning of a text of ours; r is at the byte offset of the file.
func newDocuments(f *file, r io.Reader, primed string, offset int64) *documents {
	m := &meter{r: io.MultiReader(strings.NewReader(primed), r)}
	return &documents{file: f, dec: json.NewDecoder(m), meter: m, moved: offset - int64(len(primed))}
}

func (d *documents) offset() int64 { return d.moved + d.dec.InputOffset() }

// read reads to the end. Of the first text the form is open, with one element of ours to pass over if primed is set.
func (d *documents) read(form form, primed bool) error {
	var err error
	switch form {
	case formArray:
		err = d.array(primed)
	case formRecords:
		err = d.records(primed)
	case formLines, formTexts:
	}
	if err != nil {
		return d.explain(err)
	}
	for {
		start := d.offset()
		raw, err := d.decode()
		if err != nil {
			return d.explain(err)
		}
		if err := d.file.take(Part{Text: raw, Start: start, End: d.offset()}); err != nil {
			return err
		}
	}
}

// next returns the decoder, for one value or token more.
func (d *documents) next() *json.Decoder {
	d.meter.left = MaxLine
	return d.dec
}

// decode returns the next value.
func (d *documents) decode() (json.RawMessage, error) {
	var raw json.RawMessage
	err := d.next().Decode(&raw)
	return raw, err
}

// explain adds where the decoder stopped. The end of the input behind a whole text is none of its errors.
func (d *documents) explain(err error) error {
	var own *takeError
	switch {
	case errors.As(err, &own):
		return err
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("cut short after %d bytes: %w", d.offset(), err)
	}
	return fmt.Errorf("after %d bytes: %w", d.offset(), err)
}

// array reads [ elements ].
func (d *documents) array(primed bool) error {
	if _, err := d.next().Token(); err != nil {
		return err
	}
	for d.next().More() {
		start := d.offset()
		raw, err := d.decode()
		if err != nil {
			return unexpected(err)
		}
		if primed {
			primed = false
			continue
		}
		if err := d.file.take(Part{Text: raw, Start: start, End: d.offset(), Element: true}); err != nil {
			return err
		}
	}
	_, err := d.next().Token()
	return unexpected(err)
}

// records reads {"Records": [ elements ], …}; its other members hold no events.
func (d *documents) records(primed bool) error {
	for range 2 { // the brace and the key
		if _, err := d.next().Token(); err != nil {
			return unexpected(err)
		}
	}
	if err := d.array(primed); err != nil {
		return err
	}
	for d.next().More() {
		if _, err := d.next().Token(); err != nil {
			return unexpected(err)
		}
		if _, err := d.decode(); err != nil {
			return unexpected(err)
		}
	}
	_, err := d.next().Token()
	return unexpected(err)
}

// unexpected turns the end of the input inside a text into an error.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

var errTooLong = fmt.Errorf("a value is longer than %d bytes", MaxLine)

// meter ends a reader where one value takes more bytes than it may.
type meter struct {
	r    io.Reader
	left int
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errTooLong
	}
	n, err := m.r.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}
