package chunk

// inner is what is noted of the members of a map that stands under a key of the record, on the walk over the record itself, where it is likely that somebody
// will ask for them: then the map need not be walked over again.
type inner struct {
	known // of its keys, whose tops are indexes of spans

	node       *node // to which the record's key leads in the tree of all fields
	spans      []span
	heat       int    // above 0 where it has been of use of late
	walk       uint32 // the last one, which is the epoch of its spans: a record may have a key twice
	start, end int    // of the map
	epoch      uint32 // of the record
}

// Limits: of how many keys of the record, how many members of each may be wanted, how many keys of each are remembered.
const (
	mostInner       = 16
	mostInnerWanted = 24
	mostInnerKnown  = 32
)

// How likely it is that somebody asks: each use makes good for so many walks that were for nothing, and at most so many of them follow each other.
const (
	perUse   = 2
	mostHeat = 8
)

// warm notes that somebody asks for what is below a key of the record, and returns what is noted of it for this record, or nil.
func (r *Projector) warm(top int32, start int) *inner {
	i := r.inner[top]
	if i == nil {
		n := &r.p.all.nodes[r.p.all.keys[top].node]
		if n.keys.empty() || r.inners >= mostInner {
			return nil
		}
		r.inners++
		i = &inner{known: newKnown(mostInnerKnown), node: n, spans: make([]span, n.end-n.first+1)}
		r.inner[top] = i
	}
	i.use()
	if i.epoch != r.epoch || i.start != start {
		return nil
	}
	return i
}

// use notes that somebody has asked.
func (i *inner) use() { i.heat = min(i.heat+perUse, mostHeat) }

// skip walks over the value of a key of the record. It returns -1 where it cannot be walked over, and may return an offset beyond the data.
func (r *Projector) skip(top int32, pos int) (end int) {
	i := r.inner[top]
	if i == nil || i.heat <= 0 || pos >= len(r.data) || r.depth+1 >= MaxDepth {
		return skip(r.data, pos)
	}
	i.heat--
	if i.walk++; i.walk == 0 {
		clear(i.spans)
		i.walk = 1
	}
	n, at := readMap(r.data, pos)
	if at < 0 {
		return skip(r.data, pos)
	}
	if end = i.members(r.data, at, n, &r.p.all); end >= 0 {
		i.start, i.end, i.epoch = pos, end, r.epoch
	}
	return end
}

// members walks over n members, and notes where those stand that are wanted.
func (i *inner) members(data []byte, pos, n int, t *tree) (end int) {
	last, guess := i.begin, i.luck >= 0
	for left := n; left > 0; left-- {
		found := false
		if guess {
			if pos, last, left, found = stride(data, i.spans, i.walk, pos, last, left); left == 0 {
				break
			}
		}
		if !found {
			var of int32
			if of, last, pos = i.key(data, pos, last, t); pos < 0 {
				return -1
			}
			i.spans[of] = span{start: pos, epoch: i.walk}
		}
		if pos = skip(data, pos); pos < 0 {
			return -1
		}
	}
	i.walked(n)
	return pos
}

// key reads the key at pos, which stands behind the key last. It returns the index of its span, and where its value stands, or -1.
func (i *inner) key(data []byte, pos int, last *knownKey, t *tree) (of int32, now *knownKey, at int) {
	if pos >= len(data) {
		return 0, nil, -1
	}
	n := 1 + int(data[pos]&0x1f)
	if data[pos]-0xa0 >= 0x20 || n > len(data)-pos {
		return i.wide(data, pos, t)
	}
	raw := data[pos : pos+n]
	if i.luck >= 0 {
		if now = last.then[0]; now.raw == string(raw) {
			return now.top, now, pos + n
		}
		if now = i.other(data[pos:], last); now != nil {
			return now.top, now, pos + n
		}
	}
	of, now = i.spanOf(raw[1:], t), i.begin
	switch {
	case i.luck < 0:
	case i.full():
		i.unlucky()
	default:
		now = i.learn(raw, last)
		now.top = of
	}
	return of, now, pos + n
}

// wide does the same for a key that is no text, or has a wider header than it needs.
func (i *inner) wide(data []byte, pos int, t *tree) (of int32, now *knownKey, at int) {
	h, ok := ReadHead(data, pos)
	switch {
	case !ok:
		return 0, nil, -1
	case h.Type != Str && h.Type != Bin:
		return i.node.end - i.node.first, i.begin, skip(data, pos)
	}
	return i.spanOf(h.Content(data), t), i.begin, h.Next + h.Len
}

// spanOf returns the index of a key's span: those that are not wanted have the last one together.
func (i *inner) spanOf(key []byte, t *tree) int32 {
	if k := i.node.keys.find(t.keys, key); k >= 0 {
		return k - i.node.first
	}
	return i.node.end - i.node.first
}
