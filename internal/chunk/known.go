package chunk

// known are the keys that records have had, each with the keys that came behind it: records of one kind have the same keys in the same order, so that
// a key is most often found by comparing it with one or two.
type known struct {
	keys  []knownKey // the first stands for the beginning of a record
	table []int32    // 1 + index
}

// knownKey is a key as it stands in records, header and all.
type knownKey struct {
	raw  string
	top  int32 // the wanted key that it is, or -1
	then [2]int32
}

// Limits of what is remembered: how many keys, and how long ones.
const (
	mostKnown    = 512
	longestKnown = 64
)

// next reads the key at pos, which stands behind the known key last. It returns the wanted key that it is, or -1; the known key that it is, or 0;
// and where its value stands.
func (k *known) next(r *Projector, pos int, last int32) (top, now int32, at int, ok bool) {
	if k.keys == nil {
		k.keys, k.table = append(make([]knownKey, 0, 64), knownKey{}), make([]int32, 2*mostKnown)
	}
	l := &k.keys[last]
	rest := r.data[min(pos, len(r.data)):]
	for i, guess := range l.then {
		g := &k.keys[guess]
		if n := len(g.raw); n > 0 && n <= len(rest) && string(rest[:n]) == g.raw {
			if i > 0 {
				l.then[0], l.then[1] = l.then[1], l.then[0]
			}
			return g.top, guess, pos + n, true
		}
	}
	return k.look(r, pos, last)
}

// look reads a key that was not expected.
func (k *known) look(r *Projector, pos int, last int32) (top, now int32, at int, ok bool) {
	h, ok := ReadHead(r.data, pos)
	if !ok {
		return 0, 0, 0, false
	}
	if h.Type != Str && h.Type != Bin {
		at, ok = Skip(r.data, pos)
		return -1, 0, at, ok
	}
	at = h.Next + h.Len
	raw := r.data[pos:at]
	if len(raw) > longestKnown {
		return r.p.nodes[0].keys.find(r.p.keys, h.Content(r.data)), 0, at, true
	}
	i := hashKey(raw) & (2*mostKnown - 1)
	for ; k.table[i] != 0; i = (i + 1) & (2*mostKnown - 1) {
		if now = k.table[i] - 1; k.keys[now].raw == string(raw) {
			k.follow(last, now)
			return k.keys[now].top, now, at, true
		}
	}
	top = r.p.nodes[0].keys.find(r.p.keys, h.Content(r.data))
	if len(k.keys) >= mostKnown {
		return top, 0, at, true
	}
	k.keys = append(k.keys, knownKey{raw: string(raw), top: top})
	k.table[i] = int32(len(k.keys)) //nolint:gosec // 512 at most
	now = int32(len(k.keys) - 1)    //nolint:gosec // 512 at most
	k.follow(last, now)
	return top, now, at, true
}

// follow notes that now came behind last.
func (k *known) follow(last, now int32) {
	then := &k.keys[last].then
	then[0], then[1] = now, then[0]
}
