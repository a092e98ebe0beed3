package main

import (
	"crypto/sha256"

	"sigmatrail/internal/pipeline"
)

// delivery tells records apart: equal ones were delivered twice. It is a hash, as a scan remembers all of them. Zero: a record without an eventID, which
// never is a duplicate.
type delivery [16]byte

func deliveryOf(v *pipeline.Verdict) (d delivery) {
	id := v.Text("eventID")
	if id == "" {
		return d
	}
	sum := sha256.Sum256([]byte(v.Text("recipientAccountId") + "\x00" + id))
	copy(d[:], sum[:])
	return d
}

// deliveries remembers what was delivered.
type deliveries map[delivery]struct{}

// again notes the records of one event and returns how many of them are duplicates; dup says which.
func (seen deliveries) again(list []delivery, dup []bool) (n int) {
	for i, d := range list {
		_, dup[i] = seen[d]
		if dup[i] {
			n++
		} else if d != (delivery{}) {
			seen[d] = struct{}{}
		}
	}
	return n
}
