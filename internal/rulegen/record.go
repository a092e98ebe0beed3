package rulegen

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// recordBytes makes a whole record.
func recordBytes(c choices) []byte {
	o := recordTree(c)
	if c.percent(12) {
		o = envelope(c, o, mostEnvelopes)
	}
	return encoder{c, c.percent(30)}.value(nil, o)
}

// recordTree makes a record; in about 15 of 100 cases one that record.Find does not take for CloudTrail's.
func recordTree(c choices) *object {
	o := cloudTrail(c)
	for range c.weighted(50, 30, 20) {
		disturb(c, o)
	}
	switch {
	case c.percent(4):
		o.members = slices.DeleteFunc(o.members, func(m member) bool { return m.key == any("eventName") || m.key == any("eventVersion") })
	case c.percent(10):
		o.members = slices.DeleteFunc(o.members, func(m member) bool { return m.key == any("eventSource") })
	}
	if c.percent(40) {
		shuffle(c, o.members)
	}
	return o
}

// cloudTrail makes a record with the members that CloudTrail writes, in its order, and values at some of the paths that rules name.
func cloudTrail(c choices) *object {
	o := &object{}
	if c.percent(70) {
		o.set("eventVersion", "1.08")
	}
	paths := []string{"userIdentity.type", "userIdentity.arn", "eventTime", "eventSource", "eventName"}
	for _, path := range fields() {
		share := 30
		if path == "requestParameters" || path == "userIdentity" { // a text where an object belongs hides all that is below
			share = 4
		}
		if !slices.Contains(paths, path) && c.percent(share) {
			paths = append(paths, path)
		}
	}
	for range c.weighted(70, 20, 10) {
		paths = append(paths, pick(c, aliased()))
	}
	for i, path := range paths {
		if i < 5 && c.percent(3) { // also what all records have may be missing
			continue
		}
		o.put(c, strings.Split(path, "."), fieldValue(c, path))
	}
	if c.percent(50) {
		o.set("eventID", "7d3f1c5e-0000-4000-8000-00000000000"+strconv.Itoa(c.next(10)))
	}
	if c.percent(10) { // as Logstash writes it
		o.set("@timestamp", fieldValue(c, "eventTime"))
	}
	if c.percent(5) { // as an earlier pass leaves it
		o.set("sigma", &object{members: []member{{"title", pick(c, words())}, {"level", "high"}}})
	}
	return o
}

// fieldValue makes what stands at a path: mostly what belongs there, sometimes a few of it, or anything.
func fieldValue(c choices, path string) any {
	switch {
	case path == "eventName" || path == "eventSource":
		if c.percent(4) {
			return anyValue(c, 2)
		}
		if c.percent(94) {
			list := wordsOf(path)
			return pick(c, list[:min(len(list), 8)])
		}
	case c.percent(8):
		return anyValue(c, 2)
	case c.percent(12):
		list := make([]any, c.next(4))
		for i := range list {
			list[i] = fieldValue(c, path)
		}
		return list
	case slices.Contains(secretive(), path) && c.percent(25):
		return encoded(c, pick(c, secrets()))
	}
	if addressed := strings.HasSuffix(path, "cidrIp") || strings.HasSuffix(path, "cidrIpv6") || strings.HasSuffix(path, "CidrIpv4"); addressed {
		path = "requestParameters.cidrIp"
	} else if strings.HasSuffix(strings.ToLower(path), "port") {
		path = "requestParameters.toPort"
	}
	return scalarOf(c, word(c, path))
}

// scalarOf makes text the value of a record: itself, something like it, or the number or boolean that it is.
func scalarOf(c choices, text string) any {
	switch {
	case c.percent(10):
		return recased(c, text)
	case c.percent(10):
		return around(c, text)
	case (text == "true" || text == "false") && c.percent(50):
		return text == "true"
	case text != "" && strings.Trim(text, "+-0123456789.eE") == "" && c.percent(70):
		return numberOf(c, text)
	}
	return text
}

// numberOf makes a number of text, in one of the types that hold it; or the text, where none does.
func numberOf(c choices, text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && !c.percent(20) {
		return n
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil && n > math.MaxInt64 {
		return n
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return text
	case c.percent(20):
		return float32(n)
	}
	return n
}

// anyValue makes a value of any type, nested depth deep at most.
func anyValue(c choices, depth int) any {
	kinds := 4
	if depth > 0 {
		kinds = 6
	}
	switch c.next(kinds) {
	case 0:
		return nil
	case 1:
		return scalarOf(c, pick(c, words()))
	case 2:
		return numberOf(c, pick(c, numbers()))
	case 3:
		return pick(c, []any{
			true, false,
			[]any{},
			&object{}, math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), uint64(math.MaxUint64), "\xff\xfeab", "ab\xffc", "stop\xc3", binaryText("stop"),
			raw{0xd4, 1, 'a'},
			raw{0xc7, 3, 0, 'a', 'b', 'c'},
			raw{0xd7, 0, 0, 0, 0, 1, 0, 0, 0, 2},
			raw{0xca, 0x7f, 0xc0, 0, 0},
		})
	case 4:
		list := make([]any, c.next(4))
		for i := range list {
			list[i] = anyValue(c, depth-1)
		}
		return list
	default:
		return anyObject(c, depth-1)
	}
}

// anyObject makes an object whose keys are those of the paths that rules name.
func anyObject(c choices, depth int) *object {
	inner := &object{}
	for range c.next(5) {
		inner.members = append(inner.members, member{pick(c, []string{"a", "b", "c", "a.b", "b.c", "x", "list", "type", "arn", "toPort", "items", "cidrIp", "é", ""}), anyValue(c, depth)})
	}
	return inner
}

// disturb does to a record what a sender may do to miss a rule or to break a reader.
func disturb(c choices, o *object) {
	at := pick(c, o.objects(nil))
	switch c.next(8) {
	case 0: // a key of another type, or one that must not be taken for a text
		key := pick(c, []any{int64(7), nil, true, binaryText("eventName"), binaryText("a"), 1.5, []any{"eventName"}, &object{}, raw{0xd4, 1, 'a'}, "", "\xff", "eventname", "eventName."})
		at.members = append(at.members, member{key, pick(c, names())})
	case 1, 2: // a duplicate, behind or before
		if len(at.members) == 0 {
			return
		}
		m := pick(c, at.members)
		m.value = pick(c, []any{m.value, anyValue(c, 2), scalarOf(c, pick(c, words()))})
		at.members = slices.Insert(at.members, c.next(len(at.members)+1), m)
	case 3: // a duplicate of what decides
		key := pick(c, []string{"eventName", "userIdentity", "eventSource", "requestParameters"})
		o.members = append(o.members, member{key, pick(c, []any{nil, []any{"PutObject", "StopLogging"}, anyObject(c, 2), int64(22), "PutObject"})})
	case 4: // dotted keys beside the objects
		path := strings.Split(pick(c, fields()), ".")
		n := c.next(len(path))
		o.put(c, append(slices.Clone(path[:n]), strings.Join(path[n:], ".")), fieldValue(c, strings.Join(path, ".")))
	case 5:
		shuffle(c, at.members)
	case 6:
		at.members = append(at.members, member{pick(c, []string{"a", "b", "note"}), anyValue(c, 3)})
	default:
		extreme(c, at)
	}
}

// extreme adds what is rare and large: it costs time.
func extreme(c choices, at *object) {
	word := pick(c, words())
	switch c.next(8) {
	case 0: // around the depth to which records are looked into
		var v any = word
		for range c.between(120, 131) {
			if c.percent(50) {
				v = []any{v}
			} else {
				v = &object{members: []member{{pick(c, []string{"a", "b"}), v}}}
			}
		}
		at.set(pick(c, []string{"a", "b", "requestParameters"}), v)
	case 1: // beyond 16 bits
		at.set("a", pick(c, []string{strings.Repeat("x", math.MaxUint16) + word, word + strings.Repeat("\u017f", math.MaxUint16/2)}))
	case 2: // more members than an index is made for, and than a fixmap holds
		for i := range 20 {
			at.set("member"+strconv.Itoa(i), word)
		}
	default:
		at.set("a", []any{[]any{}, []any{nil, []any{word}}, &object{}})
	}
}

// mostEnvelopes is how many there are around a record: more than record.Find follows, and few enough as each JSON text in another doubles its
// backslashes.
const mostEnvelopes = 6

// envelope puts a record into something that record.Find looks into, and that perhaps into another, up to most of them.
func envelope(c choices, o *object, most int) *object {
	text := func(v any) string { return string(jsonText(nil, v)) }
	outer := &object{members: []member{{"source", "aws.s3"}, {"account", "123456789012"}}}
	switch c.next(7) {
	case 0:
		outer.set("detail", o)
	case 1:
		outer.set("event", o)
	case 2:
		outer.set(pick(c, []string{"log", "message", "_raw", "Message", "CloudTrailEvent", "event", "event.original"}), text(o))
	case 3:
		outer.set("Records", []any{o, recordTree(c), int64(1)})
	case 4:
		outer.set("logEvents", []any{&object{members: []member{{"message", text(o)}}}, &object{members: []member{{"message", "{"}}}})
	case 5:
		outer.set("message", text(&object{members: []member{{"Records", []any{o}}}}))
	default:
		outer.set("event", &object{members: []member{{"original", text(o)}}})
	}
	if most > 1 && c.percent(20) {
		return envelope(c, outer, most-1)
	}
	return outer
}
