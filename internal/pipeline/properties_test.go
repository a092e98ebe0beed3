package pipeline

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// The tests of this file are about what compiled matching gets wrong first. Each puts records, one behind the other, through every rung; what must match is
// said by hand, so that the oracle is held to it, too.

// ruleOf makes a rule of the inside of a detection.
func ruleOf(t testing.TB, detection string) *rules.Rule {
	t.Helper()
	text := "title: T\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n"
	for line := range strings.Lines(detection) {
		text += "  " + strings.TrimRight(line, "\n") + "\n"
	}
	r, err := generated(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// item makes a rule of one item.
func item(t testing.TB, text string) *rules.Rule {
	t.Helper()
	return ruleOf(t, "s: {"+text+"}\ncondition: s")
}

// body makes a record of members as msgpack, key value key value …; it is one that is recognised.
func body(members ...string) []byte {
	all := slices.Concat([]string{"\xaceventVersion", "\xa41.11", "\xabeventSource", "\xb0s3.amazonaws.com", "\xa9eventName", "\xa9PutObject"}, members)
	out := chunk.AppendMapHeader(nil, len(all)/2)
	return append(out, strings.Join(all, "")...)
}

// str is a text as msgpack.
func str(text string) string { return string(chunk.AppendStr(nil, text)) }

// dict is a map as msgpack, list an array.
func dict(members ...string) string {
	return string(chunk.AppendMapHeader(nil, len(members)/2)) + strings.Join(members, "")
}

func list(elements ...string) string {
	return string(chunk.AppendArrayHeader(nil, len(elements))) + strings.Join(elements, "")
}

// check holds every rung to a verdict for each record: whether the i-th rule matches the j-th record.
func check(t *testing.T, rs []*rules.Rule, bodies [][]byte, want func(rule, body int) bool) {
	t.Helper()
	r := mustRungs(t, rs)
	c := r.climber()
	var data []byte
	for j, b := range bodies {
		if end, ok := chunk.Skip(b, 0); !ok || end != len(b) {
			t.Fatalf("record %d is unsound: %x", j, b)
		}
		all, _, err := c.subjects(b, 0, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		var hits []int
		for i := range rs {
			if want(i, j) {
				hits = append(hits, i)
			}
		}
		for _, s := range all {
			got, err := c.climb(s)
			if err != nil {
				t.Errorf("record %d, %.200q: %v", j, b, err)
			}
			if len(all) == 1 && !slices.Equal(got, hits) {
				t.Errorf("record %d, %.200q: %v match, not %v", j, b, got, hits)
			}
		}
		data = append(data, framed(b)...)
	}
	for range 2 { // with and without what the first pass has left
		if _, _, err := r.checkChunk(data); err != nil {
			t.Error(err)
		}
	}
}

func TestDuplicateKeys(t *testing.T) {
	rs := []*rules.Rule{
		item(t, "eventName: StopLogging"), item(t, "userIdentity.type: Root"), item(t, "userIdentity.type: null"), item(t, "userIdentity.arn|exists: true"),
		item(t, "userIdentity|contains: Root"), ruleOf(t, "s: [Root]\ncondition: s"), item(t, "a.b.c: x"),
	}
	root, user := dict(str("type"), str("Root")), dict(str("type"), str("IAMUser"))
	bodies := [][]byte{
		body(str("userIdentity"), root), // 1 4 5
		body(str("userIdentity"), root, str("userIdentity"), user),
		body(str("userIdentity"), user, str("userIdentity"), root),
		body(str("userIdentity"), root, str("userIdentity"), user, str("userIdentity"), root),
		body(str("userIdentity"), dict(str("type"), str("Root"), str("type"), str("IAMUser"))),
		body(str("userIdentity"), dict(str("type"), str("IAMUser"), str("type"), str("Root"))),
		body(str("userIdentity"), root, str("userIdentity"), "\xc0"),                                                          // 2
		body(str("userIdentity"), dict(str("arn"), str("r"), str("type"), str("Root")), "\xc4\x0cuserIdentity", user),         // bin is the same key
		body(str("eventName"), str("StopLogging")),                                                                            // 0 2
		body(str("eventName"), str("StopLogging"), "\xd9\x09eventName", str("PutObject")),                                     // 2
		body(str("a"), dict(str("b"), dict(str("c"), str("x")), str("b"), dict(str("c"), str("y")))),                          // 2
		body(str("a"), dict(str("b"), list(dict(str("c"), str("y")), dict(str("c"), str("y"), str("c"), str("x"))))),          // 2 6
		body(str("a"), dict(str("b"), dict(str("c"), str("x")), str("b.c"), str("z"), str("b"), dict(str("c"), "\x01"))),      // 2
		body(str("userIdentity"), root, str("userIdentity"), user, str("userIdentity"), user, str("userIdentity"), user),      // -
		body(append(many(), str("userIdentity"), root, str("userIdentity"), user)...),                                         // -
		body(str("userIdentity"), dict(append(many(), str("type"), str("Root"), str("type"), str("IAMUser"))...)),             // -
		body(str("userIdentity"), dict(append(many(), str("member1"), str("Root"), str("type"), str("IAMUser"))...)),          // 4 5
		body(str("userIdentity"), dict(append(many(), str("member1"), str("Root"), str("member1"), str("user"))...)),          // 2
		body(str("userIdentity.type"), str("Root"), str("userIdentity.type"), str("x"), str("userIdentity"), root),            // 1 4 5
		body(str("userIdentity.type"), str("Root"), str("userIdentity.type"), str("x"), str("userIdentity"), "\xa1y\x00"[:2]), // -
	}
	want := [][]int{
		{1, 4, 5}, {}, {1, 4, 5}, {1, 4, 5}, {}, {1, 4, 5}, {2}, {}, {0, 2}, {2}, {2}, {2, 6}, {2}, {}, {}, {}, {4, 5}, {2}, {1, 4, 5}, {},
	}
	check(t, rs, bodies, func(rule, body int) bool { return slices.Contains(want[body], rule) })
}

// many returns more members than a small map has.
func many() (members []string) {
	for i := range 20 {
		members = append(members, str("member"+strconv.Itoa(i)), str("v"))
	}
	return members
}

// splits calls f with every way to cut a path into keys.
func splits(path []string, f func(keys []string)) {
	if len(path) == 0 {
		f(nil)
		return
	}
	for n := 1; n <= len(path); n++ {
		splits(path[n:], func(rest []string) { f(append([]string{strings.Join(path[:n], ".")}, rest...)) })
	}
}

func TestEveryDottedSplit(t *testing.T) {
	rs := []*rules.Rule{item(t, "a.b.c.d: x"), item(t, "a.b.c.d|exists: true"), item(t, "a.b.c.d: null"), item(t, "a.b.c.d|contains: x"), item(t, "a.b: x")}
	var bodies [][]byte
	for _, listed := range []bool{false, true} {
		for _, value := range []string{str("x"), str("y")} {
			splits([]string{"a", "b", "c", "d"}, func(keys []string) {
				v := value
				for _, key := range slices.Backward(keys) {
					if listed {
						v = list("\xc0", list(v))
					}
					v = dict(str(key), v)
				}
				_, inner, _ := strings.Cut(v, str(keys[0]))
				bodies = append(bodies, body(str(keys[0]), inner))
			})
		}
	}
	if len(bodies) != 4*8 {
		t.Fatalf("%d splits", len(bodies))
	}
	check(t, rs, bodies, func(rule, body int) bool {
		hit := body%16 < 8
		return rule == 1 || (rule == 0 || rule == 3) && hit
	})
	var unions [][]byte // where several exist, any
	for i := range bodies[:8] {
		for j := range bodies[:16] {
			members := string(bodies[j][len(body()):])
			both := append(bytes.Clone(bodies[i]), members...)
			both[0]++
			unions = append(unions, both)
		}
	}
	r := mustRungs(t, rs)
	for _, b := range unions {
		if _, _, err := r.checkChunk(framed(b)); err != nil {
			t.Error(err)
		}
	}
}

// folds are texts that are equal without case, beyond ASCII.
var folds = [][]string{
	{"stop", "STOP", "\u017ftop", "\u017fTOP"},
	{"kelvin", "KELVIN", "\u212aelvin"},
	{"stra\u00dfe", "STRA\u1e9eE", "stra\u1e9ee"},
	{"\u00e5", "\u00c5", "\u212b"},
	{"\u03c3", "\u03a3", "\u03c2"},
	{"ma\u017f\u212a", "mask", "MASK"},
}

// TestFoldedLetters has the long s (U+017F), the Kelvin sign (U+212A) and the capital sharp s (ẞ) in values and in patterns, for every operator and at
// lengths at which texts are compared, hashed and searched in different ways.
func TestFoldedLetters(t *testing.T) {
	for _, set := range folds {
		for _, around := range []string{"", "0123456", "a text of more than sixteen bytes "} {
			var rs []*rules.Rule
			var cased []string // by rule: the only text that fits, or ""
			add := func(only, text string) { rs, cased = append(rs, item(t, text)), append(cased, only) }
			for _, p := range set {
				p = around + p
				add("", "f: '"+p+"'")
				add("", "f: ['"+p+"', b, c, d, e, g, h]")
				add("", "f|contains: '"+p+"'")
				add("", "f|contains: ['"+p+"', '#1', '#2', '#3', '#4']")
				add("", "f|startswith: '"+p+"'")
				add("", "f|endswith: '"+p+"'")
				add("", "f: '*"+p+"'")
				add("", "f: '?"+string([]rune(p)[1:])+"*'")
				add("", "f|re|i: '^"+p+"$'")
				add("", "f|fieldref: g")
				add(p, "f|cased: '"+p+"'")
				add(p, "f|cased: ['"+p+"', b, c, d, e, g, h]")
				add(p, "f|contains|cased: '"+p+"'")
				add(p, "f|re: '"+p+"'")
			}
			var bodies [][]byte
			var values []string
			for _, v := range set {
				values = append(values, around+v)
				bodies = append(bodies, body(str("f"), str(around+v), str("g"), str(around+set[0])))
			}
			check(t, rs, bodies, func(rule, body int) bool { return cased[rule] == "" || cased[rule] == values[body] })
		}
	}
}

func TestInvalidUTF8(t *testing.T) {
	rs := []*rules.Rule{
		item(t, "f: 'a?b'"), item(t, "f: 'a??b'"), item(t, "f|contains: é"), item(t, "f|utf16le|contains: é"), item(t, "f|startswith: a"), item(t, "f|endswith: b"),
		item(t, "f|fieldref|contains: g"), item(t, "f|re: 'a.b'"), item(t, "f|contains: [é, '#1', '#2', '#3']"), item(t, "f|re: é"), item(t, "f|re: \"\ufffd\""),
		item(t, "f|contains: \"\ufffd\""),
	}
	values := []struct {
		f, g string
		want []int
	}{
		{"a\xffb", "\xff", []int{0, 4, 5, 6, 7, 10}},
		{"a\xc3b", "\xc3", []int{0, 4, 5, 6, 7, 10}},
		{"a\u00e9b", "\xc3", []int{0, 2, 4, 5, 7, 8, 9}},   // half of a character is not in it
		{"a\xc3\xa9b", "\xa9", []int{0, 2, 4, 5, 7, 8, 9}}, // the same
		{"a\xe2\x82b", "\xe2\x82", []int{1, 4, 5, 6, 10}},  // two bytes that are no character
		{"a\xc3", "a", []int{4, 6, 10}},
		{"\xe9\x00", "\xe9", []int{3, 6, 10}},
		{"a\xc3\u00c9b", "\u00e9b", []int{1, 2, 4, 5, 6, 8}},
		{"a\ufffdb", "\xff", []int{0, 4, 5, 7, 9, 10, 11}},
	}
	values[7].want = append(values[7].want, 10)
	values[8].want = []int{0, 4, 5, 7, 10, 11}
	var bodies [][]byte
	for _, v := range values {
		bodies = append(bodies, body(str("f"), str(v.f), str("g"), str(v.g)))
	}
	check(t, rs, bodies, func(rule, body int) bool { return slices.Contains(values[body].want, rule) })
}

// TestEventNameForms has what decides which rules are looked at in every form that a sender may give it.
func TestEventNameForms(t *testing.T) {
	const named = "\xa9eventName"
	of := func(value string) []byte {
		b := []byte("\x83\xaceventVersion\xa41.11\xabeventSource\xb0s3.amazonaws.com" + named)
		return append(b, value...)
	}
	long := body(str("filler"), str(strings.Repeat("x", 70_000)))
	late := append(append([]byte{0x84}, long[1+len("\xaceventVersion\xa41.11\xabeventSource\xb0s3.amazonaws.com\xa9eventName\xa9PutObject"):]...),
		"\xaceventVersion\xa41.11\xabeventSource\xb0s3.amazonaws.com"+named+"\xabStopLogging"...)
	rs := []*rules.Rule{
		item(t, "eventName: [PutObject, StopLogging]"), item(t, "eventName: [PutObject, StopLogging], eventSource: s3.amazonaws.com"), item(t, "eventName: 22"),
		item(t, "eventName: 'true', eventSource: s3.amazonaws.com"), item(t, "eventName: null"), item(t, "eventName|contains: Logging"), item(t, "eventName|endswith: ing"),
		item(t, "eventName: '22', eventSource: S3.AMAZONAWS.COM"), item(t, "eventName|exists: true"), item(t, "eventName|neq: PutObject"),
	}
	forms := []struct {
		value string
		want  []int
	}{
		{str("StopLogging"), []int{0, 1, 5, 6, 8, 9}},
		{str("stoplogging"), []int{0, 1, 5, 6, 8, 9}},
		{list(str("x"), str("StopLogging")), []int{0, 1, 5, 6, 8, 9}},
		{list(list(list(str("PutObject")))), []int{0, 1, 8}},
		{list(), []int{4, 8, 9}},
		{"\x16", []int{2, 7, 8, 9}},
		{"\xcb\x40\x36\x00\x00\x00\x00\x00\x00", []int{2, 7, 8, 9}},
		{str("22"), []int{2, 7, 8, 9}},
		{"\xc3", []int{3, 8, 9}},
		{str("TRUE"), []int{3, 8, 9}},
		{"\xc0", []int{4, 8, 9}},
		{dict(str("a"), str("StopLogging")), []int{5, 6, 8, 9}},
		{dict(), []int{8, 9}},
		{"\xc4\x0bStopLogging", []int{0, 1, 5, 6, 8, 9}},
		{"\xda\x00\x0bStopLogging", []int{0, 1, 5, 6, 8, 9}},
		{"\xdb\x00\x00\x00\x0bStopLogging", []int{0, 1, 5, 6, 8, 9}},
		{"\xd4\x01a", []int{8, 9}},
		{str("\u017ftoplogging"), []int{0, 1, 5, 6, 8, 9}},
	}
	var bodies [][]byte
	for _, f := range forms {
		bodies = append(bodies, of(f.value))
	}
	bodies = append(bodies, late)
	check(t, rs, bodies, func(rule, body int) bool {
		if body == len(forms) {
			return slices.Contains(forms[0].want, rule)
		}
		return slices.Contains(forms[body].want, rule)
	})
}

// TestOrOverDifferentFields: a rule that may be found by one field or by another, and by one that has no text to look up.
func TestOrOverDifferentFields(t *testing.T) {
	rs := []*rules.Rule{
		ruleOf(t, "s: [{eventName: StopLogging}, {errorCode: AccessDenied}]\ncondition: s"),
		ruleOf(t, "a: {eventName: StopLogging, eventSource: s3.amazonaws.com}\nb: {userAgent|contains: curl}\ncondition: a or b"),
		ruleOf(t, "a: {eventName: StopLogging}\nb: {userIdentity.type: Root}\nc: {readOnly|exists: true}\ncondition: 1 of them"),
		ruleOf(t, "a: {eventName: StopLogging}\nb: {errorCode|re: 'Denied$'}\nc: {userAgent: null}\ncondition: a or b or not c"),
		ruleOf(t, "a: {eventName: StopLogging}\nb: {errorCode: AccessDenied}\ncondition: not (not a and not b)"),
	}
	agent, denied, root := str("userAgent"), str("errorCode"), str("userIdentity")
	bodies := [][]byte{
		body(), body(denied, str("AccessDenied")), body(agent, str("CURL/8")), body(root, dict(str("type"), str("Root"))), body(str("readOnly"), "\xc0"),
		body(str("eventName"), str("StopLogging")), body(denied, str("denied"), agent, str("x")), body(denied, str("Denied")),
	}
	want := [][]int{{}, {0, 3, 4}, {1, 3}, {2}, {2}, {0, 1, 2, 3, 4}, {3}, {3}}
	check(t, rs, bodies, func(rule, body int) bool { return slices.Contains(want[body], rule) })
}

// TestPermutedKeys: the order of keys decides nothing, and every order is a surprise to what expects the last one.
func TestPermutedKeys(t *testing.T) {
	rs := []*rules.Rule{
		item(t, "eventName: PutObject, userIdentity.type: Root"), item(t, "userIdentity.arn|endswith: root"), item(t, "requestParameters|contains: bucket"), item(t, "userAgent|contains: curl"),
	}
	members := []string{
		"\xaceventVersion\xa41.11", "\xabeventSource\xb0s3.amazonaws.com", "\xa9eventName\xa9PutObject", str("userIdentity") + dict(str("type"), str("Root"), str("arn"), str("a:root")),
		str("requestParameters") + dict(str("name"), str("a bucket")), str("userAgent") + str("curl/8"), "\x07\xa9eventName",
	}
	var bodies [][]byte
	permute(members, 0, func() { bodies = append(bodies, append([]byte{0x87}, strings.Join(members, "")...)) })
	if len(bodies) != 5040 {
		t.Fatalf("%d orders", len(bodies))
	}
	check(t, rs, bodies, func(int, int) bool { return true })
}

func permute(list []string, from int, f func()) {
	if from == len(list) {
		f()
		return
	}
	for i := from; i < len(list); i++ {
		list[from], list[i] = list[i], list[from]
		permute(list, from+1, f)
		list[from], list[i] = list[i], list[from]
	}
}

// TestKeysThatShareLengthAndEnds: consecutive records whose keys share their length and the first or last eight bytes, or both.
func TestKeysThatShareLengthAndEnds(t *testing.T) {
	wanted := []string{"aaaaaaaabbbbbbbb", "aaaaaaaaXbbbbbbbb", "aaaaaaaaXYZbbbbbbbb", "aaaaaaaa01234567bbbbbbbb", "aaaaaaaa0123456789bbbbbbbb", "short12", "k", strings.Repeat("a", 63), strings.Repeat("long", 20)}
	var rs []*rules.Rule
	for _, key := range wanted {
		rs = append(rs, item(t, key+": v"))
	}
	for _, key := range wanted {
		rs = append(rs, item(t, "outer."+key+": v"))
	}
	var bodies [][]byte
	var keys []string
	for _, key := range wanted {
		for i := range len(key) {
			for _, k := range []string{key, key[:i] + "Q" + key[i+1:], key} {
				keys = append(keys, k, k)
				bodies = append(bodies, body(str(k), str("v")), body(str("outer"), dict(str(k), str("v"))))
			}
		}
	}
	check(t, rs, bodies, func(rule, body int) bool { return rule/len(wanted) == body%2 && wanted[rule%len(wanted)] == keys[body] })
}

// TestReloadBetweenTwoRecords: what is remembered belongs to its rules: the same record means something else to the next ones.
func TestReloadBetweenTwoRecords(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yml")
	data := framed(body(str("userIdentity"), dict(str("type"), str("Root"), str("arn"), str("x"))))
	for round := range 6 {
		field, hit := []string{"userIdentity.type", "userIdentity.arn", "userIdentity|contains"}[round%3], round%3 != 1
		text := fmt.Sprintf("title: %d\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  s: {%s: Root}\n  condition: s\n", round, field)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := New(conf.Settings{Rules: file, MinLevel: "low", Key: "sigma"})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if out := process(t, e, data); (out != nil) != hit {
				t.Errorf("round %d, %s: hit %v", round, field, out != nil)
			}
		}
	}
}

// TestMoreKeysThanAreKnown: what is remembered of keys is bounded. Behind that, and behind keys too long for it, values that are remembered are not
// taken for all there is where a key with dots adds to them.
func TestMoreKeysThanAreKnown(t *testing.T) {
	long := "userIdentity." + strings.Repeat("a", 70)
	rs := []*rules.Rule{
		item(t, "userIdentity.type: Root"), item(t, "userIdentity.type: evil"), item(t, long+": evil"), item(t, "userIdentity|contains: Root"), item(t, "userIdentity.type|contains: vil"),
		item(t, "eventName: PutObject, userIdentity.type: evil"), item(t, long+"|contains: evi"),
	}
	root := []string{str("userIdentity"), dict(str("type"), str("Root"), str("arn"), str("an arn of some length"))}
	evil, far := []string{str("userIdentity.type"), str("evil")}, []string{str(long), str("evil")}
	var bodies [][]byte
	var want [][]int
	for round := range 3 {
		for i := range 400 {
			bodies, want = append(bodies, body(str(fmt.Sprint("key", round*400+i)), "\x01")), append(want, nil)
			if i%40 > 0 {
				continue
			}
			for range 3 {
				bodies = append(bodies, body(root...), body(append(evil, root...)...), body(append(root, evil...)...), body(append(root, far...)...), body(evil...), body("\xd9\x11userIdentity.type", evil[1], root[0], root[1]))
				want = append(want, []int{0, 3}, []int{0, 1, 3, 4, 5}, []int{0, 1, 3, 4, 5}, []int{0, 2, 3, 6}, []int{1, 4, 5}, []int{0, 1, 3, 4, 5})
			}
		}
	}
	check(t, rs, bodies, func(rule, body int) bool { return slices.Contains(want[body], rule) })
}

// TestInsideEscapes: what stands in the JSON text of an object alone, in the midst of an escape, is found there.
func TestInsideEscapes(t *testing.T) {
	texts := []string{"u", "u0", "u00", "u000", "u0000", "u001f", "u001fx", "0x", "fx", "nx", "00", "t", "tru", "x"}
	var rs []*rules.Rule
	for _, text := range texts {
		rs = append(rs, item(t, "f|contains: '"+text+"'"))
	}
	values := []string{"\x00", "\x1fx", "\nx", "\t", "x\x00x"}
	var bodies [][]byte
	for _, v := range values {
		bodies = append(bodies, body(str("f"), dict(str("a"), str(v))))
	}
	check(t, rs, bodies, func(rule, body int) bool {
		json := `{"a":` + string(record.AppendJSON(nil, values[body])) + `}`
		return strings.Contains(json, texts[rule])
	})
}
