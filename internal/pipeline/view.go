package pipeline

import (
	"slices"
	"time"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
	"sigmatrail/matcher"
	"sigmatrail/rules"
)

// view is the rules as they look at records of one form: what they ask, and where such records have it.
type view struct {
	program    *matcher.Program
	projection *chunk.Projection
	// name and source are fields beside those of the program: the ones that tell what a record is.
	name, source matcher.FieldID
	fields       int
	dated        bool // whether a rule asks for a part of eventTime
}

// The marks of a projection: keys that tell what a record is.
const (
	markName = iota
	markSource
	markVersion
	markOwn   // where hits are written
	markStamp // what stands in for eventTime; where rules are dated alone
)

func marks(ownKey string, dated bool) []string {
	keys := []string{"eventName", "eventSource", "eventVersion", ownKey}
	if dated {
		keys = append(keys, record.Stamp)
	}
	return keys
}

// newView compiles the rules for records that have fields where aliases say.
func newView(rs []*rules.Rule, aliases record.Aliases, ownKey string) (*view, error) {
	exprs := make([]matcher.Expr, 0, len(rs))
	dated := false
	for _, r := range rs {
		expr := r.Lower()
		exprs, dated = append(exprs, expr), dated || asksForTime(expr)
	}
	program, err := matcher.Compile(exprs, matcher.Options{
		Pair: [2]string{"eventName", "eventSource"}, Root: func(field string) string { return chunk.Root(aliases.Paths(field)) },
	})
	if err != nil {
		return nil, err
	}
	fields := make([]chunk.Field, 0, len(program.Fields())+2)
	for i, name := range program.Fields() {
		id := matcher.FieldID(i)
		f := chunk.Field{Always: program.Paired(id)}
		if name != matcher.WholeRecord {
			f.Paths = aliases.Paths(name)
		}
		fields = append(fields, f)
	}
	v := &view{program: program, name: matcher.FieldID(len(fields)), source: matcher.FieldID(len(fields) + 1), fields: len(fields) + 2} //nolint:gosec // fewer than that
	fields = append(fields, chunk.Field{Paths: aliases.Paths("eventName")}, chunk.Field{Paths: aliases.Paths("eventSource")})
	v.dated = dated
	v.projection = chunk.NewProjection(fields, program.Anchors(), marks(ownKey, dated), ownKey)
	return v, nil
}

// asksForTime reports whether a question of e may be answered by the time at which a record was received.
func asksForTime(e matcher.Expr) bool {
	switch e := e.(type) {
	case matcher.And:
		return slices.ContainsFunc(e, asksForTime)
	case matcher.Or:
		return slices.ContainsFunc(e, asksForTime)
	case matcher.Not:
		return asksForTime(e.Term)
	case *matcher.Atom:
		return e.Received
	}
	return false
}

// look is the memory that one goroutine needs to judge records in one view.
type look struct {
	*view

	scratch   *matcher.Scratch
	projector *chunk.Projector
	record    matcher.Record
}

func newLook(v *view) *look {
	l := &look{view: v, scratch: v.program.NewScratch(), projector: chunk.NewProjector(v.projection)}
	l.record.Source = l.projector
	return l
}

// isRecord reports whether the map over which the projector has walked is a CloudTrail record, as record.IsRecord decides.
func (l *look) isRecord(data []byte) bool {
	if _, ok := l.projector.Mark(markName); !ok {
		return false
	}
	source, ok := l.projector.Mark(markSource)
	if !ok {
		return false
	}
	if _, versioned := l.projector.Mark(markVersion); versioned {
		return true
	}
	return record.IsSource(data, source)
}

// match appends the rules that match the record over which the projector has walked.
func (l *look) match(hits []int, received time.Time) []int {
	l.record.Reset(l.fields)
	l.record.Received = received
	if l.dated {
		l.stamp()
	}
	l.projector.FillAnchors(&l.record)
	l.program.Candidates(l.scratch, &l.record)
	return l.program.Match(hits, l.scratch, &l.record)
}

// stamp lets what stands in for eventTime be when the record was received.
func (l *look) stamp() {
	pos, ok := l.projector.Mark(markStamp)
	if !ok {
		return
	}
	v, _ := record.Decode(l.projector.Data(), pos)
	if t, ok := record.ParseTime(v); ok {
		l.record.Received = t
	}
}

// isMapped reports whether the map at p is a record of the view's form, as record.Find decides.
func (l *look) isMapped(p record.Place) bool {
	if _, ok := l.projector.Record(p.Data, p.Pos, p.Depth); !ok {
		return false
	}
	l.record.Reset(l.fields)
	l.projector.Fill(&l.record, l.name)
	l.projector.Fill(&l.record, l.source)
	return l.record.Present(l.name) && l.record.HasText(l.source, record.IsAWS)
}

func (l *look) bytes() int { return l.projector.Bytes() + l.record.Bytes() + l.scratch.Bytes() }
