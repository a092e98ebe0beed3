package pipeline

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"sigmatrail/correlate"
)

// notices says now and then what correlations could not do. It is safe for concurrent use.
type notices struct {
	next  atomic.Int64 // when, in nanoseconds since the epoch
	said  correlate.Forgotten
	named map[int]bool // correlations whose events lack fields
}

// noticeEvery is how often at most.
const noticeEvery = time.Minute

// Notices returns what is to be logged of correlations: that something had to be forgotten, or that events lack the fields that they are grouped by. It is
// empty most of the time, and costs next to nothing then.
func (e *Engine) Notices() []string {
	if e.correlator == nil {
		return nil
	}
	now := time.Now().UnixNano()
	due := e.notices.next.Load()
	if now < due || !e.notices.next.CompareAndSwap(due, now+int64(noticeEvery)) {
		return nil
	}
	return e.notices.lines(e)
}

// lines is called by one at a time.
func (n *notices) lines(e *Engine) (lines []string) {
	now, before := e.correlator.Forgotten(), n.said
	n.said = now
	if groups, events := now.Groups-before.Groups, now.Events-before.Events; groups+events > 0 {
		lines = append(lines, fmt.Sprintf("correlations had no room and forgot the oldest %d groups and %d events, which they may miss: raise correlation_max_groups or "+
			"correlation_max_events (this is said once a minute at most)", groups, events))
	}
	if late := now.Late - before.Late; late > 0 {
		lines = append(lines, fmt.Sprintf("%d events came later than correlation_lateness allows: what they belong to may have been forgotten (this is said once a minute at most)", late))
	}
	const enough, percent = 100, 5
	for i, c := range e.set.Correlations {
		offered, lacking := e.correlator.Missed(i)
		if n.named[i] || offered < enough || lacking*100 <= offered*percent {
			continue
		}
		if n.named == nil {
			n.named = make(map[int]bool)
		}
		n.named[i] = true
		fields := strings.Join(append(append([]string(nil), c.GroupBy...), c.Fields...), ", ")
		lines = append(lines, fmt.Sprintf("correlation %q: %d of %d events lack a field that it groups by or counts (%s), and take no part", c.Title, lacking, offered, fields))
	}
	return lines
}
