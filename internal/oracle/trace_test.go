package oracle

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/record"
	"sigmatrail/internal/rulegen"
	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

// printed shows a trace as one may be shown to people: a line a part, with its verdict, and under an item what it saw.
func printed(t *Trace, indent string) string {
	words := map[Step]string{Any: "any of", All: "all of", Not: "not", Item: "item"}
	line := indent + map[bool]string{true: "+ ", false: "- "}[t.Holds] + words[t.Step]
	if t.Name != "" {
		line += " " + t.Name
	}
	if t.Item != nil {
		line += " " + strings.Join(append([]string{t.Item.Field}, t.Item.Modifiers...), "|")
	}
	line += "\n"
	for _, s := range t.Seen {
		line += indent + "    " + s.Field + " is " + string(record.AppendJSON(nil, s.Value))
		if s.Satisfied != nil {
			line += fmt.Sprintf(", as %q asks", s.Satisfied.Text)
		}
		line += "\n"
	}
	for i := range t.Parts {
		line += printed(&t.Parts[i], indent+"  ")
	}
	return line
}

// TestTraceTree: a trace has the condition as it is written, and of every item what it saw, also where the verdict was certain without it.
func TestTraceTree(t *testing.T) {
	o := evaluator(t, `sel_a:
  eventName: [StopLogging, 'Delete*']
  errorCode: null
sel_b:
  - requestParameters.ports: 22
  - requestParameters|contains: world
filter:
  userIdentity.type|neq: Root
condition: 1 of sel_* and not filter and sel_a`)
	trace, ok := o.Trace(0, object(t, `{"eventName":"DeleteTrail","requestParameters":{"ports":[443,22],"x":{"y":"World"}},"userIdentity":{"type":"Root"}}`), time.Time{}, math.MaxInt)
	want := `+ all of
  + any of 1 of sel_*
    + any of sel_a
      + all of
        + item eventName
            eventName is "DeleteTrail", as "Delete*" asks
        + item errorCode
    + any of sel_b
      + all of
        + item requestParameters.ports
            requestParameters.ports is 443
            requestParameters.ports is 22, as "22" asks
      + all of
        + item requestParameters|contains
            requestParameters is "World", as "world" asks
  + not
    - any of filter
      - all of
        - item userIdentity.type|neq
            userIdentity.type is "Root", as "Root" asks
  + any of sel_a
    + all of
      + item eventName
          eventName is "DeleteTrail", as "Delete*" asks
      + item errorCode
`
	if diff := cmp.Diff(want, printed(&trace, "")); diff != "" || !ok {
		t.Error(ok, diff)
	}
}

// TestEvidence: which fields and values count as what satisfied a rule, and where in a text the match begins.
func TestEvidence(t *testing.T) {
	const rec = `{"eventName":"StopLogging","eventTime":"2026-11-20T08:00:05Z","n":22,"yes":true,"nothing":null,"empty":"","list":["a",["B","b"],"c"],
		"who":{"name":"bob","tags":[{"k":"x1"},{"k":"x2","v":7}]},"owner":"BOB","long":"aXbXc","url":"http://x/é/evil","ip":"10.1.2.3","dots":{"a.b":"deep"}}`
	for _, test := range []struct {
		name, detection string
		want            []string
	}{
		{"a value", "s:\n  eventName: stoplogging\ncondition: s", []string{"eventName=StopLogging"}},
		{"numbers and booleans are their texts", "s:\n  n: 22\n  yes: true\n  n|gt: 3\ncondition: s", []string{"n=22", "yes=true", "n=22"}},
		{"every element that does", "s:\n  list: [b, a]\ncondition: s", []string{"list=a", "list=B", "list=b"}},
		{"all: an element of each value", "s:\n  list|contains|all: [c, a]\ncondition: s", []string{"list=a", "list=c"}},
		{"what is absent", "s:\n  nothing: null\n  gone: null\n  gone|exists: false\n  eventName|neq: x\ncondition: s", nil},
		{"exists", "s:\n  nothing|exists: true\n  who.tags|exists: true\n  empty|exists: true\ncondition: s", []string{"nothing=null", `who.tags=[{"k":"x1"},{"k":"x2","v":7}]`, "empty="}},
		{"negated parts", "s:\n  n: 22\nf:\n  eventName: x\ncondition: s and not f", []string{"n=22"}},
		{"negated twice", "s:\n  n: 22\nf:\n  eventName|neq: StopLogging\ncondition: not (not s) and not f", []string{"n=22", "eventName=StopLogging"}},
		{"not of an or", "s:\n  n: 22\nf:\n  n: 23\ncondition: not (f or not s)", []string{"n=22"}},
		{"all alternatives that hold, whole", "a:\n  - n: 22\n    yes: false\n  - list: a\nb:\n  yes: true\ncondition: a or b", []string{"list=a", "yes=true"}},
		{"keywords", "k: [bob, evil]\ncondition: k", []string{"who.name=bob", "owner=BOB", "url=http://x/é/evil@12"}},
		{"keywords under keys with dots, and in arrays", "k: [deep, x2]\ncondition: k", []string{"who.tags.k=x2", "dots.a.b=deep"}},
		{"keywords across keys", "k: ['\"n\":22,\"yes\"']\ncondition: k", []string{"={…@62"}},
		{"objects: the scalars", "s:\n  who|contains: x\ncondition: s", []string{"who=x1", "who=x2"}},
		{"objects: the JSON text", "s:\n  who|contains: '\"v\":7'\ncondition: s", []string{"who={…@43"}},
		{"objects: for those of all that no scalar has", "s:\n  who|contains|all: ['\"v\":7', bob]\ncondition: s", []string{"who=bob", "who={…@43"}},
		{"regular expressions", "s:\n  url|re: 'e[v]il$'\ncondition: s", []string{"url=http://x/é/evil@12"}},
		{"wildcards", "s:\n  long: '*x?x*'\ncondition: s", []string{"long=aXbXc@1"}},
		{"ends", "s:\n  url|endswith: l\ncondition: s", []string{"url=http://x/é/evil@15"}},
		{"networks", "s:\n  ip|cidr: 10.0.0.0/8\ncondition: s", []string{"ip=10.1.2.3"}},
		{"fieldref: both", "s:\n  who.name|fieldref: owner\ncondition: s", []string{"who.name=bob", "owner=BOB"}},
		{"parts of dates", "s:\n  eventTime|hour: 8\ncondition: s", []string{"eventTime=2026-11-20T08:00:05Z"}},
		{"several conditions", "s:\n  n: 22\nf:\n  n: 23\ncondition:\n  - f\n  - s", []string{"n=22"}},
	} {
		trace, ok := evaluator(t, test.detection).Trace(0, object(t, rec), time.Time{}, math.MaxInt)
		if !ok || !trace.Holds {
			t.Errorf("%s: %v %v", test.name, ok, trace.Holds)
		}
		var got []string
		for s := range trace.Evidence() {
			text := s.Text
			if strings.HasPrefix(text, "{") {
				text = "{…"
			}
			if s.At > 0 {
				text += fmt.Sprintf("@%d", s.At)
			}
			got = append(got, s.Field+"="+text)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestEvidenceStops where nobody asks for more.
func TestEvidenceStops(t *testing.T) {
	trace, _ := evaluator(t, "s:\n  list: [a, b]\n  a|fieldref: b\nt:\n  a: 1\ncondition: s or t").Trace(0, object(t, `{"list":["a","b"],"a":1,"b":1}`), time.Time{}, math.MaxInt)
	for most := 1; most <= 5; most++ {
		n := 0
		for range trace.Evidence() {
			if n++; n == most {
				break
			}
		}
		if n != most {
			t.Errorf("%d of %d", n, most)
		}
	}
}

// TestTraceStandsIn: the time that the shipper gave the event, or the record's stamp, is evidence where it stood in for eventTime.
func TestTraceStandsIn(t *testing.T) {
	o := evaluator(t, item("eventTime|hour: 7"))
	received := time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		`{}`: "eventTime=2026-11-20T07:00:00Z", `{"eventTime":"x"}`: "eventTime=2026-11-20T07:00:00Z", `{"eventTime":"2026-11-20T08:00:00Z"}`: "",
		`{"@timestamp":"2026-11-19T07:01:00Z"}`: "eventTime=2026-11-19T07:01:00Z",
	} {
		trace, _ := o.Trace(0, object(t, text), received, math.MaxInt)
		got := ""
		for s := range trace.Evidence() {
			got += s.Field + "=" + s.Text
		}
		if got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// TestTraceIsBounded: a trace that would compare more text than it may is given up, and one that just may is not.
func TestTraceIsBounded(t *testing.T) {
	for name, test := range map[string]struct{ detection, record string }{
		"a field": {item("a|contains: [x, y]"), `{"a":"aaaay"}`}, "keywords": {"s: [x, y]\ncondition: s", `{"a":{"b":["c","y"]}}`},
		"fieldref": {item("a|fieldref: b"), `{"a":["1","2","3"],"b":["3"]}`}, "JSON text": {item(`a|contains: '"b"'`), `{"a":{"b":1}}`},
	} {
		o := evaluator(t, test.detection)
		least := 0
		for ; least < 1000; least++ {
			if trace, ok := o.Trace(0, object(t, test.record), time.Time{}, least); ok {
				if !trace.Holds {
					t.Errorf("%s: with %d: no match", name, least)
				}
				break
			}
		}
		if least < 4 || least > 100 {
			t.Errorf("%s takes %d", name, least)
		}
	}
}

// FuzzTrace holds, on the rule and the record that the bytes choose, that each part of a trace has the oracle's verdict, that what an item saw satisfies
// it, and that an item that holds has seen what satisfies it.
func FuzzTrace(f *testing.F) {
	for n := range uint64(40) {
		f.Add(rulegen.Seed(n), rulegen.Seed(n+1<<34))
	}
	f.Fuzz(func(t *testing.T, ruleBytes, recordBytes []byte) {
		text := rulegen.RuleFromBytes(ruleBytes)
		list, problems := rules.Parse("f.yml", []byte(text), rules.Options{})
		if len(list) != 1 {
			t.Fatalf("%v\n%s", problems, text)
		}
		decoded, _ := record.Decode(rulegen.RecordFromBytes(recordBytes), 0)
		object := decoded.(*record.Object)
		o := New(list, record.DefaultAliases(), "sigma")
		c := checker{o: o, rec: newSubject(object, time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC))}
		trace, ok := o.Trace(0, object, c.rec.received, math.MaxInt)
		if !ok || trace.Holds != (len(o.Match(object, c.rec.received)) > 0) {
			t.Fatalf("the trace says %v (whole: %v)\n%s\n%s", trace.Holds, ok, text, record.AppendJSON(nil, object))
		}
		if wrong := c.check(&trace); wrong != "" {
			t.Fatalf("%s\n%s\n%s\n%s", wrong, printed(&trace, ""), text, record.AppendJSON(nil, object))
		}
	})
}

// checker holds the parts of a trace to the oracle.
type checker struct {
	o   *Oracle
	rec subject
}

func (c checker) check(t *Trace) (wrong string) {
	for i := range t.Parts {
		if wrong := c.check(&t.Parts[i]); wrong != "" {
			return wrong
		}
	}
	holds := func(part Trace) bool { return part.Holds }
	want := t.Holds
	switch t.Step {
	case Any:
		want = slices.ContainsFunc(t.Parts, holds)
	case All:
		want = !slices.ContainsFunc(t.Parts, func(part Trace) bool { return !part.Holds })
	case Not:
		want = !t.Parts[0].Holds
	case Item:
		want = c.o.item(t.Item, c.rec)
		wrong = c.seen(t)
	}
	if t.Holds != want {
		wrong = fmt.Sprintf("%s: %v", t.Name, t.Holds)
	}
	return wrong
}

func (c checker) seen(t *Trace) string {
	some := false
	for _, s := range t.Seen {
		if s.Satisfied == nil {
			continue
		}
		some = true
		if s.At < 0 || s.At > len(s.Text) {
			return fmt.Sprintf("%d of %q", s.At, s.Text)
		}
		if s.Value != nil && !c.o.value(t.Item, s.Satisfied, []any{s.Value}, c.rec) {
			return fmt.Sprintf("%q does not satisfy %q", s.Text, s.Satisfied.Text)
		}
	}
	v := t.Item.Values[0]
	if absent := t.Item.Op == rules.Exists && !v.Bool || v.Kind == rules.Null; t.Holds != negated(t.Item) && !some && !absent {
		return "an item holds, and nothing says why"
	}
	return ""
}
