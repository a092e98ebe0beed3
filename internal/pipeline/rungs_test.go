package pipeline

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/matcher"
	"sigmatrail/rules"
)

// rungs are the evaluators of the ladder over one list of rules, from the oracle to the engine. Each has one thing more than the one before it that
// could be wrong, so that where two differ the fault is known. It is safe for concurrent use.
type rungs struct {
	forms  map[*record.Mapping]*form // nil: CloudTrail's own
	engine *Engine
	other  *record.Mapping
	rules  int
}

// form is the evaluators of records of one form.
type form struct {
	aliases record.Aliases
	oracle  *oracle.Oracle
	view    *view
	rules   int
}

func newRungs(list []*rules.Rule) (*rungs, error) { return newRungsBeside(list, nil) }

// newRungsBeside makes the rungs of rules for records of CloudTrail's own form and, if it is not nil, of another.
func newRungsBeside(list []*rules.Rule, other *record.Mapping) (*rungs, error) {
	numbered := make([]*rules.Rule, 0, len(list)) // whose titles tell them apart in what is written
	for i, r := range list {
		one := *r
		one.Title, one.ID = numberedTitle+strconv.Itoa(i), ""
		numbered = append(numbered, &one)
	}
	p, err := newProgram(&rules.Set{Rules: numbered}, other, "sigma")
	if err != nil {
		return nil, err
	}
	r := &rungs{forms: make(map[*record.Mapping]*form), other: other, rules: len(list)}
	add := func(m *record.Mapping, aliases record.Aliases, v *view) {
		r.forms[m] = &form{aliases: aliases, oracle: oracle.New(list, aliases, "sigma"), view: v, rules: len(list)}
	}
	add(nil, record.DefaultAliases(), p.own)
	if other != nil {
		add(other, other.Aliases(), p.mapped)
	}
	r.engine, err = NewEngine(conf.Settings{MinLevel: "informational", Key: "sigma"}, p)
	return r, err
}

const numberedTitle = "ladder rule "

// subject is one record, decoded and where it stands.
type subject struct {
	object   *record.Object
	place    record.Place
	received time.Time
	form     *record.Mapping
}

// climber is the memory that one goroutine needs to climb.
type climber struct {
	*rungs

	own, mapped *steps
	pairs, hits int // how much has been climbed
}

// steps is the memory for records of one form.
type steps struct {
	*form

	scratch *matcher.Scratch
	fields  matcher.Record
	look    *look
}

func (r *rungs) climber() *climber {
	c := &climber{rungs: r, own: newSteps(r.forms[nil])}
	if r.other != nil {
		c.mapped = newSteps(r.forms[r.other])
	}
	return c
}

func newSteps(f *form) *steps {
	return &steps{form: f, scratch: f.view.program.NewScratch(), look: newLook(f.view)}
}

// climb judges one record on the rungs up to the projection, and returns the oracle's verdict. The error names the first rung that differs.
func (c *climber) climb(s subject) (want []int, err error) {
	of := c.own
	if s.form != nil {
		of = c.mapped
	}
	want = of.oracle.Match(s.object, s.received)
	return want, of.hold(s, want)
}

// hold holds the oracle's traces, and the rungs above it, to its verdict.
func (c *steps) hold(s subject, want []int) error {
	if err := c.holdTraces(s, want); err != nil {
		return err
	}
	p := c.view.program
	c.fill(s.object, s.received)
	p.AllCandidates(c.scratch)
	if got := p.Match(nil, c.scratch, &c.fields); !slices.Equal(got, want) {
		return fmt.Errorf("the program without index: %v, the oracle: %v", got, want)
	}
	c.fill(s.object, s.received)
	p.Candidates(c.scratch, &c.fields)
	if got := p.Match(nil, c.scratch, &c.fields); !slices.Equal(got, want) {
		return fmt.Errorf("the program with its index: %v, the oracle: %v", got, want)
	}
	if _, ok := c.look.projector.Record(s.place.Data, s.place.Pos, s.place.Depth); !ok {
		return fmt.Errorf("the projector cannot walk %x at %d", s.place.Data, s.place.Pos)
	}
	if got := c.look.match(nil, s.received); !slices.Equal(got, want) {
		return fmt.Errorf("the projection: %v, the oracle: %v", got, want)
	}
	return nil
}

// holdTraces holds that the trace of each rule has its verdict.
func (c *steps) holdTraces(s subject, want []int) error {
	for rule := range c.rules {
		t, whole := c.oracle.Trace(rule, s.object, s.received, math.MaxInt)
		if _, match := slices.BinarySearch(want, rule); !whole || t.Holds != match {
			return fmt.Errorf("the trace of rule %d: %v (whole: %v), the oracle: %v", rule, t.Holds, whole, want)
		}
	}
	return nil
}

// subjects returns the records in the event whose body stands at pos, or the body itself where there are none, so that evaluators are asked all the same.
// recognised says which.
func (c *climber) subjects(data []byte, pos int, received time.Time) (list []subject, recognised bool, err error) {
	body, _ := record.Decode(data, pos)
	found, content := record.Find(body, c.other)
	var l record.Locator
	places, located := l.Find(data, pos)
	if located == record.Foreign && c.mapped != nil {
		l.IsRecord = c.mapped.look.isMapped
		places, located = l.Find(data, pos)
	}
	if len(places) != len(found) || located != content {
		return nil, false, fmt.Errorf("the locator finds %d records, content %d; there are %d, content %d", len(places), located, len(found), content)
	}
	for i, f := range found {
		list = append(list, subject{f.Record, places[i], received, f.Form})
	}
	if len(list) > 0 {
		return list, true, nil
	}
	o, ok := body.(*record.Object)
	if !ok {
		return nil, false, nil
	}
	return []subject{{o, record.Place{Data: data, Pos: pos}, received, c.other}}, false, nil
}

// fill fills every field in from a decoded record, by a lookup of its own: by the keys that the record has, not by the splits of the path.
func (c *steps) fill(o *record.Object, received time.Time) {
	rec, p := &c.fields, c.view.program
	rec.Reset(len(p.Fields()))
	rec.Received = received
	stamp, _ := o.Get(record.Stamp)
	if t, ok := record.ParseTime(stamp); ok {
		rec.Received = t
	}
	for i, name := range p.Fields() {
		var found []any
		if name == matcher.WholeRecord {
			found = []any{without(o, "sigma")}
		} else {
			for _, path := range c.aliases.Paths(name) {
				found = append(found, places(o, path)...)
			}
		}
		rec.Begin(matcher.FieldID(i), len(found) > 0)
		for _, v := range found {
			add(rec, v)
		}
	}
}

// places returns what stands at a path of v.
func places(v any, path string) (found []any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, places(e, path)...)
		}
	case *record.Object:
		for _, m := range v.Members() {
			if m.Key == path {
				found = append(found, m.Value)
			} else if rest, ok := strings.CutPrefix(path, m.Key+"."); ok {
				found = append(found, places(m.Value, rest)...)
			}
		}
	}
	return found
}

func without(o *record.Object, key string) *record.Object {
	var members []record.Member
	for _, m := range o.Members() {
		if m.Key != key {
			members = append(members, m)
		}
	}
	return record.NewObject(members...)
}

// add adds a value of a record as the matcher takes it.
func add(rec *matcher.Record, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			add(rec, e)
		}
	case *record.Object:
		rec.Add(matcher.Value{Kind: matcher.Object})
		addInside(rec, v)
		rec.Add(matcher.Value{Kind: matcher.JSON, Text: record.AppendJSON(nil, v)})
	default:
		rec.Add(scalar(v))
	}
}

func addInside(rec *matcher.Record, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			addInside(rec, e)
		}
	case *record.Object:
		for _, m := range v.Members() {
			addInside(rec, m.Value)
		}
	default:
		one := scalar(v)
		one.Inside = true
		rec.Add(one)
	}
}

func scalar(v any) matcher.Value {
	switch v := v.(type) {
	case nil:
		return matcher.Value{Kind: matcher.Null}
	case string:
		return matcher.Value{Kind: matcher.String, Text: []byte(v)}
	case bool:
		return matcher.Value{Kind: matcher.Bool, Text: strconv.AppendBool(nil, v)}
	}
	if text, ok := record.NumberText(v); ok {
		return matcher.Value{Kind: matcher.Number, Text: []byte(text)}
	}
	return matcher.Value{Kind: matcher.Opaque}
}

// verdicts is what is known of one event of a chunk: of each record in it, the rules that must match.
type verdicts struct {
	known   bool
	records []record.Found
	hits    [][]int
}

// event returns the oracle's verdicts on an event; the rungs up to the projection are held to them on the way.
func (c *climber) event(data []byte, ev *chunk.Event) (v verdicts, err error) {
	v.known = true
	if ev.Kind != chunk.Log {
		return v, nil
	}
	all, recognised, err := c.subjects(data, ev.BodyStart, receivedOf(ev))
	if err != nil {
		return v, err
	}
	for _, s := range all {
		want, err := c.climb(s)
		if err != nil {
			return v, fmt.Errorf("%w, on %.500s", err, record.AppendJSON(nil, s.object))
		}
		c.pairs += c.rules
		c.hits += len(want)
		if recognised {
			v.records, v.hits = append(v.records, record.Found{Record: s.object, Form: s.form}), append(v.hits, want)
		}
	}
	return v, nil
}

func receivedOf(ev *chunk.Event) time.Time {
	if !ev.HasTime {
		return time.Time{}
	}
	return time.Unix(ev.Seconds, int64(ev.Nanos)).UTC()
}

// holdEngine holds what the engine writes on a chunk to the verdicts on its events, and that all else stays as it came.
func (r *rungs) holdEngine(data []byte, want []verdicts) error {
	out := r.engine.Process(data, func(n int) []byte { return make([]byte, n) })
	if out == nil {
		out = data
	}
	var in, now chunk.Event
	was, is := chunk.NewWalker(data), chunk.NewWalker(out)
	for i := 0; was.Next(&in); i++ {
		if !is.Next(&now) || in.Kind != now.Kind {
			return fmt.Errorf("event %d is lost", i)
		}
		if !want[i].known {
			continue
		}
		expected := written(want[i])
		if len(expected) == 0 {
			if string(data[in.Start:in.End]) != string(out[now.Start:now.End]) {
				return fmt.Errorf("event %d: hits are written where there are none: %v", i, read(out, now.BodyStart))
			}
			continue
		}
		if got := read(out, now.BodyStart); !slices.Equal(got, expected) {
			return fmt.Errorf("event %d: %v is written, the oracle says %v", i, got, expected)
		}
	}
	if is.Next(&now) {
		return fmt.Errorf("an event is new: %+v", now)
	}
	return nil
}

// written returns what the engine must write: each rule, and where the event has several records the eventIDs of those that it matches.
func written(v verdicts) []string {
	ids := make(map[int][]string)
	for i, hits := range v.hits {
		for _, rule := range hits {
			ids[rule] = append(ids[rule], "")
			if len(v.records) > 1 {
				ids[rule][len(ids[rule])-1] = v.records[i].Text("eventID")
			}
		}
	}
	var list []string
	for rule, texts := range ids {
		texts = slices.DeleteFunc(texts, func(id string) bool { return id == "" })
		list = append(list, fmt.Sprint(rule, texts))
	}
	slices.Sort(list)
	return list
}

// read returns what is written on the event whose body stands at pos.
func read(data []byte, pos int) (list []string) {
	body, _ := record.Decode(data, pos)
	o, _ := body.(*record.Object)
	annotation, _ := o.Get("sigma")
	if o, _ = annotation.(*record.Object); o == nil {
		return nil
	}
	entries, _ := o.Get("rules")
	all, _ := entries.([]any)
	for _, e := range all {
		entry, _ := e.(*record.Object)
		number, ours := strings.CutPrefix(entry.Text("title"), numberedTitle)
		if !ours {
			continue
		}
		var texts []string
		ids, _ := entry.Get("event_ids")
		each, _ := ids.([]any)
		for _, id := range each {
			if text, _ := id.(string); text != "" {
				texts = append(texts, text)
			}
		}
		list = append(list, number+" "+fmt.Sprint(texts))
	}
	slices.Sort(list)
	return list
}

// checkChunk holds every rung to the oracle on a chunk.
func (r *rungs) checkChunk(data []byte) (pairs, hits int, err error) {
	c := r.climber()
	var want []verdicts
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Next(&ev); {
		v, err := c.event(data, &ev)
		if err != nil {
			return 0, 0, err
		}
		want = append(want, v)
	}
	if err := r.holdEngine(data, want); err != nil {
		return 0, 0, err
	}
	// Again and again, as values are remembered only where they come often. What is damaged would swallow what comes behind it.
	const often = 40
	if damaged(data) {
		return c.pairs, c.hits, nil
	}
	if err := r.holdEngine(bytes.Repeat(data, often), slices.Repeat(want, often)); err != nil {
		return 0, 0, fmt.Errorf("the chunk %d times: %w", often, err)
	}
	return c.pairs, c.hits, nil
}

// damaged reports whether the chunk cannot be walked to its end, so that what comes behind it is not framed.
func damaged(data []byte) bool {
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Next(&ev); {
		if ev.Kind == chunk.Damaged {
			return true
		}
	}
	return false
}

// mustRungs makes the rungs of rules that are sound.
func mustRungs(t testing.TB, list []*rules.Rule) *rungs {
	t.Helper()
	r, err := newRungs(list)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
