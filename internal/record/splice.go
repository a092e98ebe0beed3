package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"sigmatrail/internal/chunk"

	"github.com/tidwall/gjson"
)

// AppendEdited appends the JSON text of an object to dst, on one line, as e changes it; the values in e are JSON texts. It does with texts what
// chunk.Rewrite does with msgpack. The bytes of what e does not name are copied as they stand: 1.0 stays 1.0. Only a text of several lines loses the white
// space between its parts. object must be sound JSON, as AppendMsgpack has accepted it.
func AppendEdited(dst, object []byte, e *chunk.Edit) ([]byte, error) {
	object = bytes.TrimSpace(object)
	if len(object) == 0 || object[0] != '{' {
		return dst, errors.New("not a JSON object")
	}
	if bytes.ContainsAny(object, "\r\n") { // line ends cannot stand inside JSON strings
		var compact bytes.Buffer
		if err := json.Compact(&compact, object); err != nil {
			return dst, err
		}
		object = compact.Bytes()
	}
	return appendEdited(dst, object, e), nil
}

func appendEdited(dst, object []byte, e *chunk.Edit) []byte {
	start := len(dst)
	if len(e.Drop)+len(e.Rename)+len(e.Change) == 0 {
		dst = append(dst, bytes.TrimRight(object[:len(object)-1], " \t")...)
	} else {
		dst = appendMembers(append(dst, '{'), object, e)
	}
	for _, p := range e.Append {
		if len(dst)-start > 1 {
			dst = append(dst, ',')
		}
		dst = append(appendJSONString(dst, p.Key), ':')
		dst = append(dst, p.Value...)
	}
	return append(dst, '}')
}

// appendMembers appends the members of object as e changes them.
func appendMembers(dst, object []byte, e *chunk.Edit) []byte {
	var keys, values []gjson.Result
	gjson.ParseBytes(object).ForEach(func(key, value gjson.Result) bool {
		if !slices.Contains(e.Drop, key.Str) {
			keys, values = append(keys, key), append(values, value)
		}
		return true
	})
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		if r := slices.IndexFunc(e.Rename, func(r chunk.Rename) bool { return r.From == key.Str }); r >= 0 {
			dst = append(appendJSONString(dst, e.Rename[r].To), ':')
			dst = append(dst, values[i].Raw...)
			continue
		}
		dst = append(append(dst, key.Raw...), ':')
		c := slices.IndexFunc(e.Change, func(c chunk.Change) bool { return c.Key == key.Str })
		again := func(later gjson.Result) bool { return later.Str == key.Str }
		if c < 0 || slices.ContainsFunc(keys[i+1:], again) {
			dst = append(dst, values[i].Raw...)
			continue
		}
		dst = appendChanged(dst, values[i], &e.Change[c])
	}
	return dst
}

// appendChanged appends a value as c changes it.
func appendChanged(dst []byte, value gjson.Result, c *chunk.Change) []byte {
	switch {
	case c.Inside != nil && value.IsObject():
		return appendEdited(dst, []byte(value.Raw), c.Inside)
	case len(c.Extend) == 0:
		return append(dst, value.Raw...)
	case value.IsArray():
		dst = append(dst, bytes.TrimRight([]byte(value.Raw[:len(value.Raw)-1]), " \t")...)
	default:
		dst = append(append(dst, '['), value.Raw...)
	}
	for _, more := range c.Extend {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = append(dst, more...)
	}
	return append(dst, ']')
}

// LookupJSON returns the text of the value of key in the JSON text of an object: of the last one if there are several.
func LookupJSON(object []byte, key string) (value []byte, ok bool) {
	gjson.ParseBytes(object).ForEach(func(k, v gjson.Result) bool {
		if k.Str == key {
			value, ok = []byte(v.Raw), true
		}
		return true
	})
	return value, ok
}
