package ruletest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"sigmatrail/internal/record"
)

// node is a JSON value whose parts can be changed; what is not changed is written as it was.
type node struct {
	members  []member
	elements []*node
	kind     byte   // '{', '[', or 0 for a scalar
	text     []byte // of a scalar
}

// member is one of an object; duplicates stay.
type member struct {
	key   string
	text  []byte // of the key, with its quotation marks
	value *node
}

// parseJSON reads one JSON value.
func parseJSON(text []byte) (*node, error) {
	r := jsonReader{dec: json.NewDecoder(bytes.NewReader(text)), text: text}
	r.dec.UseNumber()
	return r.value()
}

type jsonReader struct {
	dec  *json.Decoder
	text []byte
	end  int64 // of the token before
}

// token returns the next token, and its text.
func (r *jsonReader) token() (json.Token, []byte, error) {
	t, err := r.dec.Token()
	if err != nil {
		return nil, nil, err
	}
	start := r.end
	r.end = r.dec.InputOffset()
	return t, bytes.TrimLeft(r.text[start:r.end], " \t\r\n:,"), nil
}

func (r *jsonReader) value() (*node, error) {
	t, text, err := r.token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return r.object()
	case json.Delim('['):
		v := &node{kind: '['}
		for r.dec.More() {
			e, err := r.value()
			if err != nil {
				return nil, err
			}
			v.elements = append(v.elements, e)
		}
		_, _, err = r.token()
		return v, err
	}
	return &node{text: text}, nil
}

func (r *jsonReader) object() (*node, error) {
	v := &node{kind: '{'}
	for r.dec.More() {
		key, text, err := r.token()
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, io.ErrUnexpectedEOF // unreachable: a key is a text
		}
		inner, err := r.value()
		if err != nil {
			return nil, err
		}
		v.members = append(v.members, member{name, text, inner})
	}
	_, _, err := r.token()
	return v, err
}

func (v *node) append(dst []byte) []byte {
	switch v.kind {
	case '{':
		dst = append(dst, '{')
		for i, m := range v.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = m.value.append(append(append(dst, m.text...), ':'))
		}
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for i, e := range v.elements {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.append(dst)
		}
		return append(dst, ']')
	}
	return append(dst, v.text...)
}

// find returns the index of the last member that path begins with, with what of the path is behind it: keys may have dots themselves, and then the longest
// counts. i is -1 where there is none.
func (v *node) find(path string) (i int, rest string) {
	i = -1
	longest := -1
	for n, m := range v.members {
		behind, ok := strings.CutPrefix(path, m.key)
		if !ok || behind != "" && behind[0] != '.' || len(m.key) < longest {
			continue
		}
		i, longest = n, len(m.key)
		rest = strings.TrimPrefix(behind, ".")
		if behind == "" {
			rest = ""
		}
	}
	return i, rest
}

// set puts what stands at a dotted path in the place of what is there. Objects that are missing are made, also in the place of null; a number counts
// the elements of an array, from 0. at is what of the path has been gone, for errors.
func (v *node) set(path string, to *node, at string) error {
	switch v.kind {
	case '{':
		if i, rest := v.find(path); i >= 0 {
			if rest == "" {
				v.members[i].value = to
				return nil
			}
			inner := v.members[i].value
			if string(inner.text) == "null" {
				*inner = node{kind: '{'}
			}
			return inner.set(rest, to, join(at, v.members[i].key))
		}
		key, rest, deeper := strings.Cut(path, ".")
		made := to
		if deeper {
			made = &node{kind: '{'}
			if err := made.set(rest, to, join(at, key)); err != nil {
				return err
			}
		}
		v.members = append(v.members, member{key, record.AppendJSON(nil, key), made})
		return nil
	case '[':
		i, rest, err := v.index(path, at)
		switch {
		case err != nil:
			return err
		case rest == "":
			v.elements[i] = to
			return nil
		}
		return v.elements[i].set(rest, to, join(at, strconv.Itoa(i)))
	}
	return fmt.Errorf("%s is no object: nothing can be set below it", at)
}

// index returns the element that path begins with.
func (v *node) index(path, at string) (i int, rest string, err error) {
	key, rest, _ := strings.Cut(path, ".")
	i, err = strconv.Atoi(key)
	if err != nil || i < 0 || i >= len(v.elements) {
		return 0, "", fmt.Errorf("%s is an array of %d elements; name one by its number, from 0, in the place of %q", at, len(v.elements), key)
	}
	return i, rest, nil
}

// errNothing is said of a path that is to be removed and is not there.
var errNothing = errors.New("there is nothing")

// remove takes away what stands at a dotted path.
func (v *node) remove(path, at string) error {
	switch v.kind {
	case '{':
		i, rest := v.find(path)
		switch {
		case i < 0:
			return errNothing
		case rest != "":
			return v.members[i].value.remove(rest, join(at, v.members[i].key))
		}
		key := v.members[i].key
		kept := v.members[:0]
		for _, m := range v.members {
			if m.key != key {
				kept = append(kept, m)
			}
		}
		v.members = kept
		return nil
	case '[':
		i, rest, err := v.index(path, at)
		switch {
		case err != nil:
			return err
		case rest == "":
			v.elements = append(v.elements[:i], v.elements[i+1:]...)
			return nil
		}
		return v.elements[i].remove(rest, join(at, strconv.Itoa(i)))
	}
	return errNothing
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}
