package oracle

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// evaluator parses a detection, the YAML below the key of that name.
func evaluator(t *testing.T, detection string) *Oracle {
	t.Helper()
	src := "title: test\nlogsource:\n  product: aws\n  service: cloudtrail\ndetection:\n"
	for line := range strings.Lines(detection) {
		src += "  " + line
	}
	list, problems := rules.Parse("test.yml", []byte(src+"\n"), rules.Options{})
	if len(problems.Errors()) > 0 || len(list) != 1 {
		t.Fatalf("%v in\n%s", problems.Errors(), src)
	}
	return New(list, record.DefaultAliases(), "sigma")
}

func object(t *testing.T, text string) *record.Object {
	t.Helper()
	packed, err := record.AppendMsgpack(nil, []byte(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	body, _ := record.Decode(packed, 0)
	return body.(*record.Object)
}

// item wraps one item of a detection.
func item(text string) string { return "s:\n  " + text + "\ncondition: s" }

func TestInvalidUTF8(t *testing.T) {
	o := evaluator(t, item("f|contains: b"))
	for text, want := range map[string]bool{"\xffB\xfe": true, "\xff\xfe": false} {
		rec := record.NewObject(record.Member{Key: "f", Value: text})
		if got := len(o.Match(rec, time.Time{})) > 0; got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	one := evaluator(t, item("f: a?b"))
	if len(one.Match(record.NewObject(record.Member{Key: "f", Value: "a\xffb"}), time.Time{})) == 0 {
		t.Error("a byte that is not UTF-8 must be one character")
	}
}

// TestOpaque: what has no text is present and matches nothing else.
func TestOpaque(t *testing.T) {
	rec := record.NewObject(record.Member{Key: "f", Value: record.Opaque{}})
	for item, want := range map[string]bool{"f|exists: true": true, "f: null": false, "f: '*'": false, "f|neq: a": true, "f|contains: ''": false} {
		o := evaluator(t, "s:\n  "+item+"\ncondition: s")
		if got := len(o.Match(rec, time.Time{})) > 0; got != want {
			t.Errorf("%s: %v", item, got)
		}
	}
}

// TestReceived: where eventTime is missing or no time, the time that the shipper gave the event stands in.
func TestReceived(t *testing.T) {
	received := time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC)
	o := evaluator(t, item("eventTime|hour: 7"))
	for text, want := range map[string]bool{`{}`: true, `{"eventTime":"x"}`: true, `{"eventTime":"2026-11-20T08:00:00Z"}`: false, `{"eventTime":null}`: true} {
		if got := len(o.Match(object(t, text), received)) > 0; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if other := evaluator(t, item("createTime|hour: 7")); len(other.Match(object(t, `{}`), received)) > 0 {
		t.Error("it stands in for another field")
	}
}

// TestOrder: indexes of rules come in their order.
func TestOrder(t *testing.T) {
	var list []*rules.Rule
	for _, v := range []string{"1", "2", "1"} {
		parsed, problems := rules.Parse("t.yml", []byte("title: t\nlogsource: {service: cloudtrail}\ndetection:\n  s:\n    a: "+v+"\n  condition: s\n"), rules.Options{})
		if len(problems.Errors()) > 0 {
			t.Fatal(problems)
		}
		list = append(list, parsed...)
	}
	got := New(list, nil, "sigma").Match(object(t, `{"a":1}`), time.Time{})
	if len(got) != 2 || got[0] != 0 || got[1] != 2 {
		t.Errorf("%v", got)
	}
}

// FuzzMatch holds that whatever loads as a rule judges whatever is a record, and the same way twice.
func FuzzMatch(f *testing.F) {
	for _, detection := range []string{
		"s:\n  f|contains|all: [a, b]\n  g.h|re|i: x\ncondition: s", "k:\n  - a*b\n  - 22\ncondition: not k", "s:\n  t|hour|gte: 3\n  i|cidr: 10.0.0.0/8\ncondition: 1 of s*",
		"s:\n  f|fieldref|neq: g\n  f|wide|base64offset|contains: a-b\n  n|lt: 1e3\n  m: null\ncondition: s",
	} {
		f.Add([]byte(detection), []byte(`{"f":["a",{"b":1.5}],"g":{"h":"X"},"t":"2026-11-20T03:00:00Z","i":"10.1.1.1","m":null}`))
	}
	f.Fuzz(func(t *testing.T, detection, text []byte) {
		src := "title: t\nlogsource: {service: cloudtrail}\ndetection:\n"
		for line := range strings.Lines(string(detection)) {
			src += "  " + line
		}
		list, _ := rules.Parse("f.yml", []byte(src+"\n"), rules.Options{})
		packed, err := record.AppendMsgpack(nil, text)
		if err != nil || len(list) == 0 {
			return
		}
		body, _ := record.Decode(packed, 0)
		rec, ok := body.(*record.Object)
		if !ok {
			return
		}
		o := New(list, record.DefaultAliases(), "sigma")
		if first, second := o.Match(rec, time.Time{}), o.Match(rec, time.Time{}); !slices.Equal(first, second) {
			t.Fatalf("%v, then %v", first, second)
		}
	})
}
