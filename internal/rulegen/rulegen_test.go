package rulegen

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"

	"pgregory.net/rapid"
)

// parse returns the rule of a text.
func parse(text string) (*rules.Rule, error) {
	list, problems := rules.Parse("generated.yml", []byte(text), rules.Options{})
	if bad := problems.Errors(); len(bad) > 0 || len(list) != 1 || !list[0].AppliesToCloudTrail() {
		return nil, fmt.Errorf("%d rules, %v in\n%s", len(list), bad, text)
	}
	return list[0], nil
}

// found returns the records in a msgpack map, or the map itself where there are none, so that evaluators are asked all the same.
func found(data []byte) (list []*record.Object, recognised bool) {
	body, _ := record.Decode(data, 0)
	all, _ := record.Find(body, nil)
	for _, f := range all {
		list = append(list, f.Record)
	}
	if len(list) == 0 {
		return []*record.Object{body.(*record.Object)}, false
	}
	return list, true
}

func TestRapid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule, err := parse(Rule().Draw(t, "rule"))
		if err != nil {
			t.Fatal(err)
		}
		data := Record().Draw(t, "record")
		if end, ok := chunk.Skip(data, 0); !ok || end != len(data) {
			t.Fatalf("%d %v of %d: %x", end, ok, len(data), data)
		}
		o := oracle.New([]*rules.Rule{rule}, record.DefaultAliases(), "sigma")
		list, _ := found(data)
		for _, rec := range list {
			o.Match(rec, time.Time{})
		}
	})
}

func TestNeighbours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := Neighbours().Draw(t, "chunk")
		events, ev := 0, chunk.Event{}
		for w := chunk.NewWalker(data); w.Next(&ev); events++ {
			if ev.Kind != chunk.Log || !ev.HasTime {
				t.Fatalf("%+v in %x", ev, data)
			}
		}
		if events < 2 {
			t.Fatalf("%d events", events)
		}
	})
}

// TestNeighboursAreLike holds that consecutive records have equal userIdentity subtrees often, and different ones of the same length, and keys
// that differ in the middle alone.
func TestNeighboursAreLike(t *testing.T) {
	var pairs, equal, sameLength, twisted int
	for seed := range uint64(300) {
		data := NeighboursFromBytes(Seed(seed))
		var before []byte
		var ev chunk.Event
		for w := chunk.NewWalker(data); w.Next(&ev); {
			start, end, _ := chunk.Lookup(data, ev.BodyStart, "userIdentity")
			identity := data[start:end]
			if before != nil {
				pairs++
				switch {
				case string(identity) == string(before):
					equal++
				case len(identity) == len(before):
					sameLength++
				}
			}
			before = identity
			for _, key := range longKeys()[1:] {
				if _, _, ok := chunk.Lookup(data, ev.BodyStart, key); ok {
					twisted++
				}
			}
		}
	}
	t.Logf("%d pairs, %d with equal identities, %d with equally long ones; %d twisted keys", pairs, equal, sameLength, twisted)
	if pairs < 1000 || equal < pairs/3 || sameLength < pairs/50 || twisted < 20 {
		t.Error("too few")
	}
}

// corpus is what the fixed seeds make.
func corpus(t *testing.T, count uint64) (list []*rules.Rule, records []*record.Object, recognised int) {
	t.Helper()
	for seed := range count {
		rule, err := parse(RuleFromBytes(Seed(seed)))
		if err != nil {
			t.Error(err)
			continue
		}
		list = append(list, rule)
	}
	const many = 400
	for seed := range uint64(many) {
		data := RecordFromBytes(Seed(seed + 1<<32))
		if end, ok := chunk.Skip(data, 0); !ok || end != len(data) {
			t.Fatalf("%d: %d %v of %d", seed, end, ok, len(data))
		}
		more, ok := found(data)
		if records = append(records, more...); ok {
			recognised++
		}
	}
	if least := many * 75 / 100; recognised < least {
		t.Errorf("%d of %d records are recognised", recognised, many)
	}
	return list, records, recognised
}

// TestHits holds that rules and records meet: neither always nor hardly ever.
func TestHits(t *testing.T) {
	list, records, recognised := corpus(t, 500)
	o := oracle.New(list, record.DefaultAliases(), "sigma")
	hits, hitBy := 0, make(map[int]bool)
	for _, rec := range records {
		for _, i := range o.Match(rec, time.Time{}) {
			hits++
			hitBy[i] = true
		}
	}
	share := float64(hits) / float64(len(list)*len(records))
	anchored := 0
	for _, r := range list {
		if isAnchored(r) {
			anchored++
		}
	}
	t.Logf("%.1f %% of the pairs hit; %d of %d rules are hit, %d are anchored; %d records, %d bodies with recognised ones", 100*share, len(hitBy), len(list), anchored, len(records), recognised)
	if share < 0.05 || share > 0.6 {
		t.Errorf("%.3f of the pairs hit", share)
	}
	if anchored < len(list)/2 || len(hitBy) < len(list)/2 {
		t.Errorf("%d rules are anchored, %d are hit", anchored, len(hitBy))
	}
}

// isAnchored reports whether a search of the rule lists exact operations and sources.
func isAnchored(r *rules.Rule) bool {
	for _, s := range r.Searches {
		for _, g := range s.Groups {
			exact := 0
			for _, i := range g.Items {
				if (i.Field == "eventName" || i.Field == "eventSource") && len(i.Modifiers) == 0 {
					exact++
				}
			}
			if exact == 2 {
				return true
			}
		}
	}
	return false
}

// TestCoverage holds that every modifier and every kind of value holds on some record and fails on another.
func TestCoverage(t *testing.T) {
	list, records, _ := corpus(t, 2000)
	holds, fails := make(map[string]int), make(map[string]int)
	for n, r := range list {
		for _, s := range r.Searches {
			for _, g := range s.Groups {
				for _, i := range g.Items {
					kinds := kindsOf(i)
					o := oracle.New([]*rules.Rule{single(i)}, record.DefaultAliases(), "sigma")
					for at := range 12 {
						counts := fails
						if len(o.Match(records[(n*7+at)%len(records)], time.Time{})) > 0 {
							counts = holds
						}
						for _, kind := range kinds {
							counts[kind]++
						}
					}
				}
			}
		}
	}
	for _, kind := range wanted() {
		if holds[kind] == 0 || fails[kind] == 0 {
			t.Errorf("%s: holds %d times, fails %d times", kind, holds[kind], fails[kind])
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(fails)) {
		t.Logf("%-28s holds %6d, fails %6d", kind, holds[kind], fails[kind])
	}
}

// single makes a rule of one item.
func single(i *rules.Item) *rules.Rule {
	s := &rules.Search{Name: "s", Groups: []rules.Group{{Items: []*rules.Item{i}}}}
	return &rules.Rule{Searches: []*rules.Search{s}, Conditions: []rules.Condition{rules.Ref{Search: s}}}
}

// wanted are the kinds that must be covered.
func wanted() []string {
	list := []string{
		"exact", "keyword", "text", "text with *", "text with ?", "text with escapes", "empty", "integer", "fraction", "exponent", "negative", "leading zero", "beyond 64 bits", "quoted number",
		"boolean", "null", "beyond ASCII", "more than 15 values",
	}
	for modifier := range strings.FieldsSeq("contains startswith endswith all cased neq exists fieldref re i m s cidr lt lte gt gte base64 base64offset wide utf16 utf16le utf16be windash minute hour day week month year") {
		list = append(list, "|"+modifier)
	}
	return list
}

// kindsOf names the modifiers of an item, and the kinds of its values.
func kindsOf(i *rules.Item) []string {
	var list []string
	for _, m := range i.Modifiers {
		list = append(list, "|"+m)
	}
	switch {
	case i.Field == "":
		list = append(list, "keyword")
	case len(i.Modifiers) == 0:
		list = append(list, "exact")
	}
	if len(i.Values) > 15 {
		list = append(list, "more than 15 values")
	}
	for _, v := range i.Values {
		list = append(list, valueKinds(v)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func valueKinds(v rules.Value) []string {
	var list []string
	note := func(kind string, is bool) {
		if is {
			list = append(list, kind)
		}
	}
	decimal := rules.ParseDecimal(v.Text)
	note("text", v.Kind == rules.Text && !decimal.Valid)
	note("quoted number", v.Kind == rules.Text && decimal.Valid)
	note("boolean", v.Kind == rules.Bool)
	note("null", v.Kind == rules.Null)
	note("empty", v.Kind == rules.Text && v.Text == "")
	note("beyond ASCII", strings.ContainsFunc(v.Text, func(r rune) bool { return r > 0x7f }))
	if v.Kind == rules.Text {
		note("text with *", len(v.Patterns) > 0 && strings.Contains(v.Text, "*"))
		note("text with ?", len(v.Patterns) > 0 && strings.Contains(v.Text, "?"))
		note("text with escapes", len(v.Patterns) > 0 && strings.Contains(v.Text, `\`))
	}
	if v.Kind == rules.Number {
		note("integer", !strings.ContainsAny(v.Text, ".eE"))
		note("fraction", strings.Contains(v.Text, "."))
		note("exponent", strings.ContainsAny(v.Text, "eE"))
		note("negative", v.Number.Negative)
		note("leading zero", len(v.Text) > 1 && v.Text[0] == '0' && v.Text[1] != '.')
		note("beyond 64 bits", len(v.Text) > 20)
	}
	return list
}

// TestBytes holds that any bytes make something sound, and the same bytes the same.
func TestBytes(t *testing.T) {
	for seed := range uint64(200) {
		data := Seed(seed)[:seed*5]
		if _, err := parse(RuleFromBytes(data)); err != nil {
			t.Error(err)
		}
		made := RecordFromBytes(data)
		if end, ok := chunk.Skip(made, 0); !ok || end != len(made) || string(made) != string(RecordFromBytes(data)) {
			t.Errorf("%x: %x", data, made)
		}
	}
}

// TestBounded: bytes that always choose one more envelope make a record of bearable size; FuzzLadder once found one of 1.3 GB.
func TestBounded(t *testing.T) {
	for b := range 256 {
		for _, n := range []int{100, 1000, 4000} {
			for _, data := range [][]byte{bytes.Repeat([]byte{byte(b)}, n), append(Seed(uint64(b)), bytes.Repeat([]byte{byte(b)}, n)...)} {
				if size := len(RecordFromBytes(data)); size > 4<<20 {
					t.Errorf("%d bytes of %d: %d bytes", n, b, size)
				}
			}
		}
	}
}
