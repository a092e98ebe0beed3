package correlate

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"sigmatrail/rules"
)

// hash tells texts apart: 128 bits of their SHA-256, so that nobody can make two of them equal.
type hash [16]byte

func hashOf(texts ...string) hash {
	h := sha256.New()
	var size [8]byte
	for _, text := range texts {
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		h.Write(size[:])
		h.Write([]byte(text))
	}
	return hash(h.Sum(nil)[:len(hash{})])
}

// event is what is kept of an Event in a group.
type event struct {
	at      int64 // microseconds since the epoch
	id      hash  // the eventID's 128 bits if it is a UUID, else its hash; zero: none
	account uint64
	mask    uint64 // the slots that it fills
	serial  uint64
	more    *more // nil: nothing
	fired   bool  // whether the correlation has fired on it
	// unjudged is set where the correlation waits, until it is judged at the time of the event.
	unjudged bool
	// holds is set on the last event of a time where the condition is known to be true of the window that ends then, and more events cannot make it false.
	holds bool
	// led is set where it has made the condition true of windows that end later.
	led   bool
	burst burst
}

// burst says whether a firing of a correlation begins a run of overlapping windows, once that is known.
type burst uint8

const (
	unknown burst = iota
	begins
	goesOn
)

// more is what few events have.
type more struct {
	text    string    // an eventID that is no UUID
	values  []hash    // value_count
	slots   []*slot   // of values, in the group
	numbers []float64 // value_sum and the like
	// slot and number are what the slices are of where they have but one: what is looked at for every event stands together.
	slot   [1]*slot
	number [1]float64
	// faces are what the correlations that refer to this one need of the record beside its group, or of each record that completes the window which the event
	// is: by the machine's carry.
	faces []face
	// inner is the group of the correlation whose firing the event is, and reach that correlation's timespan.
	inner hash
	reach int64
	// by is the id of the record with which that firing came when this correlation fired on it.
	by hash
}

// face is the texts of some fields of a record.
type face [][]string

// isRecord reports whether the event is a record, and not a firing of a correlation.
func (e *event) isRecord() bool { return e.more == nil || e.more.reach == 0 }

// before orders the events of a group by time, and then in a way that does not depend on when they came.
func (e *event) before(o *event) int {
	if c := cmp.Compare(e.at, o.at); c != 0 {
		return c
	}
	if c := slices.Compare(e.id[:], o.id[:]); c != 0 {
		return c
	}
	return cmp.Compare(e.account, o.account)
}

// same reports whether two events are one record.
func (e *event) same(o *event) bool {
	return e.id != hash{} && e.id == o.id && e.account == o.account
}

// setID notes who an event is.
func (e *event) setID(account, id string) {
	if id == "" {
		return
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(account))
	e.account = h.Sum64()
	if uuid, ok := parseUUID(id); ok {
		e.id = uuid
		return
	}
	e.id = hashOf(id)
	e.extend().text = id
}

// eventID returns what the record is called, or "".
func (e *event) eventID() string {
	switch {
	case e.more != nil && e.more.text != "":
		return e.more.text
	case e.id == hash{} || !e.isRecord():
		return ""
	}
	return formatUUID(e.id)
}

func (e *event) extend() *more {
	if e.more == nil {
		e.more = &more{}
	}
	return e.more
}

// parseUUID reads a UUID as CloudTrail writes it; any other form is a text.
func parseUUID(text string) (u hash, ok bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' || strings.ToLower(text) != text {
		return u, false
	}
	digits := text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	_, err := hex.Decode(u[:], []byte(digits))
	return u, err == nil && u != hash{}
}

func formatUUID(u hash) string {
	d := hex.EncodeToString(u[:])
	return d[:8] + "-" + d[8:12] + "-" + d[12:16] + "-" + d[16:20] + "-" + d[20:]
}

// combinations returns every way to take one text for each field, without repetitions; none where a field has no text.
func combinations(fields []string, values func(string) []string) [][]string {
	list := [][]string{nil}
	for _, f := range fields {
		var next [][]string
		texts := distinct(values(f))
		for _, head := range list {
			for _, text := range texts {
				if len(next) < mostCombinations {
					next = append(next, append(slices.Clone(head), text))
				}
			}
		}
		list = next
	}
	return list
}

// brief has a hash stand for the rest of texts that are very long, as groups keep them.
func brief(values func(string) []string) func(string) []string {
	long := func(text string) bool { return len(text) > mostText }
	return func(field string) []string {
		texts := values(field)
		if !slices.ContainsFunc(texts, long) {
			return texts
		}
		texts = slices.Clone(texts)
		for i, text := range texts {
			if long(text) {
				rest := hashOf(text)
				texts[i] = text[:mostText] + hex.EncodeToString(rest[:])
			}
		}
		return texts
	}
}

// distinct returns the texts without repetitions.
func distinct(texts []string) []string {
	for i, text := range texts {
		if slices.Contains(texts[:i], text) {
			var out []string
			for _, text := range texts {
				if !slices.Contains(out, text) {
					out = append(out, text)
				}
			}
			return out
		}
	}
	return texts
}

// take returns what the condition of m counts in a record: values, or numbers. ok is false where the record has none.
func (m *machine) take(f *feed, values func(string) []string) (hashes []hash, numbers []float64, ok bool) {
	switch m.kind {
	case valueCount:
		for _, combination := range combinations(f.values, values) {
			hashes = append(hashes, hashOf(combination...))
		}
		return hashes, nil, len(hashes) > 0
	case valueSum, valueAvg, valuePercentile:
		for _, text := range values(f.values[0]) {
			d := rules.ParseDecimal(text)
			if _, ok := d.Canonical(); ok && (!d.Negative || m.waits) && len(numbers) < mostCombinations {
				numbers = append(numbers, number(d))
			}
		}
		return nil, numbers, len(numbers) > 0
	}
	return nil, nil, true
}

// merge adds to an event what is new in another one that is the same, and reports whether that is anything.
func (e *event) merge(o *event) (news bool) {
	if o.more == nil {
		return false
	}
	for _, v := range o.more.values {
		if !slices.Contains(e.extend().values, v) {
			e.more.values, news = append(e.more.values, v), true
		}
	}
	for _, v := range o.more.numbers {
		if !slices.Contains(e.extend().numbers, v) {
			e.more.numbers, news = append(e.more.numbers, v), true
		}
	}
	for _, f := range o.more.faces {
		if !slices.ContainsFunc(e.extend().faces, func(g face) bool { return slices.EqualFunc(f, g, slices.Equal[[]string]) }) {
			e.more.faces, news = append(e.more.faces, f), true
		}
	}
	return news
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func timeOf(at int64) time.Time { return time.UnixMicro(at).UTC() }
