package oracle

import (
	"math/big"
	"slices"
	"strings"
	"time"

	"sigmatrail/rules"
)

// Standing is how a correlation stands at the time of a record, in one of the groups that the record belongs to.
type Standing struct {
	// Values are those of the group.
	Values []string
	// Holds: whether the condition is true of the window that ends at the record's time.
	Holds bool
	// Since is where the run of event times begins at which the condition has been true without a break, the record's own last; zero where it does not hold.
	Since time.Time
	// Window are the group's events in that window, in the order of time, and Others those outside of it.
	Window, Others []Taken
	// Value is what the condition compares: how many events, values or rules there are, or a sum, average or percentile. It is nil where there is nothing to compare.
	Value *big.Rat
}

// Taken is an event of a correlation.
type Taken struct {
	Time time.Time
	// Places are the references of the correlation, by index, that it stands for.
	Places []int
	// Values are what is counted in it, or added up.
	Values []string
}

// Standings returns how the correlation of that index stands at the time of a record, by index into records, in each group that the record belongs to. There are none
// where it belongs to none.
func Standings(s *rules.Set, correlation int, records []Occurrence, record int) (list []Standing) {
	j := newCorrelationJudge(s, records)
	for i := range records { // a repeated record is the first one
		if o := &records[i]; o.ID != "" && o.ID == records[record].ID && o.Account == records[record].Account {
			record = i
			break
		}
	}
	c := j.correlate(correlation)
	for _, g := range c.groups {
		at := slices.IndexFunc(g.events, func(e *happening) bool {
			return slices.ContainsFunc(e.faces, func(f face) bool { return f.record == record })
		})
		if at >= 0 {
			list = append(list, c.standing(g, g.events[at].at))
		}
	}
	return list
}

func (c *correlated) standing(g *correlatedGroup, at time.Time) Standing {
	st := Standing{Values: g.values}
	var window []*happening
	for _, e := range g.events {
		if e.at.After(at) || at.Sub(e.at) > c.Timespan {
			st.Others = append(st.Others, c.taken(e))
			continue
		}
		window = append(window, e)
		st.Window = append(st.Window, c.taken(e))
	}
	st.Value = c.compared(window, g)
	for _, w := range g.windows {
		switch {
		case w.Last.After(at):
		case w.Rises:
			st.Since = w.Last
		}
		st.Holds = st.Holds || w.Last.Equal(at)
	}
	if !st.Holds {
		st.Since = time.Time{}
	}
	return st
}

func (c *correlated) taken(e *happening) Taken {
	t := Taken{Time: e.at}
	for place := range e.places {
		t.Places = append(t.Places, place)
	}
	slices.Sort(t.Places)
	if c.Type == "value_count" {
		for tuple := range e.tuples {
			t.Values = append(t.Values, strings.Trim(tuple, "[]"))
		}
		slices.Sort(t.Values)
	}
	for _, n := range e.numbers {
		t.Values = append(t.Values, n.RatString())
	}
	return t
}

// compared returns what bounds are held to.
func (c *correlated) compared(window []*happening, g *correlatedGroup) *big.Rat {
	events := int64(0)
	tuples, places := make(map[string]bool), make(map[int]bool)
	sum := new(big.Rat)
	var numbers []*big.Rat
	for _, e := range window {
		if e.inner == "" || g.begins(e) {
			events++
			numbers = append(numbers, e.numbers...)
			for _, n := range e.numbers {
				sum.Add(sum, n)
			}
		}
		for t := range e.tuples {
			tuples[t] = true
		}
		for p := range e.places {
			places[p] = true
		}
	}
	switch {
	case c.Type == "event_count":
		return count(int(events))
	case c.Type == "value_count":
		return count(len(tuples))
	case c.Type == "value_sum":
		return sum
	case strings.HasPrefix(c.Type, "temporal"):
		return count(len(places))
	case len(numbers) == 0:
		return nil
	case c.Type == "value_avg":
		return sum.Quo(sum, count(len(numbers)))
	}
	rank, _ := number(c.Percentile)
	return percentile(numbers, rank)
}
