package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// documents reads JSON texts that stand one after the other, over any number of lines. The first may be too large to hold: then it is read
// element by element.
type documents struct {
	file *file
	dec  *json.Decoder
}

// documents reads r to its end; first, if not nil, reads the first text.
func (f *file) documents(r io.Reader, first func(*documents) error) error {
	d := &documents{file: f, dec: json.NewDecoder(r)}
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
func (d *documents) element(raw []byte, take func(text []byte, line int, bad func(error)) error) error {
	bad := func(err error) {
		d.file.sink.Bad(fmt.Errorf("%s: the value that ends at byte %d: %w", d.file.name, d.dec.InputOffset(), err))
	}
	if err := checkJSON(raw); err != nil {
		bad(err)
		return nil
	}
	return take(raw, 0, bad)
}

// explain adds where the decoder stopped. The end of the input behind a whole text is none of its errors.
func (d *documents) explain(err error) error {
	var own *sinkError
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
func (d *documents) array() error {
	if _, err := d.dec.Token(); err != nil {
		return err
	}
	for d.dec.More() {
		var raw json.RawMessage
		if err := d.dec.Decode(&raw); err != nil {
			return unexpected(err)
		}
		if err := d.element(raw, d.file.item); err != nil {
			return err
		}
	}
	_, err := d.dec.Token()
	return unexpected(err)
}

// records reads {"Records": [ elements ], …}; its other members hold no events.
func (d *documents) records() error {
	for range 2 { // the brace and the key
		if _, err := d.dec.Token(); err != nil {
			return unexpected(err)
		}
	}
	if err := d.array(); err != nil {
		return err
	}
	for d.dec.More() {
		if _, err := d.dec.Token(); err != nil {
			return unexpected(err)
		}
		var other json.RawMessage
		if err := d.dec.Decode(&other); err != nil {
			return unexpected(err)
		}
	}
	_, err := d.dec.Token()
	return unexpected(err)
}

// unexpected turns the end of the input inside a text into an error.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
