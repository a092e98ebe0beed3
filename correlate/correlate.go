// Package correlate evaluates Sigma correlation rules over the stream of hits of other rules (sigma-correlation-rules-specification.md), by event time: the answer
// does not depend on when, in which order and how often records arrive, within an allowed lateness. It is given what a record has for the fields that a
// correlation names; it knows no encoding of records, and no host.
package correlate

import "time"

// Event is a record that rules have hit, as correlations look at it.
type Event struct {
	// Time is when the record says that it happened.
	Time time.Time
	// Account and Region are the record's recipientAccountId and awsRegion: CloudTrail delivers those apart, each with a delay of its own.
	Account, Region string
	// ID is the record's eventID. A record with the same Account and ID has been there before, and counts once. A record without one never has.
	ID string
	// Rules are the rules that hit it, by index. Those that no correlation names are passed over.
	Rules []int
	// Values returns the texts that the record has for a field, numbers in canonical form; an array has one for each element. It is called from Apply alone.
	Values func(field string) []string
	// Serial is the caller's own number of the record. Firings have it.
	Serial uint64
}

// Firing says that the condition of a correlation has become true.
type Firing struct {
	// Correlation is its index in the set of rules.
	Correlation int
	// Group is what the events have in common, in the order of group-by; empty without one. Texts of more than 1 KiB end in a hash.
	Group []Field
	// Events is how many events stand in the window.
	Events int
	// Value is what the condition is about where that is not the number of events: how many values or rules there are, or a sum, average or percentile; HasValue
	// is set then.
	Value    float64
	HasValue bool
	// First and Last are the times of the first and the last event in the window.
	First, Last time.Time
	// EventIDs are those of the newest events in the window that have one, in the order of time, MostIDs at most.
	EventIDs []string
	// Waited is set where the condition was judged when later events were there. It is then no matter of the event with which Apply was called, but of the
	// one with this Serial.
	Waited bool
	// Serial is that of the event which completes the window; 0 where the event came before a restart.
	Serial uint64
}

// Field is a field, or an alias, with its value.
type Field struct{ Name, Value string }

// MostIDs is how many events a Firing names.
const MostIDs = 20

// mostText is how many bytes of a text groups keep; of what goes beyond that, they keep a hash.
const mostText = 1 << 10

// mostCombinations bounds how many groups, or values, one event takes part in where its fields are arrays.
const mostCombinations = 64
