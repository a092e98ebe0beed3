package matcher_test

import (
	"fmt"

	"sigmatrail/matcher"
)

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
	values := map[string]string{"eventName": "stopLogging", "userName": "alice"}
	scratch, record := program.NewScratch(), &matcher.Record{}
	record.Reset(len(program.Fields()))
	fill := func(fields []matcher.FieldID) {
		for _, f := range fields {
			name := program.Fields()[f]
			value, ok := values[name]
			record.Begin(f, ok)
			if ok {
				record.Add(matcher.Value{Kind: matcher.String, Text: []byte(value)})
			}
			fmt.Println("asked for", name)
		}
	}
	fill(program.Anchors())
	program.Candidates(scratch, record)
	hits := program.Match(nil, scratch, record)
	for need, _ := scratch.Need(); len(need) > 0; need, _ = scratch.Need() {
		fill(need)
		hits = program.Match(hits, scratch, record)
	}
	fmt.Println("hits", hits)
	// Output:
	// asked for eventName
	// asked for userName
	// hits [0]
}
