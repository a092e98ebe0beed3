package main

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"regexp"

	"sigmatrail/bench/fluentbit"
)

// form is how a door writes records: as msgpack, or as JSON.
type form int

// arrival is what has arrived.
type arrival struct {
	records, planted, enriched int
	// rest is the sum of the hashes of all records but the planted ones: the same whatever their order.
	rest uint64
}

// account holds what arrives to what was sent.
type account struct {
	corpus *fluentbit.Corpus
	// hits is how many every engine has written.
	hits string
	rest map[form]uint64
}

func newAccount(c *fluentbit.Corpus) *account {
	return &account{corpus: c, rest: make(map[form]uint64)}
}

// counter counts records as they are found in what has arrived.
type counter struct {
	seed        maphash.Seed
	marker, key []byte // the eventID of planted records, and the key of hits as the form writes it
}

func newCounter(c *fluentbit.Corpus, key string) counter {
	return counter{seed: maphash.MakeSeed(), marker: []byte(c.Marker), key: []byte(key)}
}

func (c counter) add(a *arrival, body []byte) {
	a.records++
	if !bytes.Contains(body, c.marker) {
		a.rest += maphash.Bytes(c.seed, body)
		return
	}
	a.planted++
	if bytes.Contains(body, c.key) {
		a.enriched++
	}
}

// of returns an error unless every record has arrived once, the planted ones alone with hits, as many as at every other door.
func (a *account) of(d *door, f form, r run) error {
	c := a.corpus
	want := arrival{records: c.Records, planted: c.Planted, enriched: c.Planted, rest: r.arrived.rest}
	if d.control {
		want.enriched = 0
	}
	if rest, ok := a.rest[f]; ok {
		want.rest = rest
	}
	a.rest[f] = want.rest
	if r.arrived != want {
		return fmt.Errorf("arrived %+v, not %+v:\n%s", r.arrived, want, r.log)
	}
	if d.control {
		return nil
	}
	said := regexp.MustCompile(fmt.Sprintf(`%d events = %d matched \+ %d unmatched \+ 0 not CloudTrail.*; (%d records, \d+ hits)`, c.Records, c.Planted, c.Records-c.Planted, c.Records)).FindStringSubmatch(r.log)
	if said == nil {
		return fmt.Errorf("its log does not say that %d of %d records have matched:\n%s", c.Planted, c.Records, r.log)
	}
	if a.hits == "" {
		a.hits = said[1]
	}
	if a.hits != said[1] {
		return fmt.Errorf("%s, at another door %s", said[1], a.hits)
	}
	return nil
}
