package pipeline

import (
	"sigmatrail/internal/chunk"
	"sigmatrail/matcher"
	"sigmatrail/rules"
)

// view is the rules as they look at records of one form: what they ask, and where such records have it.
type view struct {
	program    *matcher.Program
	projection *chunk.Projection
}

// The marks of a projection: keys that tell what a record is.
const (
	markName = iota
	markSource
	markVersion
	markID
)

func marks() []string { return []string{"eventName", "eventSource", "eventVersion", "eventID"} }

// newView compiles the rules. paths says where a record has a field.
func newView(rs []*rules.Rule, paths func(field string) []string, ownKey string) (*view, error) {
	exprs := make([]matcher.Expr, 0, len(rs))
	for _, r := range rs {
		exprs = append(exprs, r.Lower())
	}
	program, err := matcher.Compile(exprs, matcher.Options{Pair: [2]string{"eventName", "eventSource"}})
	if err != nil {
		return nil, err
	}
	fields := make([]chunk.Field, 0, len(program.Fields()))
	for i, name := range program.Fields() {
		f := chunk.Field{Inside: program.LooksInside(matcher.FieldID(i))} //nolint:gosec // an index
		if name != matcher.WholeRecord {
			f.Paths = paths(name)
		}
		fields = append(fields, f)
	}
	return &view{program: program, projection: chunk.NewProjection(fields, program.Anchors(), marks(), ownKey)}, nil
}

// look is the memory that one goroutine needs to judge records in one view.
type look struct {
	*view

	scratch   *matcher.Scratch
	projector *chunk.Projector
	record    matcher.Record
}

func newLook(v *view) *look {
	return &look{view: v, scratch: v.program.NewScratch(), projector: chunk.NewProjector(v.projection)}
}

// match appends the rules that match the record over which the projector has walked.
func (l *look) match(hits []int) []int {
	l.record.Reset(len(l.program.Fields()))
	l.projector.Fill(&l.record, l.program.Anchors())
	l.projector.Fill(&l.record, l.program.Candidates(l.scratch, &l.record))
	return l.program.Match(hits, l.scratch, &l.record)
}
