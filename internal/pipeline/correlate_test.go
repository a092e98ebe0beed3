package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/correlate"
	"sigmatrail/internal/record"

	"github.com/google/go-cmp/cmp"
)

// manyText silences the rule Denied, which stands in the same file, and generates Stop; it fires on three refusals, and where refusals are few.
const manyText = ruleText + `---
title: Many
id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b21
level: critical
author: Somebody
tags: [attack.t1580]
correlation:
  type: event_count
  rules: [5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12]
  group-by: [userIdentity.arn]
  timespan: 10m
  condition: {gte: 3}
---
title: Stop Then Refused
id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b22
level: medium
correlation:
  type: temporal_ordered
  rules: [5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11, 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12]
  group-by: [recipientAccountId]
  timespan: 1h
generate: true
---
title: Few
id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b23
level: low
correlation:
  type: value_count
  rules: [5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12]
  group-by: [userIdentity.arn]
  timespan: 10m
  condition: {lt: 2, field: eventName}
`

// correlating returns an engine of the rules in a text, changed as settings say.
func correlating(t testing.TB, text string, change func(*conf.Settings)) *Engine {
	t.Helper()
	file := filepath.Join(t.TempDir(), "many.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return engine(t, func(s *conf.Settings) {
		s.Rules = file
		if change != nil {
			change(s)
		}
	})
}

// refused is a call that was refused, at a second of an hour.
func refused(second int, who, id string) string {
	return fmt.Sprintf(`{%s"eventName":"StartLogging","eventTime":"2026-11-20T08:%02d:%02dZ","errorCode":"AccessDenied","awsRegion":"eu-west-1","recipientAccountId":"1","eventID":"%s",`+
		`"userIdentity":{"arn":"%s"}}`, head, second/60, second%60, id, who)
}

// titlesOn returns the titles of the rules that were written on an event.
func titlesOn(t testing.TB, body string) (list []string) {
	t.Helper()
	var w struct {
		Sigma struct{ Rules []struct{ Title string } }
	}
	if err := json.Unmarshal([]byte(body), &w); err != nil {
		t.Fatal(err)
	}
	for _, r := range w.Sigma.Rules {
		list = append(list, r.Title)
	}
	return list
}

// TestCorrelations: a correlation is written on the record that completes it, with what made it, in all doors and formats; what it silences is not.
func TestCorrelations(t *testing.T) {
	const many = `{"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b21","title":"Many","level":"critical","author":"Somebody","tags":["attack.t1580"],"correlations":[` +
		`{"type":"event_count","timespan":600,"group":[{"field":"userIdentity.arn","value":"a"}],"count":3,"first":"2026-11-20T08:00:01Z","last":"2026-11-20T08:00:04Z",` +
		`"event_ids":["e1","e2","00000000-0000-4000-8000-00000000000a"]}]}`
	text, _, _ := strings.Cut(manyText, "---\ntitle: Stop Then")
	for name, through := range doors() {
		e := correlating(t, text, nil)
		for _, quiet := range []string{refused(1, "a", "e1"), refused(2, "a", "e2"), refused(2, "a", "e2"), refused(3, "b", "e3")} {
			if got := through(t, e, quiet); got != quiet {
				t.Errorf("%s: %s", name, got)
			}
		}
		last := refused(4, "a", "00000000-0000-4000-8000-00000000000a")
		want := with(last, `{"level":"critical","rules":[`+many+`],"tactics":[],"techniques":["T1580"]}`)
		for range 2 { // a chunk that is delivered again comes out the same
			if diff := cmp.Diff(want, through(t, e, last)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		if n := e.Tally(); n.Fired != 2 || n.Matched != 2 || n.Unmatched != 4 || e.RuleHits(2) != 2 || e.RuleHits(1) != 0 {
			t.Errorf("%s: %+v", name, n)
		}
		checkAccounts(t, e)
	}
}

// TestCorrelationWritten: min_level, formats, evidence and summaries hold for correlations as for rules; the choice of what is written changes nothing about what is
// correlated.
func TestCorrelationWritten(t *testing.T) {
	const many = "a was denied cloudtrail:StartLogging in 1/eu-west-1: AccessDenied; completes Many, 3 events since 2026-11-20T08:00:01Z"
	for _, format := range formats() {
		for name, through := range doors() {
			e := correlating(t, manyText, func(s *conf.Settings) {
				s.Format, s.MinLevel, s.Evidence, s.Summary, s.RuleFields = format, "critical", true, true, "tags"
			})
			through(t, e, refused(1, "a", "e1"))
			through(t, e, refused(2, "a", "e2"))
			w := readOutcome(t, through(t, e, refused(3, "a", "e3")))
			if w.Sigma.Level != "critical" || len(w.Sigma.Rules) != 1 || w.Sigma.Summary != many {
				t.Errorf("%s, %s: %+v", format, name, w.Sigma)
			}
			checkAccounts(t, e)
		}
	}
}

// TestCorrelationInside: the records of one event are events of their own for correlations.
func TestCorrelationInside(t *testing.T) {
	for _, split := range []bool{false, true} {
		e := correlating(t, manyText, func(s *conf.Settings) { s.Split = split })
		body := `{"Records":[` + refused(1, "a", "e1") + "," + refused(2, "a", "e2") + "," + refused(3, "a", "e3") + `]}`
		out := bodies(t, process(t, e, event(t, body)))
		all := slices.Concat(titlesOn(t, out[0]), titlesOn(t, out[len(out)-1]))
		if !slices.Contains(all, "Many") || (len(out) == 3) != split {
			t.Errorf("split %v: %q", split, out)
		}
		checkAccounts(t, e)
	}
}

// TestCorrelationWaits: a condition that waits fires on a later record, and again where that did not arrive.
func TestCorrelationWaits(t *testing.T) {
	e := correlating(t, manyText, func(s *conf.Settings) { s.CorrelationLateness, s.Summary = time.Minute, true })
	process(t, e, event(t, refused(1, "a", "e1")))
	later := event(t, refused(120, "b", "e2"))
	if e.Process(later, func(int) []byte { return nil }) != nil {
		t.Error("written without memory")
	}
	out, undo := e.ProcessTentatively(event(t, refused(121, "b", "e3")), func(n int) []byte { return make([]byte, n) })
	if got := bodies(t, out)[0]; !slices.Contains(titlesOn(t, got), "Few") || !strings.Contains(got, `; earlier: Few, 1 event since 2026-11-20T08:00:01Z"`) || undo == nil {
		t.Fatal(got)
	}
	undo()
	body := bodies(t, process(t, e, event(t, refused(122, "b", "e4"))))[0]
	if !slices.Contains(titlesOn(t, body), "Few") || !strings.Contains(body, `"waited":true`) || !strings.Contains(body, `"first":"2026-11-20T08:00:01Z"`) {
		t.Error(body)
	}
	if n := e.Tally(); n.Fired != 3 { // Few twice, as what is tried again counts again, and Many
		t.Errorf("fired %d times", n.Fired)
	}
}

// TestCorrelationWaitsUnwritten: what waited and is not to be written is owed to nobody, and counts once.
func TestCorrelationWaitsUnwritten(t *testing.T) {
	e := correlating(t, manyText, func(s *conf.Settings) { s.CorrelationLateness, s.MinLevel = time.Minute, "critical" })
	for i := range 20 {
		process(t, e, event(t, refused(i*120, fmt.Sprint("who", i), fmt.Sprint("e", i))))
	}
	if n := e.Tally(); n.Fired != 19 || len(e.owed.take()) != 0 {
		t.Errorf("%+v", n)
	}
}

// TestCorrelationWaitsElsewhere: what has waited is not about the record on which it is written: that is told neither as who did it, nor as whose repetition it is.
func TestCorrelationWaitsElsewhere(t *testing.T) {
	for name, through := range doors() {
		e := correlating(t, strings.Replace(manyText, "generate: true", "generate: false", 1), func(s *conf.Settings) {
			s.CorrelationLateness, s.Suppress, s.Summary, s.Format, s.Exclude = time.Minute, "1h", true, "flat", "5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b21"
		})
		through(t, e, refused(1, "a", "e1"))
		through(t, e, refused(2, "b", "e2"))
		through(t, e, refused(700, "a", "e3"))
		w := readOutcome(t, through(t, e, refused(1000, "c", "e4"))) // on which a fires again
		if len(w.Sigma.Rules) != 1 || marksOf(w) != "false/0" || !strings.HasPrefix(w.Sigma.Summary, "earlier: Few, ") || w.top["risk_object"] != nil {
			t.Errorf("%s: %s, %s", name, marksOf(w), w.top)
		}
		through(t, e, refused(1001, "d", "e5"))
		w = readOutcome(t, through(t, e, refused(1100, "c", "e6"))) // on which c fires and d
		if marksOf(w) != "low true/0" {
			t.Errorf("%s: %s, %s", name, marksOf(w), w.top)
		}
	}
}

// TestCorrelationBadText: an eventID that is no UTF-8 is written as such.
func TestCorrelationBadText(t *testing.T) {
	e := correlating(t, manyText, nil)
	for i := range 2 {
		process(t, e, event(t, refused(i, "a", fmt.Sprint("e", i))))
	}
	out := process(t, e, bytes.Replace(event(t, refused(3, "a", "e~")), []byte("e~"), []byte("e\xff"), 1))
	if !bytes.Contains(out, []byte("\xa2e1\xa4e\xef\xbf\xbd")) {
		t.Errorf("%q", out)
	}
}

// TestCorrelationUndated: a record without a time has that of its event, and without either takes no part.
func TestCorrelationUndated(t *testing.T) {
	e := correlating(t, manyText, nil)
	undated := func(id string) string {
		return strings.Replace(refused(1, "a", id), `"eventTime":"2026-11-20T08:00:01Z",`, "", 1)
	}
	process3 := func(frame string) (got []string) {
		for _, id := range []string{"e1", "e2", "e3"} {
			data, err := record.AppendMsgpack([]byte(frame), []byte(undated(id)))
			if err != nil {
				t.Fatal(err)
			}
			if out := process(t, e, data); out != nil {
				got = titlesOn(t, bodies(t, out)[0])
			}
		}
		return got
	}
	if got := process3("\x92\x92\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x00\x80"); !slices.Contains(got, "Many") {
		t.Error(got)
	}
	if n := e.Tally(); n.Undated != 0 {
		t.Errorf("%+v", n)
	}
	if process3("\xdd\x00\x00\x00\x02\xd3\x7f\xff\xff\xff\xff\xff\xff\xff"); e.Tally().Undated != 3 { // a time of no calendar is none
		t.Errorf("%+v", e.Tally())
	}
	var counts Counts
	d := e.NewJudge()
	packed, err := record.AppendMsgpack(nil, []byte(undated("e4")))
	if err != nil {
		t.Fatal(err)
	}
	j := d.Event(packed, time.Time{})
	if e.Correlate(&j, &counts); counts.Undated != 1 {
		t.Errorf("%+v", counts)
	}
}

// TestCorrelationsChangeNothingElse: what rules of other files hit is the same with and without correlations.
func TestCorrelationsChangeNothingElse(t *testing.T) {
	if _, err := os.Stat(sharedRules); err != nil {
		t.Skip("the shared rules are not there")
	}
	dir := t.TempDir()
	var text strings.Builder
	ids := 0
	for _, r := range load(t, sharedRules).Rules().Rules {
		if r.ID != "" {
			ids++
			fmt.Fprintf(&text, "title: C %s\nlevel: low\ncorrelation: {type: event_count, rules: [%s], group-by: [userIdentity.arn], timespan: 1h, condition: {gte: 2}}\n---\n", r.ID, r.ID)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "c.yml"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	plain, both := load(t, sharedRules), load(t, sharedRules+","+dir)
	seen, fired := 0, 0
	events(t, filepath.Join(sharedEvents, "*.ndjson"), func(text []byte) {
		data := event(t, string(text))
		var want, got []int
		for out, e := range map[*[]int]*Engine{&want: plain, &got: both} {
			s := e.borrow()
			packed := data[13:]
			if _, ok := s.own.projector.Record(packed, 0, 0); ok {
				j := s.judge(packed, 0, time.Time{}, &e.choice)
				var counts Tally
				e.correlate(&j, &s.waited, &counts)
				for _, v := range j.Verdicts {
					*out = append(*out, v.Hits...)
				}
			}
			e.giveBack(s)
		}
		n := len(plain.Rules().Rules)
		rules := slices.DeleteFunc(slices.Clone(got), func(hit int) bool { return hit >= n })
		fired += len(got) - len(rules)
		if seen++; !slices.Equal(want, rules) {
			t.Errorf("%v, want %v: %.200s", rules, want, text)
		}
	})
	if seen < 1900 || fired < 40 {
		t.Errorf("%d events, %d firings of %d correlations", seen, fired, ids)
	}
}

// TestNotices: what correlations had to forget, and what takes no part, is said, and not again and again.
func TestNotices(t *testing.T) {
	s := conf.Default()
	s.CorrelationMaxGroups, s.CorrelationMaxEvents = 8, 4
	state := correlate.NewState(StateOptions(s))
	e, err := NewCorrelatingEngine(s, correlating(t, manyText, nil).Program, state)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		process(t, e, event(t, strings.Replace(refused(i, fmt.Sprint("who", i%20), fmt.Sprint("e", i)), "userIdentity", "other", i%2)))
	}
	lines := strings.Join(e.Notices(), "\n")
	for _, want := range []string{"correlation_max_groups", `correlation "Many": 100 of 200 events lack a field`} {
		if !strings.Contains(lines, want) {
			t.Errorf("%q lacks %q", lines, want)
		}
	}
	if again := e.Notices(); len(again) > 0 {
		t.Error(again)
	}
	next, err := NewCorrelatingEngine(conf.Default(), e.Program, state) // as after a hot reload
	if err != nil {
		t.Fatal(err)
	}
	if again := next.Notices(); len(again) > 0 {
		t.Error(again)
	}
}
