// Package record knows what a CloudTrail record looks like: how an event's body becomes values, where in it the records are, which paths
// mean the same, how JSON text and msgpack turn into each other, and how files of records are read. It knows no rules and no output.
package record

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Object is a decoded map. Its members stand in the record's order; of duplicate keys the last one, at its own place, is the only one
// kept, as in the host and in most readers. It is immutable.
type Object struct {
	members []Member
	index   map[string]int // only for many members
}

// Member is one key of an Object and its value: nil, bool, int64, uint64 (only above the range of int64), float64, string, []any, *Object
// or Opaque.
type Member struct {
	Key   string
	Value any
}

// Opaque is a value that is present but has no text: a msgpack extension, or a container nested deeper than MaxDepth.
type Opaque struct{}

// indexFrom is the number of members from which a map finds keys faster than a loop.
const indexFrom = 16

// NewObject returns the object of members, which it keeps.
func NewObject(members ...Member) *Object {
	o := &Object{members: members}
	if len(members) >= indexFrom {
		o.members = withoutSuperseded(members)
		o.index = make(map[string]int, len(o.members))
		for i, m := range o.members {
			o.index[m.Key] = i
		}
		return o
	}
	for i, m := range members {
		if slices.ContainsFunc(members[i+1:], func(later Member) bool { return later.Key == m.Key }) {
			o.members = withoutSuperseded(members)
			break
		}
	}
	return o
}

func withoutSuperseded(members []Member) []Member {
	seen := make(map[string]bool, len(members))
	kept := make([]Member, 0, len(members))
	for _, m := range slices.Backward(members) {
		if !seen[m.Key] {
			seen[m.Key] = true
			kept = append(kept, m)
		}
	}
	slices.Reverse(kept)
	return kept
}

// Members returns the members in order. The caller must not change them.
func (o *Object) Members() []Member { return o.members }

// Get returns the value of key, which may be nil, and whether the key is there.
func (o *Object) Get(key string) (any, bool) {
	if o.index != nil {
		i, ok := o.index[key]
		if !ok {
			return nil, false
		}
		return o.members[i].Value, true
	}
	for _, m := range o.members {
		if m.Key == key {
			return m.Value, true
		}
	}
	return nil, false
}

// Text returns the value of key if it is a string, and "" otherwise.
func (o *Object) Text(key string) string {
	v, _ := o.Get(key)
	text, _ := v.(string)
	return text
}

// At returns what the object has at a dotted path: one value for each place that was found, which may be nil, an array or an object. Every
// split of the dots counts, and paths run through arrays.
func (o *Object) At(path string) []any { return at(o, strings.Split(path, ".")) }

// At returns what v, an object or an array of them, has at a dotted path, as Object.At does.
func At(v any, path string) []any { return at(v, strings.Split(path, ".")) }

// at returns what v has at the path. The first keys of it may stand together as one key with dots.
func at(v any, path []string) []any {
	var found []any
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, at(e, path)...)
		}
	case *Object:
		for n := 1; n <= len(path); n++ {
			member, ok := v.Get(strings.Join(path[:n], "."))
			switch {
			case ok && n == len(path):
				found = append(found, member)
			case ok:
				found = append(found, at(member, path[n:])...)
			}
		}
	}
	return found
}

// NumberText returns the canonical text of an int64, uint64 or float64: digits alone where the number is whole and below 1e21 (22.0 is
// "22"), else as encoding/json writes it. ok is false for every other value, and for infinities and NaN, which JSON lacks.
func NumberText(v any) (text string, ok bool) {
	switch n := v.(type) {
	case int64:
		return strconv.FormatInt(n, 10), true
	case uint64:
		return strconv.FormatUint(n, 10), true
	case float64:
		if math.IsInf(n, 0) || math.IsNaN(n) {
			return "", false
		}
		if n == 0 {
			return "0", true // also for -0
		}
		b, err := json.Marshal(n)
		return string(b), err == nil
	}
	return "", false
}

// AppendJSON appends v as compact JSON, members in the record's order. Strings are escaped only where JSON demands it; bytes that are not
// UTF-8 stay as they are. Opaque values and numbers that JSON lacks are written as null.
func AppendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(dst, v)
	case string:
		return appendJSONString(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, e)
		}
		return append(dst, ']')
	case *Object:
		dst = append(dst, '{')
		for i, m := range v.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendJSONString(dst, m.Key), ':')
			dst = AppendJSON(dst, m.Value)
		}
		return append(dst, '}')
	}
	if text, ok := NumberText(v); ok {
		return append(dst, text...)
	}
	return append(dst, "null"...)
}

func appendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
