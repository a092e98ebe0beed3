package pipeline

import (
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
}

// The marks of a projection: keys that tell what a record is.
const (
	markName = iota
	markSource
	markVersion
	markOwn // where hits are written
)

func marks(ownKey string) []string {
	return []string{"eventName", "eventSource", "eventVersion", ownKey}
}

// newView compiles the rules for records that have fields where aliases say.
func newView(rs []*rules.Rule, aliases record.Aliases, ownKey string) (*view, error) {
	exprs := make([]matcher.Expr, 0, len(rs))
	for _, r := range rs {
		exprs = append(exprs, r.Lower())
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
	v.projection = chunk.NewProjection(fields, program.Anchors(), marks(ownKey), ownKey)
	return v, nil
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
	l.projector.FillAnchors(&l.record)
	l.program.Candidates(l.scratch, &l.record)
	return l.program.Match(hits, l.scratch, &l.record)
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
