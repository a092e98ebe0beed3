package chunk

import "slices"

// members walks over n members of the record.
func (r *Projector) members(pos, n int) (end int, ok bool) {
	last := r.known.begin
	for left := n; left > 0; left-- {
		top, found := int32(0), false
		if r.known.luck >= 0 {
			if pos, last, left, found = stride(r.data, r.tops, r.epoch, pos, last, left); left == 0 {
				break
			}
		}
		if found {
			top = last.top
		} else if top, last, pos, ok = r.key(pos, last); !ok {
			return 0, false
		}
		t := &r.tops[top]
		*t = span{start: pos, epoch: r.epoch}
		r.dotted = r.dotted || last.dotted
		if last.memo != nil {
			pos, t.same = r.recognise(last.memo, top, pos)
		} else {
			pos = r.skip(top, pos)
		}
	}
	r.known.walked(n)
	return pos, uint(pos) <= uint(len(r.data))
}

// key reads the key at pos, which stands behind the key last.
func (r *Projector) key(pos int, last *knownKey) (top int32, now *knownKey, at int, ok bool) {
	if uint(pos) > uint(len(r.data)) {
		return 0, nil, 0, false
	}
	rest := r.data[pos:]
	if r.known.luck < 0 {
		now = r.known.find(rest)
	} else if now = last.then[0]; !now.begins(rest) {
		now = r.known.other(rest, last)
	}
	if now == nil {
		return r.look(pos, last)
	}
	return now.top, now, pos + len(now.raw), true
}

// look reads a key that is not known by its first bytes. It returns where the place of its value is noted; the known key that it is or becomes, or begin;
// and where its value stands.
func (r *Projector) look(pos int, last *knownKey) (top int32, now *knownKey, at int, ok bool) {
	k := &r.known
	h, ok := ReadHead(r.data, pos)
	if !ok {
		return 0, nil, 0, false
	}
	if h.Type != Str && h.Type != Bin {
		at, ok = Skip(r.data, pos)
		return r.placeOf(-1), k.begin, at, ok
	}
	at = h.Next + h.Len
	raw := r.data[pos:at]
	wanted := r.p.all.nodes[0].keys.find(r.p.all.keys, h.Content(r.data))
	top, now = r.placeOf(wanted), k.begin
	if known := k.findLong(raw); known != nil {
		last.follow(known)
		return top, known, at, true
	}
	dotted := wanted >= 0 && slices.Contains(raw, '.')
	if len(raw) <= longestKnown && !k.full() {
		now = k.learn(raw, last)
		now.top, now.dotted = top, dotted
		if wanted >= 0 && r.p.remembered[wanted] {
			now.memo = r.newMemo()
		}
		now.apart = dotted || now.memo != nil
	}
	r.dotted = r.dotted || dotted
	return top, now, at, true
}

// placeOf returns where the place of a key's value is noted: keys that are not wanted have one together, so that no branch need tell them apart.
func (r *Projector) placeOf(top int32) int32 {
	if top < 0 {
		return int32(r.p.tops) //nolint:gosec // fewer than that
	}
	return top
}

// stride walks over members as long as keys are those that are guessed, and values are short texts, nil or booleans: most of a map. It notes in tops where the
// values stand. left counts down the members that are to come. It calls nothing, so that all it needs stays in registers. It returns where it stopped, the last
// key that it has found, and whether that key's value is still to be walked over. The offset may be beyond the data.
func stride(data []byte, tops []span, epoch uint32, pos int, last *knownKey, left int) (at int, now *knownKey, rest int, found bool) {
	for ; left > 0; left-- {
		key := last.then[0]
		if key.size == 0 || pos < 0 || pos > len(data)-(window+2) || !key.fits(data[pos:pos+window]) {
			return pos, last, left, false
		}
		last, pos = key, pos+key.size
		if key.apart {
			return pos, last, left, true
		}
		tops[key.top] = span{start: pos, epoch: epoch}
		switch c := data[pos]; {
		case c-0xa0 < 0x20: // fixstr
			pos += 1 + int(c&0x1f)
		case c == 0xd9: // str8
			pos += 2 + int(data[pos+1])
		case c == 0xc0 || c|1 == 0xc3:
			pos++
		default:
			return pos, last, left, true
		}
	}
	return pos, last, 0, false
}
