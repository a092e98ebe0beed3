package record

import (
	"bytes"
	"fmt"

	"github.com/tidwall/gjson"
)

// Unpacker finds the events in the parts of a file. It is memory for one goroutine.
type Unpacker struct{ packed []byte }

// Unpack gives the events in p, a part of the file that name stands for, to the sink. An error that is not the sink's ends the file: nothing behind p counts.
func (u *Unpacker) Unpack(name string, p Part, sink Sink) error {
	k := packer{text: p.Text, dst: u.buffer()}
	if !k.document() {
		return refuse(name, p, sink)
	}
	u.packed = k.dst
	if !p.Element && (k.records || k.isArray()) {
		return u.split(name, p, sink)
	}
	return give(Item{JSON: p.Text, Packed: k.dst, Line: p.Line}, name, p, sink)
}

func (u *Unpacker) buffer() []byte {
	if cap(u.packed) > mostKept {
		u.packed = nil
	}
	return u.packed[:0]
}

// refuse reports a part that is not JSON, or too deep. A line ends at its end whatever is wrong with it, but where a part of an array or of several lines is
// no JSON nobody can tell where the next one begins.
func refuse(name string, p Part, sink Sink) error {
	if p.Line == 0 {
		if syntax := syntaxError(p.Text); syntax != nil {
			return fmt.Errorf("%s: after %d bytes: %w", name, p.Start, syntax)
		}
	}
	p.bad(name, explainJSON(p.Text), sink)
	return nil
}

// bad reports an error that concerns p alone.
func (p *Part) bad(name string, err error, sink Sink) {
	if p.Line > 0 {
		sink.Bad(&LineError{File: name, Line: p.Line, Err: err})
		return
	}
	sink.Bad(fmt.Errorf("%s: the value that ends at byte %d: %w", name, p.End, err))
}

// split gives the elements of an array or of Records to the sink, or the text itself if it is neither. What is no object is reported, and the others go on.
func (u *Unpacker) split(name string, p Part, sink Sink) error {
	v := gjson.ParseBytes(p.Text)
	if records := v.Get("Records"); v.IsObject() && records.IsArray() {
		v = records
	}
	if !v.IsArray() {
		return give(Item{JSON: p.Text, Packed: u.packed, Line: p.Line}, name, p, sink)
	}
	var err error
	v.ForEach(func(_, element gjson.Result) bool {
		text := []byte(element.Raw)
		if u.packed, err = AppendMsgpack(u.packed[:0], text); err == nil {
			err = give(Item{JSON: text, Packed: u.packed, Line: p.Line}, name, p, sink)
		}
		return err == nil
	})
	return err
}

// give gives one event to the sink, if it is an object.
func give(item Item, name string, p Part, sink Sink) error {
	item.JSON = bytes.TrimSpace(item.JSON)
	if len(item.JSON) == 0 || item.JSON[0] != '{' {
		p.bad(name, fmt.Errorf("%.40q is not a JSON object", item.JSON), sink)
		return nil
	}
	return sink.Item(item)
}
