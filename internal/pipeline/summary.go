package pipeline

import (
	"strconv"

	"sigmatrail/enrich"
)

// summaryOf returns the summary of an event of which n records were hit, first among them; empty where there is to be none.
func (e *Engine) summaryOf(first enrich.Record, n int) string {
	switch {
	case !e.summary:
		return ""
	case n == 1:
		return enrich.Summary(first, "")
	}
	return enrich.Summary(first, " and "+strconv.Itoa(n-1)+" more")
}
