package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"github.com/tidwall/gjson"
)

// Pair is a key and its value as JSON text, to be added to an object.
type Pair struct {
	Key   string
	Value []byte
}

// AppendSpliced appends the JSON text of an object to dst, on one line, without the members that drop names (all duplicates, however the key
// is escaped) and with pairs behind the others. The bytes of the members that stay are copied as they stand: 1.0 stays 1.0. Only a text
// of several lines loses the white space between its parts. object must be sound JSON, as AppendMsgpack has accepted it.
func AppendSpliced(dst, object []byte, drop []string, pairs []Pair) ([]byte, error) {
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
	start := len(dst)
	if len(drop) == 0 {
		dst = append(dst, bytes.TrimRight(object[:len(object)-1], " \t")...)
	} else {
		dst = appendKept(append(dst, '{'), object, drop)
	}
	for _, p := range pairs {
		if len(dst)-start > 1 {
			dst = append(dst, ',')
		}
		dst = append(appendJSONString(dst, p.Key), ':')
		dst = append(dst, p.Value...)
	}
	return append(dst, '}'), nil
}

func appendKept(dst, object []byte, drop []string) []byte {
	first := true
	gjson.ParseBytes(object).ForEach(func(key, value gjson.Result) bool {
		if slices.Contains(drop, key.Str) {
			return true
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(dst, key.Raw...), ':'), value.Raw...)
		return true
	})
	return dst
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
