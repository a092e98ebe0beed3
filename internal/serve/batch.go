package serve

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"

	"github.com/tidwall/gjson"
)

// batch is what came of one body.
type batch struct {
	out    []byte // the events with their hits, one a line
	counts pipeline.Counts
	broken uint64
	lines  []broken // the first of them
	faults uint64
	engine *pipeline.Engine // that judged them
}

// broken is a part of a body that is no event.
type broken struct {
	Line  int    `json:"line"`
	Error string `json:"error"`
}

// most parts that are named in the log and in an answer.
const mostNamed = 10

// work judges the events of one body.
type work struct {
	*batch

	generation *generation
	judge      *pipeline.Judge
	packed     []byte
	largest    int
	key        string // of the text that says what is wrong
}

// judge judges the events in a body, which out does not borrow.
func (g *generation) judge(body []byte, key string) *batch {
	w := &work{batch: &batch{engine: g.engine}, generation: g, judge: g.borrow(), key: key}
	w.out = make([]byte, 0, len(body)+len(body)/8+1)
	cutter{event: w.value, broken: w.keep}.body(body)
	const mostKept = 1 << 20
	if w.largest <= mostKept { // what a huge event has made huge is not kept
		g.judges.Put(w.judge)
	}
	return w.batch
}

// value adds one JSON text. The error says why it is no event; then nothing was added.
func (w *work) value(text []byte, line int) (err error) {
	if w.packed, err = record.AppendMsgpack(w.packed[:0], text); err != nil {
		return err
	}
	if text[0] != '{' {
		return errors.New("not a JSON object")
	}
	if list, ok := delivery(text); ok {
		list.ForEach(func(_, element gjson.Result) bool {
			text := []byte(element.Raw)
			if w.packed, err = record.AppendMsgpack(w.packed[:0], text); err == nil { // always: the whole is sound
				w.event(text, line)
			}
			return err == nil
		})
		return err
	}
	w.event(text, line)
	return nil
}

// delivery returns the records of an object in which nothing but records stands, as CloudTrail delivers them.
func delivery(text []byte) (records gjson.Result, ok bool) {
	if !bytes.Contains(text, []byte(`"Records"`)) {
		return records, false
	}
	members, elements := 0, 0
	gjson.ParseBytes(text).ForEach(func(key, value gjson.Result) bool {
		members++
		records, ok = value, key.Str == "Records" && value.IsArray()
		return members == 1 && ok
	})
	if members != 1 || !ok {
		return records, false
	}
	records.ForEach(func(_, element gjson.Result) bool {
		elements++
		ok = element.IsObject()
		return ok
	})
	return records, ok && elements > 0
}

// event judges one event, which w.packed has as msgpack, and adds it.
func (w *work) event(text []byte, line int) {
	defer func() {
		if fault := recover(); fault != nil {
			w.judge = w.generation.engine.NewJudge() // what a fault has touched is not used again
			w.faults++
			w.keep(text, line, fmt.Errorf("internal error: %v (please report it)", fault))
		}
	}()
	w.largest = max(w.largest, len(text))
	j := w.judge.Event(w.packed, time.Time{})
	w.generation.engine.Correlate(&j, &w.counts)
	out, err := w.generation.engine.AppendJSON(w.out, text, &j, &w.counts)
	if err != nil {
		w.keep(text, line, err)
		return
	}
	w.out = append(out, '\n')
	w.counts.Add(&j)
}

// keep adds what is no event as the message of one, so that it is not lost.
func (w *work) keep(text []byte, line int, err error) {
	w.broken++
	if len(w.lines) < mostNamed {
		w.lines = append(w.lines, broken{line, err.Error()})
	}
	w.out = append(w.out, `{"message":`...)
	w.out = record.AppendJSON(w.out, string(bytes.ToValidUTF8(text, []byte("\ufffd"))))
	if !utf8.Valid(text) {
		w.out = append(w.out, `,"message_base64":"`...)
		w.out = append(base64.StdEncoding.AppendEncode(w.out, text), '"')
	}
	w.out = append(append(w.out, ','), record.AppendJSON(nil, w.key)...)
	w.out = append(append(w.out, ':'), record.AppendJSON(nil, fmt.Sprintf("line %d: %v", line, err))...)
	w.out = append(w.out, '}', '\n')
}
