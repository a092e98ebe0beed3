package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
)

// choice is which records a scan is about.
type choice struct {
	from, to         time.Time // zero: no bound
	accounts, region []string
	seen             map[string]bool // nil: duplicates count

	duplicates, undated uint64
}

func newChoice(c *scanCommand) *choice {
	choice := &choice{from: c.From.Time, to: c.To.Time, accounts: c.Account, region: c.Region}
	if c.Dedupe {
		choice.seen = make(map[string]bool)
	}
	return choice
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

// keep leaves only the chosen records in j and reports whether the event still counts: one in which no record was found does.
func (c *choice) keep(j *pipeline.Judgement) bool {
	if len(j.Verdicts) == 0 || c.everything() {
		return true
	}
	j.Verdicts = slices.DeleteFunc(j.Verdicts, func(v pipeline.Verdict) bool { return !c.chosen(v.Found()) })
	return len(j.Verdicts) > 0
}

// everything reports whether no record is left out.
func (c *choice) everything() bool {
	return c.from.IsZero() && c.to.IsZero() && len(c.accounts) == 0 && len(c.region) == 0 && c.seen == nil
}

func (c *choice) chosen(r record.Found) bool {
	if len(c.region) > 0 && !slices.Contains(c.region, r.Text("awsRegion")) {
		return false
	}
	if len(c.accounts) > 0 && !slices.Contains(c.accounts, account(r)) {
		return false
	}
	if !c.inTime(r) {
		return false
	}
	return !c.deliveredBefore(r)
}

func account(r record.Found) string {
	return cmp.Or(r.Text("recipientAccountId"), r.Text("userIdentity.accountId"))
}

func (c *choice) inTime(r record.Found) bool {
	if c.from.IsZero() && c.to.IsZero() {
		return true
	}
	t, ok := r.Time()
	if !ok {
		c.undated++
		return false
	}
	return !t.Before(c.from) && (c.to.IsZero() || t.Before(c.to))
}

// deliveredBefore notes the record; one without an eventID is never a duplicate.
func (c *choice) deliveredBefore(r record.Found) bool {
	id := r.Text("eventID")
	if c.seen == nil || id == "" {
		return false
	}
	key := strings.Join([]string{r.Text("recipientAccountId"), id}, "\x00")
	if c.seen[key] {
		c.duplicates++
		return true
	}
	c.seen[key] = true
	return false
}
