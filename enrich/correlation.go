package enrich

import (
	"strconv"
)

// Correlation is what a correlation rule writes of the events that made it fire.
type Correlation struct {
	// Type is that of the rule, Timespan its length in seconds.
	Type     string  `msgpack:"type"`
	Timespan float64 `msgpack:"timespan"`
	// Group is what the events have in common.
	Group []Evidence `msgpack:"group,omitempty"`
	// Count is how many events there are in the window, Value what the condition compares where that is something else.
	Count int      `msgpack:"count"`
	Value *float64 `msgpack:"value,omitempty"`
	// First and Last are the times of the first and the last of them, in RFC 3339.
	First string `msgpack:"first"`
	Last  string `msgpack:"last"`
	// EventIDs names the newest of them.
	EventIDs []string `msgpack:"event_ids,omitempty"`
	// Waited is set where the record on which it is written is none of them, but a later one.
	Waited bool `msgpack:"waited,omitempty"`
}

// Completed returns what a summary says of the correlations among hits, or "": of the one with the highest level, of how many events it tells and since when.
func (t *Table) Completed(hits []Hit) string {
	var worst *Hit
	for i := range hits {
		if h := &hits[i]; len(h.Correlations) > 0 && (worst == nil || t.entries[h.Rule].level > t.entries[worst.Rule].level) {
			worst = h
		}
	}
	if worst == nil {
		return ""
	}
	c, what, verb := &worst.Correlations[0], " events", "; completes "
	if c.Count == 1 {
		what = " event"
	}
	if c.Waited { // the record is none of its events
		verb = "; earlier: "
	}
	return verb + phrase(t.rules[worst.Rule].Title) + ", " + strconv.Itoa(c.Count) + what + " since " + c.First
}

func appendCorrelations(dst []byte, list []Correlation) []byte {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = list[i].appendJSON(dst)
	}
	return append(dst, ']')
}

func (c *Correlation) appendJSON(dst []byte) []byte {
	dst = appendText(append(dst, `{"type":`...), c.Type)
	dst = appendNumber(append(dst, `,"timespan":`...), c.Timespan)
	if len(c.Group) > 0 {
		dst = appendEvidence(append(dst, `,"group":`...), c.Group)
	}
	dst = strconv.AppendInt(append(dst, `,"count":`...), int64(c.Count), 10)
	if c.Value != nil {
		dst = appendNumber(append(dst, `,"value":`...), *c.Value)
	}
	dst = appendText(append(dst, `,"first":`...), c.First)
	dst = appendText(append(dst, `,"last":`...), c.Last)
	if len(c.EventIDs) > 0 {
		dst = appendList(append(dst, `,"event_ids":`...), c.EventIDs)
	}
	if c.Waited {
		dst = append(dst, `,"waited":true`...)
	}
	return append(dst, '}')
}

func appendNumber(dst []byte, v float64) []byte { return strconv.AppendFloat(dst, v, 'f', -1, 64) }
