package pipeline

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sigmatrail/conf"

	"github.com/google/go-cmp/cmp"
)

// received is the time that the events of these tests were received at.
func received() time.Time { return time.Unix(0x65000000, 0).UTC() }

func suppressing(d string) func(*conf.Settings) {
	return func(s *conf.Settings) { s.Suppress = d }
}

// at is a record of StopLogging, at so many seconds past midnight, by the user of that ARN.
func at(seconds int, arn string) string {
	when := time.Date(2026, 11, 20, 0, 0, seconds, 0, time.UTC).Format(time.RFC3339)
	return stopWith(`"eventTime":"` + when + `","userIdentity":{"type":"IAMUser","arn":"` + arn + `"}`)
}

// marksOf are what an event says of suppression: notify, then the marks of its rules.
func marksOf(w outcome) string {
	text := w.Sigma.Notify
	for _, r := range w.Sigma.Rules {
		text += fmt.Sprintf(" %v/%d", r.First, r.Suppressed)
	}
	return strings.TrimSpace(text)
}

// TestSuppress goes through events one by one: what is first, what is a repetition, and what the next first one says of those.
func TestSuppress(t *testing.T) {
	const suppressed = "false/0"
	noTime := strings.Replace(at(0, "a"), "eventTime", "otherTime", 1)
	for _, test := range []struct {
		name   string
		by     string
		events []string
		want   []string
	}{
		{
			"a window, and the next one", "",
			[]string{at(0, "a"), at(1, "a"), at(59, "a"), at(60, "a"), at(61, "a"), at(200, "a"), at(400, "a")},
			[]string{"high true/0", suppressed, suppressed, "high true/2", suppressed, "high true/1", "high true/0"},
		},
		{
			"late records", "",
			[]string{at(100, "a"), at(99, "a"), at(41, "a"), at(40, "a"), at(100, "a")},
			[]string{"high true/0", suppressed, suppressed, "high true/2", "high true/0"},
		},
		{"other principals", "", []string{at(0, "a"), at(0, "b"), at(1, "a"), at(1, "b")}, []string{"high true/0", "high true/0", suppressed, suppressed}},
		{
			"other rules", "",
			[]string{at(0, "a"), strings.Replace(at(1, "a"), "{", `{"errorCode":"AccessDenied",`, 1), strings.Replace(at(2, "a"), "{", `{"errorCode":"AccessDenied",`, 1)},
			[]string{"high true/0", "low false/0 true/0", "false/0 false/0"},
		},
		{
			"none of the fields", "userIdentity.userName,other",
			[]string{at(0, "a"), at(1, "a"), strings.Replace(at(2, "a"), `"arn"`, `"userName"`, 1), strings.Replace(at(3, "a"), `"arn"`, `"userName"`, 1)},
			[]string{"high true/0", "high true/0", "high true/0", suppressed},
		},
		{
			"values that are empty or null are none", "x,y",
			[]string{stopWith(`"x":"","y":null`), stopWith(`"x":"","y":null`), stopWith(`"y":[]`), stopWith(`"x":[1,{"a":2}]`), stopWith(`"x":[1,{"a":2}]`), stopWith(`"y":[1,{"a":2}]`)},
			[]string{"high true/0", "high true/0", "high true/0", "high true/0", suppressed, "high true/0"},
		},
		{"without eventTime, when it was received", "", []string{noTime, noTime}, []string{"high true/0", suppressed}},
		{
			"several records", "",
			[]string{`{"Records":[` + at(0, "a") + "," + at(1, "a") + "," + at(2, "b") + `]}`, `{"Records":[` + at(3, "a") + "," + at(3, "b") + `]}`, at(4, "b"), `{"Records":[` + at(90, "a") + "," + at(90, "b") + `]}`},
			[]string{"high true/0", suppressed, suppressed, "high true/4"},
		},
		{
			"with an earlier tier, the highest of both", "",
			[]string{at(0, "a"), with(at(1, "a"), `{"level":"low","notify":"low","rules":[{"id":"x","first":true}]}`), with(at(100, "a"), `{"level":"low","notify":"low","rules":[{"id":"x","first":true}]}`)},
			[]string{"high true/0", "low false/0 true/0", "high true/1 true/0"},
		},
	} {
		for _, format := range formats() {
			for name, through := range doors() {
				t.Run(strings.ReplaceAll(test.name, ",", "")+"/"+format+"/"+name, func(t *testing.T) {
					e := engine(t, func(s *conf.Settings) {
						s.Suppress, s.Format = "1m", format
						if test.by != "" {
							s.SuppressBy = test.by
						}
					})
					var got []string
					for _, body := range test.events {
						w := readOutcome(t, through(t, e, body))
						got = append(got, marksOf(w))
						checkFlatMarks(t, w, format)
					}
					if diff := cmp.Diff(test.want, got); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

// checkFlatMarks holds that the format flat says at the top what the key does, and the others do not.
func checkFlatMarks(t *testing.T, w outcome, format string) {
	t.Helper()
	total, notify := 0, ""
	for _, r := range w.Sigma.Rules {
		total += r.Suppressed
	}
	count := ""
	if format == "flat" {
		if w.Sigma.Notify != "" {
			notify = `"` + w.Sigma.Notify + `"`
		}
		if total > 0 {
			count = fmt.Sprint(total)
		}
	}
	if string(w.top["sigma_notify"]) != notify || string(w.top["sigma_suppressed"]) != count {
		t.Errorf("sigma_notify is %s, sigma_suppressed %s, want %s and %s", w.top["sigma_notify"], w.top["sigma_suppressed"], notify, count)
	}
}

// TestSuppressOff writes none of the keys.
func TestSuppressOff(t *testing.T) {
	for _, format := range formats() {
		for name, through := range doors() {
			e := engine(t, func(s *conf.Settings) { s.Format = format })
			for range 2 {
				if out := through(t, e, at(0, "a")); strings.Contains(out, "first") || strings.Contains(out, "suppressed") || strings.Contains(out, "notify") {
					t.Errorf("%s, %s: %s", format, name, out)
				}
			}
		}
	}
}

// TestSuppressDefault: whom CloudTrail names in which way, and that accounts are kept apart.
func TestSuppressDefault(t *testing.T) {
	e := engine(t, suppressing("1h"))
	for _, who := range []string{
		`"userIdentity":{"type":"IAMUser","accountId":"111122223333","accessKeyId":"","userName":"alice"}`, // a failed sign-in
		`"userIdentity":{"type":"IAMUser","accountId":"111122223333","accessKeyId":"","userName":"bob"}`,
		`"userIdentity":{"type":"IAMUser","accountId":"111122223333","accessKeyId":"","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}`,
		`"userIdentity":{"type":"AWSAccount","accountId":"444455556666","principalId":"AIDAEXAMPLE1"}`,
		`"userIdentity":{"type":"AWSAccount","accountId":"444455556666","principalId":"AIDAEXAMPLE2"}`,
		`"userIdentity":{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}`,
		`"userIdentity":{"type":"AWSService","invokedBy":"ec2.amazonaws.com"},"recipientAccountId":"777788889999"`,
		`"userIdentity":{"type":"Root","accountId":"111122223333","arn":"arn:aws:iam::111122223333:root"}`,
		`"userIdentity":{"type":"AssumedRole","accountId":"111122223333","arn":"arn:aws:sts::111122223333:assumed-role/deploy/ci-1"}`,
		`"userIdentity":{"type":"AssumedRole","accountId":"111122223333","arn":"arn:aws:sts::111122223333:assumed-role/deploy/ci-2"}`,
		`"userIdentity":{"type":"SAMLUser","principalId":"x:y","userName":"y"}`,
	} {
		for i, want := range []string{"high true/0", "false/0"} {
			if got := marksOf(readOutcome(t, bodies(t, process(t, e, event(t, stopWith(who))))[0])); got != want {
				t.Errorf("%s, hit %d: %s", who, i, got)
			}
		}
	}
	if got := e.Tally(); got.Suppressed != 11 || got.Hits != 22 {
		t.Errorf("%+v", got)
	}
}

// TestSuppressECS finds the principal of a record in another form.
func TestSuppressECS(t *testing.T) {
	e := engine(t, func(s *conf.Settings) { s.Suppress, s.Fields = "1h", "ecs" })
	ecs := func(arn string) string {
		return `{"@timestamp":"2026-11-20T00:00:00Z","event":{"action":"StopLogging","provider":"cloudtrail.amazonaws.com"},"aws":{"cloudtrail":{"user_identity":{"arn":"` + arn + `"}}}}`
	}
	var got []string
	for _, body := range []string{ecs("a"), ecs("b"), ecs("a"), at(1, "b")} {
		got = append(got, marksOf(readOutcome(t, bodies(t, process(t, e, event(t, body)))[0])))
	}
	if diff := cmp.Diff([]string{"high true/0", "high true/0", "false/0", "false/0"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestSuppressUnwritten: hits that do not leave, for want of memory or by a fault, have not been: the next one is first, and counts no more than what was
// written.
func TestSuppressUnwritten(t *testing.T) {
	e := engine(t, suppressing("1m"))
	one := event(t, at(0, "a"))
	burst := append(append(event(t, at(100, "a")), event(t, at(101, "a"))...), event(t, at(102, "b"))...)
	next := func(data []byte) string { return marksOf(readOutcome(t, bodies(t, process(t, e, data))[0])) }
	fail := func() {
		if e.Process(burst, func(int) []byte { return nil }) != nil {
			t.Error("written")
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no fault")
				}
			}()
			e.Process(burst, func(int) []byte { panic("fault") })
		}()
	}
	fail()
	if got := next(one); got != "high true/0" {
		t.Errorf("before a window: %s", got)
	}
	if got := next(one); got != "false/0" {
		t.Errorf("in a window: %s", got)
	}
	fail()
	if got := next(event(t, at(30, "a"))); got != "false/0" {
		t.Errorf("the window has moved: %s", got)
	}
	if got := next(event(t, at(103, "b"))); got != "high true/0" {
		t.Errorf("another principal: %s", got)
	}
	if got := next(event(t, at(104, "a"))); got != "high true/2" {
		t.Errorf("the next window: %s", got)
	}
	if got := e.Tally(); got.Suppressed != 2 {
		t.Errorf("%+v", got)
	}
}

// TestSuppressBound: the window that began first is given up, and that is counted.
func TestSuppressBound(t *testing.T) {
	e := engine(t, suppressing("1m"))
	e.suppressor.most = 2
	var got []string
	for _, body := range []string{at(0, "a"), at(0, "b"), at(1, "a"), at(61, "a"), at(61, "c"), at(62, "a"), at(62, "b"), at(63, "c"), at(63, "a")} {
		got = append(got, marksOf(readOutcome(t, bodies(t, process(t, e, event(t, body)))[0])))
	}
	want := []string{
		"high true/0", "high true/0", "false/0", "high true/1",
		"high true/0", // b is given up, as a has begun anew
		"false/0",
		"high true/0", // a is given up
		"false/0", "high true/0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := e.Tally(); n.Forgotten != 3 || len(e.suppressor.windows) != 2 || e.suppressor.ages.Len() != 2 {
		t.Errorf("%+v, %d windows", n, len(e.suppressor.windows))
	}
	// More in one chunk than are remembered.
	var data []byte
	for i := range 10 {
		data = append(data, event(t, at(0, fmt.Sprint(i)))...)
	}
	if out := bodies(t, process(t, e, data)); marksOf(readOutcome(t, out[9])) != "high true/0" || len(e.suppressor.windows) != 2 {
		t.Errorf("%s, %d windows", out[9], len(e.suppressor.windows))
	}
}

// TestSuppressConcurrent: of what several threads see at a time, exactly one is first in each window, and no repetition is lost.
func TestSuppressConcurrent(t *testing.T) {
	e := engine(t, suppressing("1m"))
	const threads, rounds, principals = 8, 25, 3
	firsts := make(map[string]int)
	counted := 0
	for window := range 4 {
		var chunk []byte
		for p := range principals {
			chunk = append(chunk, event(t, at(100*window, fmt.Sprint(p)))...)
			chunk = append(chunk, event(t, at(100*window+1, fmt.Sprint(p)))...)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		for range threads {
			wg.Go(func() {
				for round := range rounds {
					if round%5 == 0 { // what fails has not been
						e.Process(chunk, func(int) []byte { return nil })
					}
					for _, body := range bodies(t, process(t, e, chunk)) {
						w := readOutcome(t, body)
						if r := w.Sigma.Rules[0]; r.First {
							mu.Lock()
							firsts[fmt.Sprint(window, string(w.top["userIdentity"]))]++
							counted += r.Suppressed
							mu.Unlock()
						}
					}
				}
			})
		}
		wg.Wait()
	}
	for key, n := range firsts {
		if n != 1 {
			t.Errorf("%s: %d are first", key, n)
		}
	}
	const each = threads*rounds*2 - 1 // repetitions in a window
	if len(firsts) != 4*principals || counted != 3*principals*each {
		t.Errorf("%d windows, %d repetitions told of, want %d", len(firsts), counted, 3*principals*each)
	}
	if n := e.Tally(); n.Suppressed != 4*principals*each {
		t.Errorf("%+v", n)
	}
}

// TestSuppressSplit: events that are taken apart are marked and flattened one by one, and what is not written has not been.
func TestSuppressSplit(t *testing.T) {
	e := engine(t, func(s *conf.Settings) {
		s.Suppress, s.Split, s.Emit, s.Flatten = "1m", true, "matches", "userIdentity"
	})
	data := append(event(t, `{"Records":[`+at(0, "a")+","+quiet+","+at(1, "a")+","+at(2, "b")+`]}`), event(t, quiet)...)
	if e.Process(data, func(int) []byte { return nil }) != nil {
		t.Error("written")
	}
	var got []string
	for _, body := range bodies(t, process(t, e, data)) {
		w := readOutcome(t, body)
		got = append(got, marksOf(w)+" "+string(w.top["userIdentity.arn"]))
	}
	if diff := cmp.Diff([]string{`high true/0 "a"`, `false/0 "a"`, `high true/0 "b"`}, got); diff != "" {
		t.Error(diff)
	}
	if n := e.Tally(); n.Suppressed != 1 || n.Unwritten != 1 {
		t.Errorf("%+v", n)
	}
	checkAccounts(t, e)
}

// TestSuppressReserved: with reserve_key nobody else says what is to be told of.
func TestSuppressReserved(t *testing.T) {
	for _, format := range formats() {
		for name, through := range doors() {
			e := engine(t, func(s *conf.Settings) { s.Suppress, s.ReserveKey, s.Format = "1m", true, format })
			through(t, e, at(0, "a"))
			w := readOutcome(t, through(t, e, with(at(1, "a"), `{"level":"critical","notify":"critical","rules":[{"id":"x","first":true}]}`)))
			if marksOf(w) != "false/0" || w.Sigma.Level != "high" {
				t.Errorf("%s, %s: %+v", format, name, w.Sigma)
			}
		}
	}
}
