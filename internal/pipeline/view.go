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
}

// The marks of a projection: keys that tell what a record is.
const (
	markName = iota
	markSource
	markVersion
)

func marks() []string { return []string{"eventName", "eventSource", "eventVersion"} }

// newView compiles the rules. paths says where a record has a field.
func newView(rs []*rules.Rule, paths func(field string) []string, ownKey string, o matcher.Options) (*view, error) {
	exprs := make([]matcher.Expr, 0, len(rs))
	for _, r := range rs {
		exprs = append(exprs, r.Lower())
	}
	o.Pair = [2]string{"eventName", "eventSource"}
	program, err := matcher.Compile(exprs, o)
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
	fields    matcher.Record
}

func newLook(v *view) *look {
	return &look{view: v, scratch: v.program.NewScratch(), projector: chunk.NewProjector(v.projection)}
}

// isRecord reports whether the map over which the projector has walked is a CloudTrail record, as record.IsRecord decides.
func (l *look) isRecord(data []byte) bool {
	if _, _, ok := l.projector.Mark(markName); !ok {
		return false
	}
	source, _, ok := l.projector.Mark(markSource)
	if !ok {
		return false
	}
	if _, _, versioned := l.projector.Mark(markVersion); versioned {
		return true
	}
	return record.IsSource(data, source)
}

// match appends the rules that match the record over which the projector has walked.
func (l *look) match(hits []int, received time.Time) []int {
	l.fields.Reset(len(l.program.Fields()))
	l.fields.Received = received
	l.projector.FillAnchors(&l.fields)
	l.projector.Fill(&l.fields, l.program.Candidates(l.scratch, &l.fields))
	return l.program.Match(hits, l.scratch, &l.fields)
}
