package pipeline

import (
	linked "container/list"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"sigmatrail/conf"
	"sigmatrail/enrich"
	"sigmatrail/internal/record"
)

// suppressor tells the first hits of a rule by a principal from their repetitions. It is safe for concurrent use.
//
// Who marks the hits of a chunk holds it from the first one until it is known whether they are written, so that what was not written has never happened, for
// anybody. Only chunks with hits wait for each other.
type suppressor struct {
	duration time.Duration
	by       []string
	rules    int // entries behind them are correlations
	most     int // windows

	mu      sync.Mutex
	windows map[hitKey]*linked.Element // of window, and nothing else
	ages    linked.List                // the window that began first in front

	// What the holder has decided.
	pending map[hitKey]window
	order   []hitKey // of pending
}

// mostWindows is how many windows are remembered: some 11 MiB.
const mostWindows = 1 << 16

// hitKey stands for a rule and the values of a record by which its hits are told apart: 128 bits of their SHA-256, so that what is remembered is small
// however large they are, and nobody can make two of them equal.
type hitKey [16]byte

// window is what is remembered of a key: its last first hit.
type window struct {
	key        hitKey
	start      time.Time
	before     int  // hits that were suppressed in the window before
	suppressed int  // hits since
	begun      bool // by the holder
	owed       bool // the first hit has not arrived, so that the next one is the first
}

// newSuppressor returns nil where nothing is suppressed.
func newSuppressor(s conf.Settings, rules int) (*suppressor, error) {
	duration, err := s.SuppressFor()
	if err != nil {
		return nil, err
	}
	if duration == 0 {
		return nil, nil
	}
	return &suppressor{
		duration: duration, by: s.SuppressFields(), rules: rules, most: mostWindows,
		windows: make(map[hitKey]*linked.Element), pending: make(map[hitKey]window),
	}, nil
}

// marking is what one call marks: the hits of a chunk, or of one event. The zero value with a suppressor is ready; with none it does nothing.
type marking struct {
	*suppressor

	holds      bool
	suppressed uint64

	tentative bool // what counts may be taken back
	counted   []counted
}

// counted is what one call has made count of a key.
type counted struct {
	window     // as the call has left it
	added  int // of the window's suppressed hits
}

// mark marks hits, those of j, as first or as repetitions.
func (m *marking) mark(hits []enrich.Hit, j *Judgement) {
	if m.suppressor == nil {
		return
	}
	if !m.holds {
		m.mu.Lock()
		m.holds = true
	}
	for i := range j.Verdicts {
		v := &j.Verdicts[i]
		if len(v.Hits) == 0 {
			continue
		}
		found := v.Found()
		at, timed := found.Time()
		if !timed {
			at = j.received
		}
		values := m.values(&found)
		for _, rule := range v.Hits {
			first, before, own := m.decideWaited(v, rule)
			switch {
			case !own:
			case values != nil && !at.IsZero():
				one, suppressed := m.decide(keyOf(rule, values), at)
				first, before = first || one, before+suppressed
			default:
				first = true
			}
			if !first {
				m.suppressed++
			}
			note(hits, rule, first, before)
		}
	}
}

// decideWaited decides of a correlation where it has waited, which is about its group and its time: the record on which it is written has no part in it. own is
// set where the record has, by the rule, or by the correlation as well.
func (s *suppressor) decideWaited(v *Verdict, rule int) (first bool, before int, own bool) {
	own = rule < s.rules
	for i := range v.fired {
		f := &v.fired[i]
		if s.rules+f.Correlation != rule {
			continue
		}
		if !f.Waited {
			own = true
			continue
		}
		group := []byte{0xff} // no length of a record's values begins so
		for _, g := range f.Group {
			group = append(binary.AppendUvarint(group, uint64(len(g.Value))), g.Value...)
		}
		one, suppressed := s.decide(keyOf(rule, group), f.Last)
		first, before = first || one, before+suppressed
	}
	return first, before, own
}

// note notes on the entry of a rule what was decided of one of its hits.
func note(hits []enrich.Hit, rule int, first bool, before int) {
	for i := range hits {
		if h := &hits[i]; h.Rule == rule {
			h.First = h.First || first
			h.Suppressed += before
		}
	}
}

// values returns what the record has for the fields, as one text; nil where it has none of them.
func (s *suppressor) values(found *record.Found) []byte {
	var text []byte
	some := false
	for _, field := range s.by {
		start := len(text)
		text = binary.BigEndian.AppendUint32(text, 0)
		for _, v := range found.At(field) {
			if v != nil && v != "" {
				text, some = append(record.AppendJSON(text, v), '\n'), true
			}
		}
		binary.BigEndian.PutUint32(text[start:], uint32(len(text)-start)) //nolint:gosec // no chunk is as large
	}
	if !some {
		return nil
	}
	return text
}

func keyOf(rule int, values []byte) hitKey {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(rule))) //nolint:gosec // an index
	h.Write(values)
	return hitKey(h.Sum(nil)[:len(hitKey{})])
}

// decide says whether a hit is the first of a window, and how many were suppressed in the one before. A record that is late belongs to a window that has
// begun behind it.
func (s *suppressor) decide(key hitKey, at time.Time) (first bool, before int) {
	w, known := s.pending[key]
	if !known {
		s.order = append(s.order, key)
		if e := s.windows[key]; e != nil {
			w, known = e.Value.(window), true
		}
	}
	if away := at.Sub(w.start); known && away < s.duration && away > -s.duration {
		if first, w.owed = w.owed, false; first {
			w.begun = true
		} else {
			w.suppressed++
		}
		s.pending[key] = w
		if first {
			before = w.before
		}
		return first, before
	}
	s.pending[key] = window{key: key, start: at, before: w.suppressed, begun: true}
	return true, w.suppressed
}

// commit makes what was decided count.
func (m *marking) commit(counts *Tally) {
	if !m.holds {
		return
	}
	counts.Suppressed += m.suppressed
	for _, key := range m.order {
		w := m.pending[key]
		if m.tentative {
			m.counted = append(m.counted, counted{window: w, added: w.suppressed - m.suppressedBefore(w)})
		}
		counts.Forgotten += m.keep(w)
	}
}

// suppressedBefore is how many hits of a window others have suppressed.
func (s *suppressor) suppressedBefore(w window) int {
	if e := s.windows[w.key]; e != nil {
		if old, _ := e.Value.(window); old.start.Equal(w.start) {
			return old.suppressed
		}
	}
	return 0
}

// takeBack makes what one call has made count as if it had not been, but for the hits that others have suppressed in its windows meanwhile: of these keys
// the next hit is the first.
func (s *suppressor) takeBack(list []counted) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range list {
		e := s.windows[c.key]
		if e == nil {
			continue
		}
		w, _ := e.Value.(window)
		if !w.start.Equal(c.start) {
			continue
		}
		w.suppressed -= c.added
		w.owed = w.owed || c.begun
		e.Value = w
	}
}

// keep remembers a window, and returns how many were given up for it.
func (s *suppressor) keep(w window) (forgotten uint64) {
	begun := w.begun
	w.begun = false
	if e := s.windows[w.key]; e != nil {
		e.Value = w
		if begun {
			s.ages.MoveToBack(e)
		}
		return 0
	}
	s.windows[w.key] = s.ages.PushBack(w)
	for s.ages.Len() > s.most {
		oldest := s.ages.Remove(s.ages.Front()).(window)
		delete(s.windows, oldest.key)
		forgotten++
	}
	return forgotten
}

// end lets others mark. What has not been committed was never decided.
func (m *marking) end() {
	if !m.holds {
		return
	}
	m.holds = false
	clear(m.pending)
	m.order = m.order[:0]
	m.mu.Unlock()
}
