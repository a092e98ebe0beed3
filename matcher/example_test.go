package matcher_test

import (
	"fmt"

	"sigmatrail/matcher"
)

// source has the values of one record, none of which is an object.
type source struct {
	program *matcher.Program
	values  map[string]string
}

func (s source) Fill(rec *matcher.Record, f matcher.FieldID) {
	name := s.program.Fields()[f]
	value, ok := s.values[name]
	rec.Begin(f, ok)
	if ok {
		rec.Add(matcher.Value{Kind: matcher.String, Text: []byte(value)})
	}
	fmt.Println("asked for", name)
}

func (s source) FillInside(rec *matcher.Record, f matcher.FieldID) { s.Fill(rec, f) }

// Two expressions become a program, which finds those that hold for a record. Of the second it needs to know no more than that the first text is another.
func Example() {
	is := func(field, text string) *matcher.Atom {
		return &matcher.Atom{Field: field, Op: matcher.Text, Patterns: []matcher.Pattern{{Parts: []matcher.PatternPart{{Literal: text}}}}}
	}
	program, err := matcher.Compile([]matcher.Expr{
		matcher.And{is("eventName", "StopLogging"), matcher.Not{Term: is("userName", "admin")}},
		matcher.And{is("eventName", "DeleteTrail"), &matcher.Atom{Field: "errorCode", Op: matcher.IsNull}},
	}, matcher.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	scratch, record := program.NewScratch(), &matcher.Record{}
	source := source{program: program, values: map[string]string{"eventName": "stopLogging", "userName": "alice"}}
	record.Source = source
	record.Reset(len(program.Fields()))
	for _, f := range program.Anchors() {
		source.Fill(record, f)
	}
	program.Candidates(scratch, record)
	hits := program.Match(nil, scratch, record)
	fmt.Println("hits", hits)
	// Output:
	// asked for eventName
	// asked for userName
	// hits [0]
}
