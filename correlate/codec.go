package correlate

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"time"
)

// In the file a group is a value under its key of 16 bytes:
//
//	crc        4 bytes: CRC-32C of the key and all that follows
//	flags      1 byte: hasLost, hasSettled, hasFrom, hasJudged, isHeld
//	touched    uvarint: the order in which groups were touched last
//	texts      uvarint: how many; each a uvarint with its length, and its bytes
//	lost       varint, with hasLost
//	settled    varint, with hasSettled; then varint: upTo - settled
//	from       varint, with hasFrom
//	judgedAt   varint, with hasJudged
//	events     uvarint: how many, in the order of time; each:
//	  flags    uvarint: is… and has… below, and burst
//	  at       the first one: varint, microseconds since the epoch; others: uvarint, since the one before
//	  id       16 bytes, with hasID
//	  account  8 bytes, with hasAccount; otherwise as of the event before, at first 0
//	  mask     uvarint
//	  values   uvarint: how many; each 16 bytes, with hasValues
//	  numbers  uvarint: how many; each 8 bytes, a float64, with hasNumbers
//	  text     uvarint with its length, and its bytes, with hasText
//	  faces    uvarint: how many; each uvarint: how many fields; each uvarint: how many texts; each as text above, with hasFaces
//	  inner    16 bytes, and reach: uvarint, with hasInner
//	  by       16 bytes, with hasBy
//
// An event's serial is not kept: it is a number of the process that has ended. Integers of fixed size are little endian.
const (
	hasLost    = 1
	hasSettled = 2
	hasFrom    = 4
	hasJudged  = 8
	isHeld     = 16

	hasID      = 1
	hasAccount = 2
	isFired    = 4
	isHolding  = 8
	isLed      = 16
	isUnjudged = 32
	hasValues  = 64
	hasNumbers = 128
	hasText    = 256
	hasFaces   = 512
	hasInner   = 1024
	hasBy      = 2048
	burstShift = 12

	leastEvent = 3 // bytes
)

// errFormat says that bytes from the file are not what was written.
var errFormat = errors.New("damaged content")

// sealed puts the check sum of key and text[at+4:] into text[at:].
func sealed(text []byte, at int, key []byte) []byte {
	binary.LittleEndian.PutUint32(text[at:], checksum(key, text[at+crc32.Size:]))
	return text
}

func checksum(key, text []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Update(0, table, key), table, text)
}

// unsealed checks the sum of a value, and returns what is behind it.
func unsealed(key, value []byte) (rest []byte, err error) {
	if len(value) < crc32.Size || binary.LittleEndian.Uint32(value) != checksum(key, value[crc32.Size:]) {
		return nil, errFormat
	}
	return value[crc32.Size:], nil
}

// encode appends the value of a group.
func (g *group) encode(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	flags := flag(g.lost != never, hasLost) | flag(g.settled != never, hasSettled) | flag(g.from != never, hasFrom) | flag(g.judgedAt != never, hasJudged) | flag(g.held, isHeld)
	dst = append(dst, byte(flags)) //nolint:gosec // five bits
	dst = binary.AppendUvarint(dst, g.touched)
	dst = appendTexts(dst, g.texts)
	if flags&hasLost != 0 {
		dst = binary.AppendVarint(dst, g.lost)
	}
	if flags&hasSettled != 0 {
		dst = binary.AppendVarint(dst, g.settled)
		dst = binary.AppendVarint(dst, g.upTo-g.settled)
	}
	if flags&hasFrom != 0 {
		dst = binary.AppendVarint(dst, g.from)
	}
	if flags&hasJudged != 0 {
		dst = binary.AppendVarint(dst, g.judgedAt)
	}
	dst = binary.AppendUvarint(dst, uint64(len(g.events)))
	before := &event{}
	for i := range g.events {
		dst = g.events[i].encode(dst, i == 0, before)
		before = &g.events[i]
	}
	return sealed(dst, start, g.key[:])
}

func flag(on bool, bit uint64) uint64 {
	if on {
		return bit
	}
	return 0
}

func appendTexts(dst []byte, texts []string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(texts)))
	for _, text := range texts {
		dst = appendText(dst, text)
	}
	return dst
}

func appendText(dst []byte, text string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	return append(dst, text...)
}

func (e *event) flags(before *event) uint64 {
	flags := flag(e.id != hash{}, hasID) | flag(e.account != before.account, hasAccount) |
		flag(e.fired, isFired) | flag(e.holds, isHolding) | flag(e.led, isLed) | flag(e.unjudged, isUnjudged) | uint64(e.burst)<<burstShift
	if m := e.more; m != nil {
		flags |= flag(len(m.values) > 0, hasValues) | flag(len(m.numbers) > 0, hasNumbers) | flag(m.text != "", hasText) |
			flag(len(m.faces) > 0, hasFaces) | flag(m.inner != hash{} || m.reach != 0, hasInner) | flag(m.by != hash{}, hasBy)
	}
	return flags
}

func (e *event) encode(dst []byte, first bool, before *event) []byte {
	flags := e.flags(before)
	dst = binary.AppendUvarint(dst, flags)
	if first {
		dst = binary.AppendVarint(dst, e.at)
	} else {
		dst = binary.AppendUvarint(dst, uint64(e.at-before.at)) //nolint:gosec // in order
	}
	if flags&hasID != 0 {
		dst = append(dst, e.id[:]...)
	}
	if flags&hasAccount != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, e.account)
	}
	dst = binary.AppendUvarint(dst, e.mask)
	return e.more.encode(dst, flags)
}

func (m *more) encode(dst []byte, flags uint64) []byte {
	if flags&hasValues != 0 {
		dst = binary.AppendUvarint(dst, uint64(len(m.values)))
		for i := range m.values {
			dst = append(dst, m.values[i][:]...)
		}
	}
	if flags&hasNumbers != 0 {
		dst = binary.AppendUvarint(dst, uint64(len(m.numbers)))
		for _, v := range m.numbers {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
		}
	}
	if flags&hasText != 0 {
		dst = appendText(dst, m.text)
	}
	if flags&hasFaces != 0 {
		dst = binary.AppendUvarint(dst, uint64(len(m.faces)))
		for _, f := range m.faces {
			dst = binary.AppendUvarint(dst, uint64(len(f)))
			for _, texts := range f {
				dst = appendTexts(dst, texts)
			}
		}
	}
	if flags&hasInner != 0 {
		dst = append(dst, m.inner[:]...)
		dst = binary.AppendUvarint(dst, uint64(m.reach)) //nolint:gosec // not negative
	}
	if flags&hasBy != 0 {
		dst = append(dst, m.by[:]...)
	}
	return dst
}

// decodeGroup reads what encode has written. Nothing in it points into key or value. Any bytes may be given.
func decodeGroup(key, value []byte) (*group, error) {
	rest, err := unsealed(key, value)
	if err != nil || len(key) != len(hash{}) {
		return nil, errFormat
	}
	r := reader{rest: rest}
	g := &group{key: hash(key), lost: never, settled: never, from: never, judgedAt: never}
	flags := r.byte()
	g.held = flags&isHeld != 0
	g.touched = r.uvarint()
	g.texts = r.texts()
	if flags&hasLost != 0 {
		g.lost = r.varint()
	}
	if flags&hasSettled != 0 {
		g.settled = r.varint()
		g.upTo = g.settled + r.varint()
	}
	if flags&hasFrom != 0 {
		g.from = r.varint()
	}
	if flags&hasJudged != 0 {
		g.judgedAt = r.varint()
	}
	if n := r.count(leastEvent); n > 0 {
		g.events = make([]event, n)
	}
	before := &event{}
	for i := range g.events {
		r.event(&g.events[i], i == 0, before)
		before = &g.events[i]
	}
	if r.bad || len(r.rest) > 0 {
		return nil, errFormat
	}
	return g, nil
}

// reader takes values from the front of bytes. Once something is missing it is bad, and returns zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) fail() { r.bad, r.rest = true, nil }

// take takes n bytes, which stay those of the reader; zeros where they are missing.
func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.fail()
		return make([]byte, min(n, len(hash{})))
	}
	head := r.rest[:n]
	r.rest = r.rest[n:]
	return head
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// count takes how many things follow, each of which has so many bytes at least: so no more is ever made room for than there are.
func (r *reader) count(least int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/least) { //nolint:gosec // not negative
		r.fail()
		return 0
	}
	return int(n) //nolint:gosec // not more than bytes
}

func (r *reader) text() string { return string(r.take(r.count(1))) }

func (r *reader) texts() (list []string) {
	for range r.count(1) {
		list = append(list, r.text())
	}
	return list
}

func (r *reader) hash() hash { return hash(r.take(len(hash{}))) }

func (r *reader) uint64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

func (r *reader) event(e *event, first bool, before *event) {
	flags := r.uvarint()
	e.fired, e.holds, e.led, e.unjudged = flags&isFired != 0, flags&isHolding != 0, flags&isLed != 0, flags&isUnjudged != 0
	e.burst = burst(flags >> burstShift) //nolint:gosec // checked
	r.want(flags>>burstShift <= uint64(goesOn))
	if first {
		e.at = r.varint()
	} else {
		e.at = before.at + int64(r.uvarint()) //nolint:gosec // checked
		r.want(e.at >= before.at)
	}
	if flags&hasID != 0 {
		e.id = r.hash()
	}
	e.account = before.account
	if flags&hasAccount != 0 {
		e.account = r.uint64()
	}
	e.mask = r.uvarint()
	r.more(e, flags)
}

func (r *reader) more(e *event, flags uint64) {
	if flags&(hasValues|hasNumbers|hasText|hasFaces|hasInner|hasBy) == 0 {
		return
	}
	m := e.extend()
	if flags&hasValues != 0 {
		m.values = make([]hash, r.count(len(hash{})))
		r.want(len(m.values) > 0)
		for i := range m.values {
			m.values[i] = r.hash()
		}
	}
	if flags&hasNumbers != 0 {
		n := r.count(8)
		r.want(n > 0)
		if m.numbers = m.number[:min(n, 1)]; n > 1 {
			m.numbers = make([]float64, n)
		}
		for i := range m.numbers {
			v := math.Float64frombits(r.uint64())
			m.numbers[i] = v
			r.want(v-v == 0) // neither infinite nor NaN
		}
	}
	if flags&hasText != 0 {
		m.text = r.text()
		r.want(m.text != "")
	}
	if flags&hasFaces != 0 {
		r.faces(m)
	}
	if flags&hasInner != 0 {
		m.inner, m.reach = r.hash(), int64(r.uvarint()) //nolint:gosec // checked
		r.want(m.reach >= 0 && (m.reach > 0 || m.inner != hash{}))
	}
	if flags&hasBy != 0 {
		m.by = r.hash()
		r.want(m.by != hash{})
	}
}

func (r *reader) faces(m *more) {
	for range r.count(1) {
		var f face
		for range r.count(1) {
			f = append(f, r.texts())
		}
		m.faces = append(m.faces, f)
	}
	r.want(len(m.faces) > 0)
}

// want makes r bad where something is not so.
func (r *reader) want(so bool) {
	if !so {
		r.fail()
	}
}

// encodeHead returns what is known of a correlation but its groups, behind a check sum: up to when it was judged, with waiting (varint), and what it is called.
func (t *table) encodeHead(digest digestKey, title string) []byte {
	head := append(binary.AppendVarint(make([]byte, crc32.Size), t.judged.Load()), title...)
	return sealed(head, 0, digest[:])
}

func (t *table) decodeHead(digest, value []byte) error {
	rest, err := unsealed(digest, value)
	if err != nil || len(digest) != len(digestKey{}) {
		return errFormat
	}
	r := reader{rest: rest}
	t.judged.Store(r.varint())
	t.title = string(r.rest)
	return nil
}

// clockKey is the key of the clock, whose value is, behind a check sum: when it was written (varint, microseconds), the horizon (varint), when it is due again (varint: observations) and the sources
// (uvarint: how many), each with account and region (texts), the newest event time (varint) and since when nothing has come (varint, microseconds).
const clockKey = "clock"

// encode appends the clock as it stands.
func (c *clock) encode(dst []byte, now time.Time) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.AppendVarint(dst, micros(now))
	dst = binary.AppendVarint(dst, c.horizon)
	dst = binary.AppendVarint(dst, int64(c.due))
	dst = binary.AppendUvarint(dst, uint64(len(c.sources)))
	for s, p := range c.sources {
		dst = appendText(appendText(dst, s.account), s.region)
		dst = binary.AppendVarint(dst, p.newest)
		dst = binary.AppendVarint(dst, micros(p.seen))
	}
	return sealed(dst, start, []byte(clockKey))
}

// decode takes a clock over. How long a source has been silent counts without the time in which nobody has listened.
func (c *clock) decode(value []byte, now time.Time) error {
	rest, err := unsealed([]byte(clockKey), value)
	if err != nil {
		return err
	}
	r := reader{rest: rest}
	saved, horizon, due := r.varint(), r.varint(), r.varint()
	sources := make(map[source]*progress)
	for range min(r.count(4), mostSources) {
		s := source{account: r.text(), region: r.text()}
		newest := r.varint()
		sources[s] = &progress{newest: newest, seen: now.Add(-time.Duration(max(0, saved-r.varint())) * time.Microsecond)}
	}
	if r.bad || len(r.rest) > 0 {
		return errFormat
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.horizon, c.sources, c.due = horizon, sources, int(min(due, mostSources))
	return nil
}
