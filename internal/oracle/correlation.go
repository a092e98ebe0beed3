package oracle

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// Occurrence is a record that rules have hit, as correlations look at it.
type Occurrence struct {
	Time time.Time
	// Account and ID are the record's recipientAccountId and eventID: records with the same ones are one, but those without an ID, which are always others.
	Account, ID string
	// Rules are the rules that hit it, by index into the set's.
	Rules []int
	// Values returns the texts that it has for a field, one for each element of an array.
	Values func(field string) []string
}

// Correlated is what a correlation makes of some records.
type Correlated struct {
	// Waits is set where more events can make the condition false, so that it is judged when all have come.
	Waits  bool
	Groups []Group
}

// Group is the events of a correlation that have the same values for its group-by.
type Group struct {
	// Values are those of group-by, in its order.
	Values []string
	// Windows are the trailing windows of which the condition is true, by Last: all events of the group from one timespan before the time of an event up to that.
	Windows []Window
}

// Window is a run of events of which the condition of a correlation is true.
type Window struct {
	// First and Last are the times of its first and last event.
	First, Last time.Time
	Events      int
	// Rises is set where the condition was not true of the trailing window of the event time before, or where that time is not in this window.
	Rises bool
	// Records are those at Last, by index: each of them completes the window.
	Records []int
}

// Episode is a run of windows of which each overlaps the one before.
type Episode struct{ First, Last time.Time }

// Episodes returns the longest runs of windows that overlap, of a correlation with that timespan.
func (g *Group) Episodes(timespan time.Duration) (list []Episode) {
	for i, w := range g.Windows {
		if i > 0 && w.Last.Sub(g.Windows[i-1].Last) <= timespan {
			list[len(list)-1].Last = w.Last
		} else {
			list = append(list, Episode{w.First, w.Last})
		}
	}
	return list
}

// Correlate evaluates the correlations of s on all records there are, in any order: on every window of every group, event by event. The result is by index into
// s.Correlations.
func Correlate(s *rules.Set, records []Occurrence) []Correlated {
	j := &correlationJudge{set: s, done: make(map[int]*correlated)}
	known := make(map[[2]string]bool)
	for i := range records {
		key := [2]string{records[i].Account, records[i].ID}
		if records[i].ID == "" || !known[key] {
			j.records = append(j.records, occurrence{&records[i], i})
		}
		known[key] = true
	}
	out := make([]Correlated, len(s.Correlations))
	for i := range s.Correlations {
		c := j.correlate(i)
		out[i].Waits = c.waits
		for _, g := range c.groups {
			out[i].Groups = append(out[i].Groups, Group{Values: g.values, Windows: g.windows})
		}
	}
	return out
}

// occurrence is a record with its index.
type occurrence struct {
	*Occurrence

	index int
}

type correlationJudge struct {
	set     *rules.Set
	records []occurrence
	done    map[int]*correlated
}

// correlated is a correlation with its events.
type correlated struct {
	*rules.Correlation

	waits    bool
	resolved []rules.Referents
	groups   []*correlatedGroup
}

type correlatedGroup struct {
	values  []string
	events  []*happening
	windows []Window
}

// happening is an event of a correlation in one of its groups: a record, or a window of which a correlation that it refers to is true.
type happening struct {
	at   time.Time
	name string // happenings of one name are one
	// inner is the correlation, with its group, of whose windows it is one, or "", and reach that correlation's timespan.
	inner string
	reach time.Duration
	// places are the references, by index, whose rules or correlations it is one of.
	places  map[int]bool
	tuples  map[string]bool
	numbers []*big.Rat
	sources map[string]bool // fields whose numbers are in numbers
	// faces are the record itself, or those that complete the window.
	faces []face
}

// face is a record with what a field is in it.
type face struct {
	record int
	values func(field string) []string
}

func (j *correlationJudge) correlate(i int) *correlated {
	if c := j.done[i]; c != nil {
		return c
	}
	c := &correlated{Correlation: j.set.Correlations[i], resolved: j.set.Resolve(j.set.Correlations[i])}
	j.done[i] = c
	c.waits = c.canBecomeFalse()
	for _, rec := range j.records {
		for place, refers := range c.resolved {
			for _, r := range rec.Rules {
				if slices.Contains(refers.Rules, r) {
					c.take(happening{at: rec.Time, name: fmt.Sprint("record ", rec.index)}, place, j.set.Rules[r], face{rec.index, rec.Values})
				}
			}
		}
	}
	for place, refers := range c.resolved {
		for _, inner := range refers.Correlations {
			c.takeWindows(j.correlate(inner), inner, place)
		}
	}
	for _, g := range c.groups {
		slices.SortStableFunc(g.events, func(a, b *happening) int { return a.at.Compare(b.at) })
		g.windows = c.windows(g)
	}
	return c
}

// canBecomeFalse reports whether more events can make the condition false.
func (c *correlated) canBecomeFalse() bool {
	if c.Type == "value_avg" || c.Type == "value_percentile" || (c.Expression != nil && strings.Contains(" "+c.Expression.String()+" ", "not ")) {
		return true
	}
	for _, b := range c.Bounds {
		if b.Op != "gt" && b.Op != "gte" {
			return true
		}
	}
	counts := c.Type == "event_count" || c.Type == "value_sum"
	return counts && slices.ContainsFunc(c.resolved, func(r rules.Referents) bool { return len(r.Correlations) > 0 })
}

// takeWindows makes events of the windows of a correlation.
func (c *correlated) takeWindows(inner *correlated, index, place int) {
	for _, g := range inner.groups {
		own := func(f face) face {
			return face{f.record, func(field string) []string {
				if i := slices.Index(inner.GroupBy, field); i >= 0 {
					return g.values[i : i+1]
				}
				return f.values(field)
			}}
		}
		for _, w := range g.windows {
			who := fmt.Sprintf("%d %q", index, g.values)
			h := happening{at: w.Last, name: fmt.Sprint(who, w.Last.UnixNano()), inner: who, reach: inner.Timespan}
			for _, e := range g.events {
				if !e.at.Equal(w.Last) {
					continue
				}
				for _, f := range e.faces {
					c.take(h, place, inner.Rule, own(f))
				}
			}
		}
	}
}

// fields returns what fields are called in the events of r.
func (c *correlated) fields(names []string, r *rules.Rule) (list []string) {
	for _, name := range names {
		for _, a := range c.Aliases {
			for _, f := range a.Fields {
				if a.Name == name && r.Called(f.Rule) {
					name = f.Field
				}
			}
		}
		list = append(list, name)
	}
	return list
}

// take adds a happening to each group that it belongs to, or what is new about it where it is there already.
func (c *correlated) take(h happening, place int, r *rules.Rule, f face) {
	fields := c.fields(c.Fields, r)
	tuples, numbers := everyTuple(fields, f.values), c.numbers(fields, f.values)
	switch {
	case c.Type == "value_count" && len(tuples) == 0, strings.HasPrefix(c.Type, "value_") && c.Type != "value_count" && len(numbers) == 0:
		return
	}
	for _, values := range everyTuple(c.fields(c.GroupBy, r), f.values) {
		e := c.group(values).event(h)
		e.places[place] = true
		for _, t := range tuples {
			e.tuples[fmt.Sprintf("%q", t)] = true
		}
		source := fmt.Sprintf("%q", fields)
		for _, n := range numbers {
			switch {
			case h.inner != "": // each number once, however many records complete the window
				if !slices.ContainsFunc(e.numbers, func(o *big.Rat) bool { return o.Cmp(n) == 0 }) {
					e.numbers = append(e.numbers, n)
				}
			case !e.sources[source]:
				e.numbers = append(e.numbers, n)
			}
		}
		e.sources[source] = true
		e.faces = append(e.faces, f)
	}
}

func (c *correlated) group(values []string) *correlatedGroup {
	for _, g := range c.groups {
		if slices.Equal(g.values, values) {
			return g
		}
	}
	c.groups = append(c.groups, &correlatedGroup{values: values})
	return c.groups[len(c.groups)-1]
}

func (g *correlatedGroup) event(h happening) *happening {
	for _, e := range g.events {
		if e.name == h.name {
			return e
		}
	}
	h.places, h.tuples, h.sources = make(map[int]bool), make(map[string]bool), make(map[string]bool)
	g.events = append(g.events, &h)
	return &h
}

// everyTuple returns each way to take one value for each field.
func everyTuple(fields []string, values func(string) []string) [][]string {
	list := [][]string{{}}
	for _, f := range fields {
		var longer [][]string
		for _, head := range list {
			for _, v := range values(f) {
				if t := append(slices.Clone(head), v); !slices.ContainsFunc(longer, func(o []string) bool { return slices.Equal(o, t) }) {
					longer = append(longer, t)
				}
			}
		}
		list = longer
	}
	return list
}

// numbers returns the numbers of a field; the negative ones do not count where that would make the sum smaller while it is judged at once.
func (c *correlated) numbers(fields []string, values func(string) []string) (list []*big.Rat) {
	if !strings.HasPrefix(c.Type, "value_") || c.Type == "value_count" {
		return nil
	}
	for _, text := range values(fields[0]) {
		n, ok := number(rules.ParseDecimal(text))
		if ok && (c.waits || n.Sign() >= 0) {
			list = append(list, n)
		}
	}
	return list
}

func number(d rules.Decimal) (*big.Rat, bool) {
	text, ok := d.Canonical()
	if !ok {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// windows judges the trailing window of the time of each event.
func (c *correlated) windows(g *correlatedGroup) (list []Window) {
	var before *happening
	held := false
	for i, e := range g.events {
		if i+1 < len(g.events) && g.events[i+1].at.Equal(e.at) {
			continue
		}
		var window []*happening
		for _, o := range g.events {
			if !o.at.After(e.at) && e.at.Sub(o.at) <= c.Timespan {
				window = append(window, o)
			}
		}
		holds := c.holds(window, g)
		if holds {
			w := Window{First: window[0].at, Last: e.at, Events: len(window), Rises: !held || before == nil || e.at.Sub(before.at) > c.Timespan}
			for _, o := range window {
				for _, f := range o.faces {
					if o.at.Equal(e.at) && !slices.Contains(w.Records, f.record) {
						w.Records = append(w.Records, f.record)
					}
				}
			}
			list = append(list, w)
		}
		before, held = e, holds
	}
	return list
}

// Texts returns the texts that a record has for a field, as correlations group by them and count them: scalars, and those in arrays. What is null, or an object, is
// none.
func (o *Oracle) Texts(object *record.Object, field string) (texts []string) {
	for _, e := range elements(o.lookup(object, field)) {
		if text, ok := textOf(e); ok {
			texts = append(texts, text)
		}
	}
	return texts
}
