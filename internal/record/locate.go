package record

import (
	"bytes"

	"sigmatrail/internal/chunk"
)

// Place is where a CloudTrail record stands: a msgpack map at Pos of Data, with Depth containers around it.
type Place struct {
	Data       []byte
	Pos, Depth int
}

// Locator finds the CloudTrail records in events that are not records themselves, without decoding them. It is for one goroutine; what it returns lives
// until its next call. It finds what Find finds.
type Locator struct {
	// IsRecord says what a record is; nil: one of CloudTrail's own form, as IsRecord decides.
	IsRecord func(Place) bool

	places []Place
	texts  []byte // JSON texts, as msgpack

	list   List
	within int    // how many JSON texts are around what is looked into
	text   textAt // the outermost of them
}

// textAt is a JSON text in an event.
type textAt struct {
	at   int // where it stands there
	root int // where its msgpack begins
}

// Find returns the CloudTrail records in the msgpack value at pos of data, in their order, and what the event holds.
func (l *Locator) Find(data []byte, pos int) ([]Place, Content) {
	l.places, l.texts = l.places[:0], l.texts[:0]
	l.list, l.within = List{}, 0
	content := l.find(Place{Data: data, Pos: pos}, maxWraps)
	return l.places, content
}

// Bytes is about how much memory has grown with the events that the Locator has seen.
func (l *Locator) Bytes() int {
	const perPlace = 40
	return cap(l.texts) + perPlace*cap(l.places)
}

// find adds the records in the value at p.
func (l *Locator) find(p Place, wraps int) Content {
	if wraps == 0 || p.Depth >= MaxDepth {
		return Foreign
	}
	h, ok := chunk.ReadHead(p.Data, p.Pos)
	if !ok || h.Type != chunk.Map {
		return Foreign
	}
	m := readMarkers(p.Data, h)
	switch {
	case l.isRecord(p, &m):
		l.places = append(l.places, p)
		return CloudTrail
	case m.isDigest():
		return Digest
	}
	if content := l.envelopes(p, &m, wraps-1); content != Foreign {
		return content
	}
	return l.lists(p, &m, wraps-1)
}

func (l *Locator) isRecord(p Place, m *markers) bool {
	if l.IsRecord != nil {
		return l.IsRecord(p)
	}
	return m.isRecord(p.Data)
}

// envelopes looks into what may itself be a record or an envelope.
func (l *Locator) envelopes(p Place, m *markers, wraps int) Content {
	for _, inner := range [...]int{m.at[markDetail], m.at[markEvent], m.at[markEventData], m.at[markPayload], m.at[markJSON]} {
		if inner > 0 {
			if content := l.find(Place{p.Data, inner, p.Depth + 1}, wraps); content != Foreign {
				return content
			}
		}
	}
	for _, text := range [...]int{
		m.at[markLog], m.at[markMessage], m.at[markRaw], m.at[markEvent], m.at[markEventOriginal], m.at[markCloudTrailEvent], m.at[markSNSMessage],
		m.at[markPayload], m.at[markSQSBody], m.at[markBody],
	} {
		if content := l.unpack(p.Data, text, wraps); content != Foreign {
			return content
		}
	}
	if event := m.at[markEvent]; event > 0 {
		if start, _, ok := chunk.Lookup(p.Data, event, "original"); ok {
			return l.unpack(p.Data, start, wraps)
		}
	}
	return Foreign
}

// unpack looks into the value at pos if it is the JSON text of an object.
func (l *Locator) unpack(data []byte, pos, wraps int) Content {
	if pos == 0 {
		return Foreign
	}
	h, ok := chunk.ReadHead(data, pos)
	if !ok || (h.Type != chunk.Str && h.Type != chunk.Bin) {
		return Foreign
	}
	text := h.Content(data)
	if !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) {
		return Foreign
	}
	start := len(l.texts)
	packed, err := AppendMsgpack(l.texts, text)
	if err != nil {
		return Foreign
	}
	l.texts = packed
	if l.within == 0 {
		l.text = textAt{at: pos, root: start}
	}
	l.within++
	content := l.find(Place{Data: packed, Pos: start}, wraps)
	l.within--
	return content
}

// lists looks into the lists of which each element may be a record or an envelope.
func (l *Locator) lists(p Place, m *markers, wraps int) Content {
	before := len(l.places)
	for _, list := range [...]int{markLogEvents, markRecords, markEvents} {
		l.elements(p.Data, m.at[list], func(at int) {
			if list != markLogEvents {
				l.find(Place{p.Data, at, p.Depth + 2}, wraps)
			} else if start, _, ok := chunk.Lookup(p.Data, at, "message"); ok {
				l.unpack(p.Data, start, wraps)
			}
		})
		if len(l.places) > before {
			l.note(p, m.at[list])
			return CloudTrail
		}
	}
	return Foreign
}

// note keeps the list at pos, a member of the map at p, as that of the records. The outermost one is noted last.
func (l *Locator) note(p Place, pos int) {
	l.list = List{}
	switch {
	case l.within == 0:
		l.list = List{data: p.Data, holder: p.Pos, pos: pos}
	case l.within == 1 && p.Pos == l.text.root:
		l.list = List{data: p.Data, holder: p.Pos, pos: pos, text: l.text.at}
	}
}

// elements calls each with where every element of the array at pos stands.
func (l *Locator) elements(data []byte, pos int, each func(at int)) {
	if pos == 0 {
		return
	}
	h, ok := chunk.ReadHead(data, pos)
	if !ok || h.Type != chunk.Array {
		return
	}
	at := h.Next
	for range h.Len {
		end, ok := chunk.Skip(data, at)
		if !ok {
			return
		}
		each(at)
		at = end
	}
}

// markers are where the values of the keys stand that tell what a map is; 0: the key is not there.
type markers struct {
	at [markCount]int
}

const (
	markName = iota
	markSource
	markVersion
	markDetail
	markEvent
	markEventData
	markLog
	markMessage
	markRaw
	markEventOriginal
	markCloudTrailEvent
	markSNSMessage
	markPayload
	markJSON
	markSQSBody
	markBody
	markLogEvents
	markRecords
	markEvents
	markDigestAccount
	markDigestStart
	markDigestBucket
	markDigestFiles
	markCount
)

// markerOf returns the marker that a key is, or -1.
//
//nolint:cyclop // a table of names
func markerOf(key []byte) int {
	switch string(key) {
	case "eventName":
		return markName
	case "eventSource":
		return markSource
	case "eventVersion":
		return markVersion
	case "detail":
		return markDetail
	case "event":
		return markEvent
	case "eventData":
		return markEventData
	case "log":
		return markLog
	case "message":
		return markMessage
	case "_raw":
		return markRaw
	case "event.original":
		return markEventOriginal
	case "CloudTrailEvent":
		return markCloudTrailEvent
	case "Message":
		return markSNSMessage
	case "payload":
		return markPayload
	case "json":
		return markJSON
	case "Body":
		return markSQSBody
	case "body":
		return markBody
	case "logEvents":
		return markLogEvents
	case "Records":
		return markRecords
	case "Events":
		return markEvents
	case "awsAccountId":
		return markDigestAccount
	case "digestStartTime":
		return markDigestStart
	case "digestS3Bucket":
		return markDigestBucket
	case "logFiles":
		return markDigestFiles
	}
	return -1
}

// readMarkers goes over the members of the map with the header h; of duplicate keys the last one counts.
func readMarkers(data []byte, h chunk.Head) (m markers) {
	pos := h.Next
	for range h.Len {
		key, ok := chunk.ReadHead(data, pos)
		if !ok {
			return m
		}
		value, ok := chunk.Skip(data, pos)
		if !ok {
			return m
		}
		if key.Type == chunk.Str || key.Type == chunk.Bin {
			if i := markerOf(key.Content(data)); i >= 0 {
				m.at[i] = value
			}
		}
		if pos, ok = chunk.Skip(data, value); !ok {
			return m
		}
	}
	return m
}

// isRecord is IsRecord.
func (m *markers) isRecord(data []byte) bool {
	if m.at[markName] == 0 || m.at[markSource] == 0 {
		return false
	}
	return m.at[markVersion] > 0 || IsSource(data, m.at[markSource])
}

// IsSource reports whether the msgpack value at pos is a text that ends as AWS's event sources do.
func IsSource(data []byte, pos int) bool {
	h, ok := chunk.ReadHead(data, pos)
	return ok && (h.Type == chunk.Str || h.Type == chunk.Bin) && IsAWS(h.Content(data))
}

// IsAWS reports whether an event source is one of AWS.
func IsAWS(source []byte) bool { return bytes.HasSuffix(source, []byte(".amazonaws.com")) }

func (m *markers) isDigest() bool {
	for i := markDigestAccount; i < markCount; i++ {
		if m.at[i] == 0 {
			return false
		}
	}
	return true
}
