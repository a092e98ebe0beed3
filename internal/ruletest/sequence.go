package ruletest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"sigmatrail/correlate"
	"sigmatrail/internal/explain"
	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// How a case over time is run beside the order of its times.
const (
	// shuffles is in how many orders of arrival.
	shuffles = 8
	// lateness is how much later than others a record comes then.
	lateness = 15 * time.Minute
)

// sequence is the events of a case over time, in the order of its steps, with what the rules say of them.
type sequence struct {
	set     *rules.Set
	events  []occurred
	inOrder []int               // indexes, by time
	want    []oracle.Correlated // by the oracle
}

// occurred is one of the events.
type occurred struct {
	oracle.Occurrence

	step   *step
	number int // in its step, from 0
	region string
	packed []byte
	found  record.Found
}

// newSequence judges the events of the steps by judge, which finds one record in each. ok is false where one cannot be judged.
func newSequence(set *rules.Set, steps []step, judge func(e *event) (found []record.Found, hits []int, ok bool), texts func(record.Found, string) []string) (*sequence, bool) {
	s := &sequence{set: set}
	for i := range steps {
		for n := range steps[i].events {
			e := &steps[i].events[n]
			found, hits, ok := judge(&e.event)
			if !ok {
				return nil, false
			}
			f := found[0]
			packed, err := record.AppendMsgpack(nil, e.json)
			if err != nil {
				return nil, false // unreachable: it was judged
			}
			account := f.Text("recipientAccountId")
			if account == "" {
				account = f.Text("userIdentity.accountId")
			}
			s.inOrder = append(s.inOrder, len(s.events))
			s.events = append(s.events, occurred{
				Occurrence: oracle.Occurrence{
					Time: e.time, Account: account, ID: f.Text("eventID"), Rules: hits, Values: func(field string) []string { return texts(f, field) },
				},
				step: &steps[i], number: n, region: f.Text("awsRegion"), packed: packed, found: f,
			})
		}
	}
	slices.SortStableFunc(s.inOrder, func(a, b int) int { return s.events[a].Time.Compare(s.events[b].Time) })
	return s, true
}

func (s *sequence) occurrences() []oracle.Occurrence {
	list := make([]oracle.Occurrence, 0, len(s.events))
	for i := range s.events {
		list = append(list, s.events[i].Occurrence)
	}
	return list
}

// feed gives the events to the correlations in an order, and returns what fires on each. What has waited is told of the event that it is about.
func (s *sequence) feed(order []int, o correlate.Options) [][]correlate.Firing {
	c := correlate.NewCorrelator(correlate.Compile(s.set), correlate.NewState(o))
	defer c.Close()
	fired := make([][]correlate.Firing, len(s.events))
	var firings []correlate.Firing
	note := func(on int) {
		for _, f := range firings {
			at := on
			if f.Waited {
				at = int(f.Serial) - 1 //nolint:gosec // an index of ours
			}
			fired[at] = append(fired[at], f)
		}
		firings = firings[:0]
	}
	for _, i := range order {
		e := &s.events[i]
		firings = c.Apply(firings, &correlate.Event{
			Time: e.Time, Account: e.Account, Region: e.region, ID: e.ID, Rules: e.Rules, Values: e.Values, Serial: uint64(i + 1), //nolint:gosec // not negative
		})
		note(i)
	}
	firings = c.Flush(firings)
	note(0)
	return fired
}

// scanned is what fires as in files, which are read to their end and judged in the order of time.
func (s *sequence) scanned() [][]correlate.Firing { return s.feed(s.inOrder, correlate.Options{}) }

// flight is how correlations work in flight, at a time when all events have happened.
func (s *sequence) flight() correlate.Options {
	now := s.now()
	return correlate.Options{Lateness: lateness, Now: func() time.Time { return now }}
}

func (s *sequence) now() time.Time { return s.events[s.inOrder[len(s.inOrder)-1]].Time.Add(lateness) }

// shuffled is an order in which the events may arrive: each comes at most lateness after it has happened. Records of one step that are the same stay in their order.
func (s *sequence) shuffled(seed uint64) []int {
	random := rand.New(rand.NewPCG(seed, uint64(len(s.events))))
	arrival := make([]time.Time, len(s.events))
	for i := range arrival {
		arrival[i] = s.events[i].Time.Add(time.Duration(random.Int64N(int64(lateness))))
	}
	order := slices.Clone(s.inOrder)
	slices.SortStableFunc(order, func(a, b int) int { return arrival[a].Compare(arrival[b]) })
	return order
}

// firesOn reports whether any of some correlations fires on an event.
func firesOn(fired [][]correlate.Firing, event int, about []int) bool {
	return slices.ContainsFunc(fired[event], func(f correlate.Firing) bool { return slices.Contains(about, f.Correlation) })
}

// wrong is a step of which a correlation says otherwise than it must.
type wrong struct {
	step  *step
	event int // on which it fires and must not, or the other way round
	must  bool
	about []int
}

// wrongs are the steps in which the correlations do not fire where they must, or where they must not. about returns the correlations that a step is about.
func (s *sequence) wrongs(fired [][]correlate.Firing, about func(*step) []int) (list []wrong) {
	for i := range s.events {
		e := &s.events[i]
		must := e.step.fires && e.number == len(e.step.events)-1
		if of := about(e.step); firesOn(fired, i, of) != must {
			list = append(list, wrong{e.step, i, must, of})
		}
	}
	return list
}

// sequence runs a case over time.
func (j *judging) sequence() {
	s, ok := j.prepareSteps()
	if !ok {
		return
	}
	s.want = oracle.Correlate(j.Set, s.occurrences())
	fired := s.scanned()
	j.tellWrong(s, fired)
	j.holdSequence(s, fired)
}

// prepareSteps finds what the steps are about and judges their events.
func (j *judging) prepareSteps() (*sequence, bool) {
	for i := range j.c.steps {
		if !j.correlations(&j.c.steps[i]) {
			return nil, false
		}
	}
	return newSequence(j.Set, j.c.steps, func(e *event) ([]record.Found, []int, bool) {
		v, ok := j.judge(e)
		if ok && len(v.found) != 1 {
			j.fail(NoRecord, "", "an event of a step holds %d CloudTrail records; it must be one", len(v.found))
			ok = false
		}
		return v.found, v.hits, ok
	}, j.explainer.Texts)
}

// correlations finds the correlations that a step is about: those that it or its case names, or those of the file which report.
func (j *judging) correlations(st *step) bool {
	if j.about == nil {
		j.about = make(map[*step][]int)
	}
	name := st.rule
	if name == "" {
		name = j.c.want.rule
	}
	if name == "" {
		_, silent := j.Set.Silenced()
		for i, c := range j.Set.Correlations {
			if j.own(c.Rule) && !silent[i] {
				j.about[st] = append(j.about[st], i)
			}
		}
		if len(j.about[st]) == 0 {
			j.failStep(st, Invalid, "", "there is no correlation that could fire")
		}
		return len(j.about[st]) > 0
	}
	list := make([]*rules.Rule, 0, len(j.Set.Correlations))
	for _, c := range j.Set.Correlations {
		list = append(list, c.Rule)
	}
	j.about[st] = explain.Named(list, name)
	if len(j.about[st]) == 0 {
		hint := ""
		if best := explain.Nearest(list, name); best != "" {
			hint = fmt.Sprintf("did you mean %q?", best)
		}
		j.failStep(st, Invalid, hint, "no correlation has the id, name or title %q", name)
		return false
	}
	return true
}

// failStep reports what is wrong with a step.
func (j *judging) failStep(st *step, code rules.Code, hint, format string, args ...any) {
	j.result.Problems = append(j.result.Problems, rules.Problem{
		Position: st.at, Source: st.source, Code: code, Message: j.c.name + ", " + st.name + ": " + fmt.Sprintf(format, args...), Hint: hint,
	})
}

// holdSequence holds correlations to the oracle, in order, in flight, in other orders of arrival, and as the engine writes them.
func (j *judging) holdSequence(s *sequence, inOrder [][]correlate.Firing) {
	differ := func(how, what string) {
		if what != "" {
			j.fail(Differs, "this is a fault of sigmatrail's; please report it with the rules and the case", "%s: %s", how, what)
		}
	}
	differ("judged in the order of time", s.disagree(inOrder))
	flight := s.feed(s.inOrder, s.flight())
	differ("in flight", s.disagree(flight))
	if what := s.another(inOrder, flight); what != "" {
		differ("in flight and in the order of time", what)
	}
	for seed := range uint64(shuffles) {
		order := s.shuffled(seed)
		if slices.Equal(order, s.inOrder) {
			continue
		}
		if what := s.disagree(s.feed(order, s.flight())); what != "" {
			differ("arriving in the order "+s.spell(order), what)
			break
		}
	}
	if j.Correlate != nil {
		packed := make([][]byte, 0, len(s.events))
		for _, i := range s.inOrder {
			packed = append(packed, s.events[i].packed)
		}
		differ("by the engine", s.engineDiffers(j.Correlate(packed, s.now()), flight))
	}
}

// another says where two runs differ, or returns "".
func (s *sequence) another(a, b [][]correlate.Firing) string {
	for i := range s.events {
		for c := range s.set.Correlations {
			if of := []int{c}; firesOn(a, i, of) != firesOn(b, i, of) {
				return fmt.Sprintf("%q fires on %s in one of them", s.set.Correlations[c].Title, s.place(i))
			}
		}
	}
	return ""
}

// engineDiffers says where what an engine has written, by event in the order of time, is not what fires, or returns "". What has waited is written on other events,
// and what reports only through others is not written.
func (s *sequence) engineDiffers(written [][]int, fired [][]correlate.Firing) string {
	_, silent := s.set.Silenced()
	for n, i := range s.inOrder {
		for c, of := range s.set.Correlations {
			fires := slices.ContainsFunc(fired[i], func(f correlate.Firing) bool { return f.Correlation == c })
			if silent[c] || s.waits(c) {
				continue
			}
			if slices.Contains(written[n], c) != fires {
				return fmt.Sprintf("%q fires on %s: %v", of.Title, s.place(i), !fires)
			}
		}
	}
	return ""
}

// spell names events in an order.
func (s *sequence) spell(order []int) string {
	parts := make([]string, 0, len(order))
	for _, i := range order {
		parts = append(parts, s.clock(s.events[i].Time))
	}
	return strings.Join(parts, ", ")
}

// place names an event by its step and time.
func (s *sequence) place(i int) string {
	e := &s.events[i]
	if len(e.step.events) == 1 {
		return fmt.Sprintf("the event of %s, at %s", e.step.name, s.clock(e.Time))
	}
	return fmt.Sprintf("event %d of %d of %s, at %s", e.number+1, len(e.step.events), e.step.name, s.clock(e.Time))
}

// clock writes a time, without its day where all events are of one.
func (s *sequence) clock(t time.Time) string {
	first, last := s.events[s.inOrder[0]].Time, s.events[s.inOrder[len(s.inOrder)-1]].Time
	t = t.UTC()
	if first.UTC().Format(time.DateOnly) == last.UTC().Format(time.DateOnly) {
		return t.Format("15:04:05.999")
	}
	return t.Format("2006-01-02 15:04:05.999")
}
