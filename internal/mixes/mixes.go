// Package mixes makes what benchmarks and tests judge evaluators on: mixes of records as chunks that Fluent Bit would hand over, and sets of
// rules. Most of it comes from the corpora that lie beside the checkout, which are used in place. Everything is the same in every run.
package mixes

import (
	"encoding/binary"
	"math/rand/v2"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// Mix is a number of records in one chunk.
type Mix struct {
	// Name is management, sorted or data, with /shuffled behind it where the keys of all objects are in random order.
	Name string
	// Data is the chunk: events as in_tail of Fluent Bit 5 frames them, [[time, {}], body], with the shortest header of each value.
	Data []byte
	// Records counts the events; each is one CloudTrail record.
	Records int
}

// leastShuffled is how many records a shuffled mix has at least: a small corpus is shuffled several times, each time otherwise.
const leastShuffled = 2000

// newMix makes a mix of records, which it does not change.
func newMix(name string, records []*record.Object, shuffled bool) Mix {
	m := Mix{Name: name}
	var random *rand.Rand
	if shuffled {
		m.Name += "/shuffled"
		random = rand.New(rand.NewPCG(1, 2))
	}
	for again := len(records) > 0; again; {
		for _, o := range records {
			var body any = o
			if shuffled {
				body = shuffle(random, o)
			}
			m.add(appendValue(nil, body))
		}
		// A processor learns the branches of a few hundred records by heart; no stream is in the same random order twice.
		again = shuffled && m.Records < leastShuffled
	}
	return m
}

// add appends an event. The time runs on a little with each.
func (m *Mix) add(body []byte) {
	const start, step = 1_790_000_000, 10 // events a second
	seconds, nanos := start+m.Records/step, m.Records%step*1000
	m.Data = append(m.Data, 0x92, 0x92, 0xd7, 0)
	m.Data = binary.BigEndian.AppendUint32(m.Data, uint32(seconds)) //nolint:gosec // small
	m.Data = binary.BigEndian.AppendUint32(m.Data, uint32(nanos))   //nolint:gosec // small
	m.Data = append(append(m.Data, 0x80), body...)
	m.Records++
}

// Partition returns two mixes of the same name: the events of whose bodies, msgpack maps, first is true, and the others. Records with and
// without hits cost differently and are reported apart.
func (m Mix) Partition(first func(body []byte) bool) (yes, no Mix) {
	yes.Name, no.Name = m.Name, m.Name
	var ev chunk.Event
	for w := chunk.NewWalker(m.Data); w.Next(&ev); {
		part := &no
		if first(m.Data[ev.BodyStart:ev.BodyEnd]) {
			part = &yes
		}
		part.Data = append(part.Data, m.Data[ev.Start:ev.End]...)
		part.Records++
	}
	return yes, no
}

// shuffle returns a value with the members of all objects in random order.
func shuffle(random *rand.Rand, v any) any {
	switch v := v.(type) {
	case *record.Object:
		members := make([]record.Member, 0, len(v.Members()))
		for _, i := range random.Perm(len(v.Members())) {
			m := v.Members()[i]
			members = append(members, record.Member{Key: m.Key, Value: shuffle(random, m.Value)})
		}
		return record.NewObject(members...)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = shuffle(random, v[i])
		}
		return list
	}
	return v
}
