package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"

	"github.com/google/go-cmp/cmp"
)

func flattening(fields string) func(*conf.Settings) {
	return func(s *conf.Settings) { s.Flatten = fields }
}

// added returns the members at the top of an event that begin as its flattened names do.
func added(t *testing.T, text string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for name, value := range readOutcome(t, text).top {
		if strings.HasPrefix(name, "requestParameters.") || strings.HasPrefix(name, "responseElements.") {
			out[name] = string(value)
		}
	}
	return out
}

func stopWith(members string) string { return strings.TrimSuffix(stop, "}") + "," + members + "}" }

// TestFlatten: what is added, through both doors and with every format. Values in JSON keep their spelling where the record stands in the event itself.
func TestFlatten(t *testing.T) {
	const ports = `"requestParameters":{"ipPermissions":{"items":[{"fromPort":22,"toPort":22,"groups":{}},{"fromPort":80,"toPort":null}]}}`
	inText := func(body string) string { return fmt.Sprintf(`{"log":%q}`, body) }
	for _, test := range []struct {
		name, body string
		want       map[string]string
		inJSON     map[string]string // where that differs
	}{
		{"scalars of every kind", stopWith(`"requestParameters":{"a":"x","n":-7,"b":false,"deep":{"er":"y"}},"responseElements":{"ok":true}`), map[string]string{
			"requestParameters.a": `"x"`, "requestParameters.n": `-7`, "requestParameters.b": `false`, "requestParameters.deep.er": `"y"`, "responseElements.ok": `true`,
		}, nil},
		{"one value stays a scalar, several become a list, nothing stays nothing", stopWith(ports), map[string]string{
			"requestParameters.ipPermissions.items.fromPort": `[22,80]`, "requestParameters.ipPermissions.items.toPort": `22`,
		}, nil},
		{"lists of lists, of mixed kinds, with one value", stopWith(`"requestParameters":{"a":[[1,"x"],[{"b":2}],[]],"c":["only"],"d":[null]}`), map[string]string{
			"requestParameters.a": `[1,"x"]`, "requestParameters.a.b": `2`, "requestParameters.c": `"only"`,
		}, nil},
		{"null and empty", stopWith(`"requestParameters":null,"responseElements":{"a":{},"b":[],"c":null}`), map[string]string{}, nil},
		{"two leaves of one name", stopWith(`"requestParameters":{"a.b":1,"a":{"b":2}}`), map[string]string{"requestParameters.a.b": `[1,2]`}, nil},
		{
			"a name that is there", `{"requestParameters.a":"mine",` + stopWith(`"requestParameters":{"a":"x","b":"y"}`)[1:],
			map[string]string{"requestParameters.a": `"mine"`, "requestParameters.b": `"y"`},
			nil,
		},
		{"duplicates: the last one", stopWith(`"requestParameters":{"a":"lost"},"requestParameters":{"a":"x","b":1,"a":"y"}`), map[string]string{"requestParameters.a": `"y"`, "requestParameters.b": "1"}, nil},
		{
			"numbers", stopWith(`"requestParameters":{"a":1.0,"b":[1e3,9007199254740993],"c":123456789012345678901234567890}`),
			map[string]string{"requestParameters.a": `1`, "requestParameters.b": `[1000,9007199254740993]`, "requestParameters.c": `"123456789012345678901234567890"`},
			map[string]string{"requestParameters.a": `1.0`, "requestParameters.b": `[1e3,9007199254740993]`, "requestParameters.c": `123456789012345678901234567890`},
		},
		{
			"texts with escapes", stopWith(`"requestParameters" : { "a" : [ "\u00e9\/\n" , "\"" ] }`),
			map[string]string{"requestParameters.a": `["é/\n","\""]`},
			map[string]string{"requestParameters.a": `["\u00e9\/\n","\""]`},
		},
		{"a scalar at the top is there already", stopWith(`"requestParameters":"text"`), map[string]string{}, nil},
		{"in detail", `{"detail":` + stopWith(`"requestParameters":{"a":1.0}`) + `}`, map[string]string{"requestParameters.a": `1`}, map[string]string{"requestParameters.a": `1.0`}},
		{"in JSON text", inText(stopWith(`"requestParameters":{"a":["x",1.0]}`)), map[string]string{"requestParameters.a": `["x",1]`}, nil},
		{
			"the one of several that was hit", `{"Records":[` + strings.TrimSuffix(quiet, "}") + `,"requestParameters":{"a":"quiet"}},` + stopWith(`"requestParameters":{"a":"x"}`) + `]}`,
			map[string]string{"requestParameters.a": `"x"`},
			nil,
		},
		{
			"several that were hit", `{"Records":[` + stopWith(`"requestParameters":{"a":"x"}`) + `,` + stopWith(`"requestParameters":{"a":"y"}`) + `]}`,
			map[string]string{},
			nil,
		},
		{"no hit", strings.TrimSuffix(quiet, "}") + `,"requestParameters":{"a":"x"}}`, map[string]string{}, nil},
	} {
		for _, format := range formats() {
			for name, through := range doors() {
				t.Run(strings.ReplaceAll(test.name, ",", "")+"/"+format+"/"+name, func(t *testing.T) {
					e := engine(t, func(s *conf.Settings) { s.Flatten, s.Format = "requestParameters,responseElements", format })
					want := test.want
					if name == "JSON" && test.inJSON != nil {
						want = test.inJSON
					}
					once := through(t, e, test.body)
					if diff := cmp.Diff(want, added(t, once)); diff != "" {
						t.Errorf("%s\n%s", diff, once)
					}
					if diff := cmp.Diff(want, added(t, through(t, e, once))); diff != "" {
						t.Errorf("a second pass: %s", diff)
					}
				})
			}
		}
	}
}

// TestFlattenChunk: records in JSON text, whose leaves live until the next event, one behind the other in a chunk.
func TestFlattenChunk(t *testing.T) {
	e := engine(t, flattening("requestParameters"))
	var data []byte
	for i := range 5 {
		data = append(data, event(t, fmt.Sprintf(`{"log":%q}`, stopWith(fmt.Sprintf(`"requestParameters":{"a":["x%d",%d],"b":"y%d"}`, i, i, i))))...)
	}
	for i, body := range bodies(t, process(t, e, data)) {
		want := map[string]string{"requestParameters.a": fmt.Sprintf(`["x%d",%d]`, i, i), "requestParameters.b": fmt.Sprintf(`"y%d"`, i)}
		if diff := cmp.Diff(want, added(t, body)); diff != "" {
			t.Errorf("event %d: %s", i, diff)
		}
	}
}

// TestFlattenSeparator also takes a scalar out of an envelope.
func TestFlattenSeparator(t *testing.T) {
	e := engine(t, func(s *conf.Settings) { s.Flatten, s.FlattenSeparator = "requestParameters, eventID", "__" })
	for name, through := range doors() {
		top := readOutcome(t, through(t, e, `{"detail":`+stopWith(`"requestParameters":{"a":{"b.c":1}}`)+`}`)).top
		if string(top["requestParameters__a__b.c"]) != "1" || string(top["eventID"]) != `"e1"` || len(top) != 4 {
			t.Errorf("%s: %s", name, top)
		}
	}
}

// TestFlattenBounds: what is beyond a bound is left out and counted, and nothing else suffers.
func TestFlattenBounds(t *testing.T) {
	many := make(map[string]any)
	for i := range mostLeaves + 20 {
		many[fmt.Sprintf("k%03d", i)] = []int{i, i}
	}
	text, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	deep := func(n int) string {
		return `"requestParameters":{"a":` + strings.Repeat("[", n) + `"x"` + strings.Repeat("]", n) + `,"b":1}`
	}
	long := strings.Repeat("k", longestLeaf-len("requestParameters."))
	for _, test := range []struct {
		name, body string
		want       int
		left       uint64
	}{
		{"names", stopWith(`"requestParameters":` + string(text)), mostLeaves, 40},
		{"as deep as it goes", stopWith(deep(record.MaxDepth - 2)), 2, 0},
		{"a name as long as it may be", stopWith(`"requestParameters":{"` + long + `":1}`), 1, 0},
		{"a name that is too long", stopWith(`"requestParameters":{"` + long + `k":{"a":1},"b":2}`), 1, 1},
	} {
		for name, through := range doors() {
			e := engine(t, flattening("requestParameters"))
			if n := len(added(t, through(t, e, test.body))); n != test.want || e.Tally().Unflattened != test.left {
				t.Errorf("%s, %s: %d members, %d values left out", test.name, name, n, e.Tally().Unflattened)
			}
		}
	}
	// JSON text may be nested as deep as values are looked into, msgpack deeper.
	data := event(t, stopWith(`"requestParameters":{"b":1,"a":0}`))
	data = append(data[:len(data)-9], append([]byte(strings.Repeat("\x91", 1000)), 0xc0)...)
	e := engine(t, flattening("requestParameters"))
	if got := added(t, bodies(t, process(t, e, data))[0]); len(got) != 1 || e.Tally().Unflattened != 1 {
		t.Errorf("%v, %d values left out", got, e.Tally().Unflattened)
	}
}

// TestFlattenKeys: no key is written twice, whatever the format and the displaced value are called.
func TestFlattenKeys(t *testing.T) {
	for _, format := range formats() {
		for name, through := range doors() {
			e := engine(t, func(s *conf.Settings) {
				s.Flatten, s.Format, s.FlattenSeparator = "sigma_x,severity,event,threat", format, "_"
			})
			body := `{"detail":` + stopWith(`"severity":"mine","sigma_x":{"original":1},"event":{"kind":"mine"},"threat":"mine"`) + `,"sigma":"mine"}`
			out := through(t, e, body)
			packed, err := record.AppendMsgpack(nil, []byte(out))
			if err != nil {
				t.Fatal(err)
			}
			seen := make(map[string]int)
			for _, m := range membersOf(packed) {
				if seen[m.key]++; seen[m.key] > 1 {
					t.Errorf("%s, %s: %s stands twice: %s", format, name, m.key, out)
				}
			}
			if seen["sigma"] != 1 || seen["sigma_original"] != 1 || seen["sigma_x_original"] != 1 {
				t.Errorf("%s, %s: %s", format, name, out)
			}
		}
	}
}

// flatReference gathers leaves from decoded values.
func flatReference(v any, name string, out map[string][]string) {
	switch v := v.(type) {
	case nil:
	case *record.Object:
		for _, m := range v.Members() {
			flatReference(m.Value, name+"."+m.Key, out)
		}
	case []any:
		for _, e := range v {
			flatReference(e, name, out)
		}
	default:
		out[name] = append(out[name], string(record.AppendJSON(nil, v)))
	}
}

// TestFlattenShared holds both doors to a reference on all shared events, every rule of the pack and SigmaHQ's.
func TestFlattenShared(t *testing.T) {
	if _, err := os.Stat(sharedEvents); err != nil {
		t.Skipf("skipped: %s is not there", sharedEvents)
	}
	s := conf.Default()
	s.Rules, s.Flatten, s.Format, s.Exclude = Builtin+","+sharedRules, "requestParameters,responseElements", "flat", bundledCorrelations(t)
	e, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	records, names, lists := 0, 0, 0
	events(t, sharedEvents+"/*.ndjson", func(text []byte) {
		packed, err := record.AppendMsgpack(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		j := e.NewJudge().Event(packed, received())
		v, n := j.hit()
		if n != 1 {
			return
		}
		records++
		reference := make(map[string][]string)
		for _, field := range []string{"requestParameters", "responseElements"} {
			value, _ := v.Found().Record.Get(field)
			flatReference(value, field, reference)
		}
		want := make(map[string]string)
		for name, values := range reference {
			if _, _, there := chunk.Lookup(packed, 0, name); there || !strings.Contains(name, ".") {
				continue
			}
			names++
			want[name] = values[0]
			if len(values) > 1 {
				lists++
				want[name] = "[" + strings.Join(values, ",") + "]"
			}
		}
		for name, through := range doors() {
			got := added(t, through(t, e, string(text)))
			for k, v := range got { // texts in JSON keep their spelling
				again, err := record.AppendMsgpack(nil, []byte(v))
				if err != nil {
					t.Fatal(err)
				}
				value, _ := record.Decode(again, 0)
				got[k] = string(record.AppendJSON(nil, value))
			}
			maps.DeleteFunc(got, func(k, _ string) bool { _, _, there := chunk.Lookup(packed, 0, k); return there })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	})
	if records < 1000 || names < 4000 || lists < 100 {
		t.Errorf("%d records, %d names, %d lists", records, names, lists)
	}
	t.Logf("%d records, %d names, %d lists", records, names, lists)
}

// TestFlattenOtherForm leaves records of another form as they are.
func TestFlattenOtherForm(t *testing.T) {
	const ecs = `{"event":{"action":"StopLogging","provider":"cloudtrail.amazonaws.com"},"requestParameters":{"a":1},"aws":{"cloudtrail":{"flattened":{"request_parameters":{"a":1}}}}}`
	e := engine(t, func(s *conf.Settings) { s.Flatten, s.Fields = "requestParameters", "ecs" })
	for name, through := range doors() {
		w := readOutcome(t, through(t, e, ecs))
		if keys := slices.Sorted(maps.Keys(w.top)); w.Sigma.Level != "high" || len(keys) != 4 {
			t.Errorf("%s: %s", name, keys)
		}
	}
}
