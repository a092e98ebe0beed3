package main

import (
	"encoding/json"
	"strings"

	"sigmatrail/internal/explain"
	"sigmatrail/internal/record"
)

// explanation is an explanation as JSON has it.
type explanation struct {
	Record  explainedRecord `json:"record"`
	Rule    explainedRule   `json:"rule"`
	Matches bool            `json:"matches"`
	Change  *change         `json:"change,omitempty"`
	Tree    *explain.Part   `json:"tree"`
}

type explainedRecord struct {
	Place       string `json:"place"`
	Number      int    `json:"number"`
	EventID     string `json:"eventID"`
	EventTime   string `json:"eventTime"`
	EventSource string `json:"eventSource"`
	EventName   string `json:"eventName"`
}

type explainedRule struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	File  string `json:"file"`
	Line  int    `json:"line"`
}

// change is what would have to change first for the other verdict.
type change struct {
	Field   string `json:"field"`
	Message string `json:"message"`
	More    int    `json:"more"` // that would have to change with it
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
}

// json returns an explanation as JSON.
func (e *explaining) json(place string, found record.Found, x *explain.Explanation) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(e.explained(place, found, x))
	return strings.TrimSuffix(b.String(), "\n"), err
}

func (e *explaining) explained(place string, found record.Found, x *explain.Explanation) *explanation {
	r := &explanation{
		Record: explainedRecord{
			Place: place, Number: e.seen, EventID: found.Text("eventID"), EventTime: found.Text("eventTime"), EventSource: found.Text("eventSource"),
			EventName: found.Text("eventName"),
		},
		Rule: explainedRule{x.Rule.ID, x.Rule.Title, x.Rule.File, x.Rule.Line}, Matches: x.Holds, Tree: &x.Tree,
	}
	if c := x.Change; c != nil {
		r.Change = &change{c.Item.Field, c.Text, c.More, c.Item.File, c.Item.Line, c.Item.Column}
	}
	return r
}
