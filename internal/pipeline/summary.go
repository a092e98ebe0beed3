package pipeline

import (
	"strconv"
	"strings"

	"sigmatrail/enrich"
)

// summaryOf returns the summary of an event of which n records were hit, first among them; empty where there is to be none.
func (e *Engine) summaryOf(hits []enrich.Hit, first enrich.Record, n int) string {
	if !e.summary {
		return ""
	}
	completed := e.table.Completed(hits)
	if len(enrich.About(hits)) == 0 { // the record itself has done nothing
		return strings.TrimPrefix(completed, "; ")
	}
	more := ""
	if n > 1 {
		more = " and " + strconv.Itoa(n-1) + " more"
	}
	return enrich.Summary(first, more+completed)
}
