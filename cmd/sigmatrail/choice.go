package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sigmatrail/internal/pipeline"
)

// choice is which records a scan is about. It is immutable.
type choice struct {
	from, to         time.Time // zero: no bound
	accounts, region []string
}

// bound is a time on the command line; without a zone it is UTC, as in CloudTrail.
type bound struct{ time.Time }

// UnmarshalText reads a date, or a date and a time.
func (b *bound) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			b.Time = t
			return nil
		}
	}
	return fmt.Errorf("%q is no time such as 2026-11-20 or 2026-11-20T08:00:00Z", text)
}

// keep leaves only the chosen records in j, and returns how many were left out for want of a time.
func (c *choice) keep(j *pipeline.Judgement) (undated uint64) {
	if c.from.IsZero() && c.to.IsZero() && len(c.accounts) == 0 && len(c.region) == 0 {
		return 0
	}
	j.Verdicts = slices.DeleteFunc(j.Verdicts, func(v pipeline.Verdict) bool {
		if !c.chosen(&v) {
			return true
		}
		in, dated := c.inTime(&v)
		if !dated {
			undated++
		}
		return !in
	})
	return undated
}

// chosen reports whether region and account are right.
func (c *choice) chosen(v *pipeline.Verdict) bool {
	if len(c.region) > 0 && !slices.Contains(c.region, v.Text("awsRegion")) {
		return false
	}
	return len(c.accounts) == 0 || slices.Contains(c.accounts, cmp.Or(v.Text("recipientAccountId"), v.Text("userIdentity.accountId")))
}

func (c *choice) inTime(v *pipeline.Verdict) (in, dated bool) {
	if c.from.IsZero() && c.to.IsZero() {
		return true, true
	}
	t, ok := v.Time()
	return ok && !t.Before(c.from) && (c.to.IsZero() || t.Before(c.to)), ok
}
