package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sigmatrail/conf"
	"sigmatrail/internal/record"

	"github.com/google/go-cmp/cmp"
)

// engineFor makes an engine of the text of rules.
func engineFor(t testing.TB, text string, change func(*conf.Settings)) *Engine {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := conf.Default()
	s.Rules = file
	if change != nil {
		change(&s)
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	e, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// detecting is a rule of a detection, indented as below that key.
func detecting(detection string) string {
	return "title: T\nid: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11\nlevel: low\nlogsource: {service: cloudtrail}\ndetection:\n" + detection
}

// enriched returns what becomes of an event, on which both doors must write the same.
func enriched(t *testing.T, e *Engine, text string) *record.Object {
	t.Helper()
	data := event(t, text)
	out := process(t, e, data)
	if out == nil {
		t.Fatalf("no hit on %s", text)
	}
	var counts Counts
	body, err := record.AppendMsgpack(nil, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	j := e.NewJudge().Event(body, time.Time{})
	json, err := e.AppendJSON(nil, []byte(text), &j, &counts)
	if err != nil {
		t.Fatal(err)
	}
	var objects []*record.Object
	for _, door := range []string{bodies(t, out)[0], string(json)} {
		packed, err := record.AppendMsgpack(nil, []byte(door))
		if err != nil {
			t.Fatal(err)
		}
		v, _ := record.Decode(packed, 0)
		objects = append(objects, v.(*record.Object))
	}
	if diff := cmp.Diff(string(record.AppendJSON(nil, objects[0])), string(record.AppendJSON(nil, objects[1]))); diff != "" {
		t.Errorf("chunk and JSON differ: %s", diff)
	}
	return objects[0]
}

// at returns the JSON text of what stands at a path.
func valuesAt(o *record.Object, path string) string {
	var list []string
	for _, v := range o.At(path) {
		list = append(list, string(record.AppendJSON(nil, v)))
	}
	return strings.Join(list, " ")
}

// inFormats calls f with every format.
func inFormats(t *testing.T, f func(t *testing.T, format string)) {
	for _, format := range []string{"sigma", "ecs", "flat"} {
		t.Run(format, func(t *testing.T) { f(t, format) })
	}
}

// TestEvidence: each rule of a hit has the fields and values that satisfied it, in every format and through both doors.
func TestEvidence(t *testing.T) {
	inFormats(t, func(t *testing.T, format string) {
		e := engine(t, func(s *conf.Settings) { s.Evidence, s.Format, s.Key = true, format, "hits" })
		body := enriched(t, e, denied)
		want := `[{"field":"eventName","value":"StopLogging"}] [{"field":"errorCode","value":"AccessDenied"}]`
		if got := valuesAt(body, "hits.rules.evidence"); got != want {
			t.Error(got)
		}
		flat := ""
		if format == "flat" {
			flat = `["eventName=StopLogging","errorCode=AccessDenied"]`
		}
		if got := valuesAt(body, "hits_evidence"); got != flat {
			t.Error(got)
		}
		without := engine(t, func(s *conf.Settings) { s.Format = format })
		if got := valuesAt(enriched(t, without, denied), "sigma.rules.evidence") + valuesAt(enriched(t, without, denied), "sigma_evidence"); got != "" {
			t.Errorf("off: %s", got)
		}
	})
}

// TestEvidenceOfRecords: of several records in one event it is that of all that matched, each piece once; the record may stand in an envelope, as text, or
// in another form, whose fields are named as the rule names them.
func TestEvidenceOfRecords(t *testing.T) {
	inFormats(t, func(t *testing.T, format string) {
		e := engineFor(t, detecting("  s:\n    errorCode: [a, b]\n    eventName: N\n    userIdentity.arn|contains: x\n  condition: s\n"), func(s *conf.Settings) {
			s.Evidence, s.Format, s.Fields = true, format, "ecs"
		})
		one := func(code, arn string) string {
			return `{` + head + `"eventName":"N","errorCode":"` + code + `","userIdentity":{"arn":"` + arn + `"}}`
		}
		piece := func(pairs ...string) string {
			var list []string
			for i := 0; i < len(pairs); i += 2 {
				list = append(list, `{"field":"`+pairs[i]+`","value":"`+pairs[i+1]+`"}`)
			}
			return "[" + strings.Join(list, ",") + "]"
		}
		first := piece("errorCode", "a", "eventName", "N", "userIdentity.arn", "x1")
		for text, want := range map[string]string{
			`{"detail":` + one("a", "x1") + `}`:                                                                                       first,
			`{"message":"` + strings.ReplaceAll(one("a", "x1"), `"`, `\"`) + `"}`:                                                     first,
			`{"Records":[` + one("a", "x1") + `,` + one("c", "x2") + `,` + one("b", "x3") + `]}`:                                      piece("errorCode", "a", "eventName", "N", "userIdentity.arn", "x1", "errorCode", "b", "userIdentity.arn", "x3"),
			`{"event":{"action":"N","provider":"s3.amazonaws.com"},"aws.cloudtrail":{"error_code":"A","user_identity":{"arn":"X1"}}}`: piece("errorCode", "A", "eventName", "N", "userIdentity.arn", "X1"),
		} {
			if got := valuesAt(enriched(t, e, text), "sigma.rules.evidence"); got != want {
				t.Errorf("%s:\n%s, want\n%s", text, got, want)
			}
		}
	})
}

// TestNoEvidence: a rule that holds by what is absent, and one that it would take too long to prove, are written without.
func TestNoEvidence(t *testing.T) {
	inFormats(t, func(t *testing.T, format string) {
		var many strings.Builder
		for i := range 3000 {
			fmt.Fprintf(&many, "      - 'absent %d'\n", i)
		}
		for name, detection := range map[string]string{
			"absent": "  s:\n    errorCode: null\n  f:\n    eventID: x\n  condition: s and not f\n",
			"costly": "  s:\n    requestParameters.text|contains:\n" + many.String() + "      - end\n  condition: s\n",
		} {
			e := engineFor(t, detecting(detection), func(s *conf.Settings) { s.Evidence, s.Format = true, format })
			body := enriched(t, e, `{`+head+`"eventName":"N","requestParameters":{"text":"`+strings.Repeat("a", 4000)+`end"}}`)
			if got := valuesAt(body, "sigma.rules.evidence") + valuesAt(body, "sigma_evidence"); got != "" || valuesAt(body, "sigma.rules.title")+valuesAt(body, "sigma.rules.id") == "" {
				t.Errorf("%s: %s", name, valuesAt(body, "sigma"))
			}
		}
	})
}

// TestEvidenceIsBounded: values are cut, there are no more than so many of them, and what is not UTF-8 does not spoil the record.
func TestEvidenceIsBounded(t *testing.T) {
	inFormats(t, func(t *testing.T, format string) {
		e := engineFor(t, detecting("  s:\n    requestParameters.a|contains: needle\n  condition: s\n"), func(s *conf.Settings) { s.Evidence, s.Format = true, format })
		var list []string
		for i := range 40 {
			list = append(list, fmt.Sprintf(`"%sneedle %d%s"`, strings.Repeat("é", 40*i), i, strings.Repeat("ü", 300)))
		}
		body := enriched(t, e, `{`+head+`"eventName":"N","requestParameters":{"a":[`+strings.Join(list, ",")+`]}}`)
		values := body.At("sigma.rules.evidence.value")
		for i, v := range values {
			text := v.(string)
			if len(text) > 256 || len(text) < 250 || !strings.Contains(text, "needle") || !strings.HasSuffix(text, "ü…") || strings.HasPrefix(text, "…") != (i > 0) {
				t.Errorf("%d: %d bytes, %q", i, len(text), text)
			}
		}
		if len(values) != 16 {
			t.Errorf("%d pieces", len(values))
		}
		packed := event(t, `{`+head+`"eventName":"N","requestParameters":{"a":"12needle3"}}`)
		i := strings.Index(string(packed), "12needle3")
		packed[i], packed[i+8] = 0xff, 0xc3
		out := process(t, e, packed)
		if got := bodies(t, out)[0]; !strings.Contains(got, `"value":"`+"\uFFFD2needle\uFFFD"+`"`) {
			t.Errorf("%q", got)
		}
	})
}

// TestClip: a text is cut around what was found, between characters, to no more than it may have.
func TestClip(t *testing.T) {
	for _, unit := range []string{"a", "é", "日", "🙂", "\xff", "a\xff", "aé日🙂"} {
		for n := range 400 {
			text := strings.Repeat(unit, n)
			for _, at := range []int{0, len(text) / len(unit) / 2 * len(unit), max(0, len(text)-len(unit))} {
				got := clip(text, at)
				whole := strings.ToValidUTF8(text, "\uFFFD")
				core := strings.TrimSuffix(strings.TrimPrefix(got, "…"), "…")
				if !utf8.ValidString(got) || len(got) > 256 || !strings.Contains(whole, core) && utf8.ValidString(text) || (got == whole) != (len(whole) <= 256) && utf8.ValidString(text) {
					t.Fatalf("%q × %d at %d: %d bytes, %q", unit, n, at, len(got), got)
				}
				if len(whole) > 400 && len(got) < 240 {
					t.Fatalf("%q × %d at %d: only %d bytes", unit, n, at, len(got))
				}
			}
		}
	}
	for at := range 1000 {
		text := strings.Repeat("-", at) + "X" + strings.Repeat("-", 999-at)
		if got := clip(text, at); !strings.Contains(got, "X") || len(got) != 256 {
			t.Fatalf("%d: %q", at, got)
		}
	}
}

// TestEvidenceStandsIn: the time of the event, where a rule took that.
func TestEvidenceStandsIn(t *testing.T) {
	e := engineFor(t, detecting("  s:\n    eventTime|year: 2023\n  condition: s\n"), func(s *conf.Settings) { s.Evidence = true })
	out := process(t, e, event(t, quiet)) // its frame is of 2023
	if got := bodies(t, out); len(got) != 1 || !strings.Contains(got[0], `"evidence":[{"field":"eventTime","value":"2023-09-`) {
		t.Error(got)
	}
	packed, err := record.AppendMsgpack(nil, []byte(quiet))
	if err != nil {
		t.Fatal(err)
	}
	j := e.NewJudge().Event(packed, time.Date(2023, 1, 2, 3, 4, 5, 0, time.UTC))
	var counts Counts
	text, err := e.AppendJSON(nil, []byte(quiet), &j, &counts)
	if err != nil || !strings.Contains(string(text), `"value":"2023-01-02T03:04:05Z"`) {
		t.Errorf("%s %v", text, err)
	}
}

// TestEvidenceAgain: a second pass replaces the evidence of a rule that hits again.
func TestEvidenceAgain(t *testing.T) {
	e := engine(t, func(s *conf.Settings) { s.Evidence = true })
	once := process(t, e, event(t, denied))
	twice := process(t, e, once)
	if diff := cmp.Diff(bodies(t, once), bodies(t, twice)); diff != "" {
		t.Error(diff)
	}
}

// TestEvidenceOnSharedEvents: on all shared events both doors write the same evidence in every format, a hit has as many rules as without it, and a rule
// that asks for anything that is there has some.
func TestEvidenceOnSharedEvents(t *testing.T) {
	if _, err := os.Stat(sharedEvents); err != nil {
		t.Skipf("skipped: %s is not there", sharedEvents)
	}
	inFormats(t, func(t *testing.T, format string) {
		s := conf.Default()
		s.Rules, s.Format = sharedRules, format
		plain, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		s.Evidence = true
		e, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		entries, pieces := 0, 0
		d := e.NewJudge()
		events(t, sharedEvents+"/*.ndjson", func(text []byte) {
			packed, err := record.AppendMsgpack(nil, text)
			if err != nil {
				t.Fatal(err)
			}
			if j := d.Event(packed, time.Time{}); !j.Hit() {
				return
			}
			body, without := enriched(t, e, string(text)), enriched(t, plain, string(text))
			if valuesAt(body, "sigma.rules.id") != valuesAt(without, "sigma.rules.id") {
				t.Errorf("%s: other rules", text)
			}
			found := len(body.At("sigma.rules.evidence"))
			if found != len(body.At("sigma.rules.id")) {
				t.Errorf("%s: %s", text, valuesAt(body, "sigma.rules"))
			}
			entries += found
			pieces += len(body.At("sigma.rules.evidence.value"))
		})
		if entries < 300 || pieces < 2*entries-entries/2 {
			t.Errorf("%d rules on events, %d pieces of evidence", entries, pieces)
		}
		t.Logf("%d rules on events, %d pieces of evidence", entries, pieces)
	})
}

// TestEvidenceIsTheEvents: evidence of one event is not that of the next, though the same rules hit both.
func TestEvidenceIsTheEvents(t *testing.T) {
	inFormats(t, func(t *testing.T, format string) {
		e := engineFor(t, detecting("  s:\n    eventID: [e1, e2]\n  condition: s\n"), func(s *conf.Settings) { s.Evidence, s.Format = true, format })
		var data []byte
		for _, text := range []string{stop, denied, quiet, stop} {
			data = append(data, event(t, text)...)
		}
		got := bodies(t, process(t, e, data))
		for i, id := range []string{"e1", "e2", "", "e1"} {
			if id == "" {
				if got[i] != quiet {
					t.Error(got[i])
				}
				continue
			}
			if strings.Count(got[i], `"evidence":[{"field":"eventID","value":"`+id+`"}]`) != 1 {
				t.Error(got[i])
			}
			if format == "flat" && strings.Count(got[i], `"sigma_evidence":["eventID=`+id+`"]`) != 1 {
				t.Error(got[i])
			}
		}
	})
	off := engine(t, nil)
	if off.prover != nil {
		t.Error("there is an oracle without evidence")
	}
}
