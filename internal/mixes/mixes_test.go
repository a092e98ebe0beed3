package mixes

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

// open skips where there are no corpora.
func open(t *testing.T) *Shared {
	t.Helper()
	s, reason, ok := Open()
	if !ok {
		t.Skip(reason)
	}
	return s
}

func mixes(t *testing.T, s *Shared) []Mix {
	t.Helper()
	list, err := s.Mixes()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// objects decodes the records of a mix.
func objects(t *testing.T, m Mix) []*record.Object {
	t.Helper()
	var list []*record.Object
	var ev chunk.Event
	for w := chunk.NewWalker(m.Data); w.Next(&ev); {
		body, _ := record.Decode(m.Data, ev.BodyStart)
		o, _ := body.(*record.Object)
		if ev.Kind != chunk.Log || !ev.HasTime || o == nil || !record.IsRecord(o) {
			t.Fatalf("%s: %+v", m.Name, ev)
		}
		list = append(list, o)
	}
	if len(list) != m.Records {
		t.Fatalf("%s: %d of %d records", m.Name, len(list), m.Records)
	}
	return list
}

func TestMixes(t *testing.T) {
	var got []string
	for i, m := range mixes(t, open(t)) {
		list := objects(t, m)
		got = append(got, m.Name)
		if least := []int{1033, 2066, 310, 2170, 2000, 2000}[i]; m.Records != least {
			t.Errorf("%s: %d records", m.Name, m.Records)
		}
		sorted := 0
		for _, o := range list {
			if slices.IsSortedFunc(o.Members(), func(a, b record.Member) int { return strings.Compare(a.Key, b.Key) }) {
				sorted++
			}
		}
		if (m.Name == "sorted") != (sorted == m.Records) || (strings.HasSuffix(m.Name, "shuffled") && sorted > m.Records/40) {
			t.Errorf("%s: %d records are sorted", m.Name, sorted)
		}
		t.Logf("%-20s %5d records, %5d bytes each", m.Name, m.Records, len(m.Data)/m.Records)
	}
	if diff := cmp.Diff([]string{"management", "management/shuffled", "sorted", "sorted/shuffled", "data", "data/shuffled"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestShuffled holds that a shuffled mix has the same records: every rule says the same of them.
func TestShuffled(t *testing.T) {
	s := open(t)
	set, err := s.SigmaHQRules()
	if err != nil || len(set) != 57 {
		t.Fatalf("%d rules, %v", len(set), err)
	}
	o := oracle.New(set, record.DefaultAliases(), "sigma")
	list := mixes(t, s)
	for i := 0; i < len(list); i += 2 {
		plain, shuffled := objects(t, list[i]), objects(t, list[i+1])
		hit := 0
		for n := range plain {
			want := o.Match(plain[n], time.Time{})
			if diff := cmp.Diff(want, o.Match(shuffled[n], time.Time{})); diff != "" {
				t.Fatalf("%s %d: %s", list[i].Name, n, diff)
			}
			if len(want) > 0 {
				hit++
			}
		}
		t.Logf("%s: %d of %d records are hit", list[i].Name, hit, len(plain))
	}
}

func TestDataEvents(t *testing.T) {
	m := DataEvents(false)
	if string(m.Data) != string(DataEvents(false).Data) {
		t.Error("not the same twice")
	}
	deliveries, rest := m.Partition(func(body []byte) bool {
		o, _ := record.Decode(body, 0)
		identity, _ := o.(*record.Object).Get("userIdentity")
		return identity.(*record.Object).Text("type") == "AWSService" && o.(*record.Object).Text("eventName") == "PutObject"
	})
	if share := float64(deliveries.Records) / float64(m.Records); share < 0.84 || share > 0.86 || deliveries.Records+rest.Records != m.Records {
		t.Errorf("%d of %d", deliveries.Records, m.Records)
	}
	if len(deliveries.Data)+len(rest.Data) != len(m.Data) || len(objects(t, rest)) == 0 {
		t.Error("the parts are not the whole")
	}
}

func TestAppendValue(t *testing.T) {
	for text, want := range map[string]string{
		`[0,127,128,255,256,65535,65536,4294967295,4294967296]`: "\x99\x00\x7f\xcc\x80\xcc\xff\xcd\x01\x00\xcd\xff\xff\xce\x00\x01\x00\x00\xce\xff\xff\xff\xff\xcf\x00\x00\x00\x01\x00\x00\x00\x00",
		`[-1,-32,-33,-128,-129,-32768,-32769,-2147483649]`:      "\x98\xff\xe0\xd0\xdf\xd0\x80\xd1\xff\x7f\xd1\x80\x00\xd2\xff\xff\x7f\xff\xd3\xff\xff\xff\xff\x7f\xff\xff\xff",
		`{"a":null,"b":[true,false,0.5,18446744073709551615]}`:  "\x82\xa1a\xc0\xa1b\x94\xc3\xc2\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		packed, err := record.AppendMsgpack(nil, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		v, _ := record.Decode(packed, 0)
		if got := string(appendValue(nil, v)); got != want {
			t.Errorf("%s: %x", text, got)
		}
	}
}

// exactValues returns the values of the exact items of a field.
func exactValues(r *rules.Rule, field string) (list []string) {
	for _, s := range r.Searches {
		for _, g := range s.Groups {
			for _, i := range g.Items {
				if i.Field == field && isExact(i) {
					for _, v := range i.Values {
						list = append(list, v.Text)
					}
				}
			}
		}
	}
	return list
}

func TestCloned(t *testing.T) {
	s := open(t)
	seen := make(map[string]bool)
	var records []*record.Object
	for _, m := range mixes(t, s) {
		for _, o := range objects(t, m) {
			seen[o.Text("eventName")], seen[o.Text("eventSource")] = true, true
			records = append(records, o)
		}
	}
	for _, absent := range []bool{true, false} {
		const n = 500
		list, err := s.Cloned(n, 1, absent)
		if err != nil || len(list) != n {
			t.Fatalf("%d %v", len(list), err)
		}
		again, _ := s.Cloned(n, 1, absent)
		titles, present := make(map[string]bool), 0
		for i, r := range list {
			titles[r.Title] = true
			if diff := cmp.Diff(exactValues(r, "eventName"), exactValues(again[i], "eventName")); diff != "" {
				t.Fatal(diff)
			}
			for _, text := range append(exactValues(r, "eventName"), exactValues(r, "eventSource")...) {
				if seen[text] {
					present++
				}
			}
			for _, c := range r.Conditions {
				if parts := strings.Fields(c.String()); len(parts) == 1 && !slices.ContainsFunc(r.Searches, func(s *rules.Search) bool { return c == rules.Condition(rules.Ref{Search: s}) }) {
					t.Errorf("%s: its condition is not about its own searches", r.Title)
				}
			}
		}
		o := oracle.New(list, record.DefaultAliases(), "sigma")
		hits := 0
		for i := 0; i < len(records); i += 20 {
			hits += len(o.Match(records[i], time.Time{}))
		}
		t.Logf("absent %v: %d names are in the mixes, %d hits on every 20th record", absent, present, hits)
		if len(titles) != n || (absent && (present > 0 || hits > 0)) || (!absent && present == 0) {
			t.Errorf("absent %v: %d titles, %d names are in the mixes, %d hits", absent, len(titles), present, hits)
		}
	}
}

func TestCrowd(t *testing.T) {
	s, mix := open(t), DataEvents(false)
	list, err := s.Crowd(500, 1, mix)
	if err != nil || len(list) != 500 {
		t.Fatalf("%d %v", len(list), err)
	}
	for _, r := range list {
		for _, name := range exactValues(r, "eventName") {
			if !strings.Contains(string(mix.Data), name) {
				t.Fatalf("%s: no record is a %s", r.Title, name)
			}
		}
	}
}

func TestDataFile(t *testing.T) {
	text := DataFile(7, 20)
	var file struct{ Records []map[string]any }
	if err := json.Unmarshal(text, &file); err != nil || len(file.Records) != 20 || file.Records[3]["eventSource"] == nil {
		t.Errorf("%v\n%s", err, text)
	}
	if string(text) != string(DataFile(7, 20)) || string(text) == string(DataFile(8, 20)) {
		t.Error("the seed alone decides")
	}
}

// TestClonedIsDeep holds that clones share nothing that an evaluator might tell rules apart by.
func TestClonedIsDeep(t *testing.T) {
	list, err := open(t).Cloned(120, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[any]bool)
	note := func(p any) {
		if seen[p] {
			t.Fatalf("%T is shared", p)
		}
		seen[p] = true
	}
	originals := make(map[string]bool)
	for _, r := range list {
		originals[r.File] = true
		for _, s := range r.Searches {
			note(s)
			for _, g := range s.Groups {
				for _, i := range g.Items {
					note(i)
					for n := range i.Values {
						note(&i.Values[n])
					}
				}
			}
		}
	}
	t.Logf("%d rules are cloned", len(originals))
	if len(originals) < 40 {
		t.Errorf("%d rules are cloned", len(originals))
	}
}

func TestOpenElsewhere(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, reason, ok := Open(); ok || !strings.Contains(reason, "go.mod") {
		t.Errorf("%q %v", reason, ok)
	}
}
