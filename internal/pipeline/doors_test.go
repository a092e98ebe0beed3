package pipeline

import (
	"encoding/json"
	"testing"
	"time"

	"sigmatrail/internal/record"
)

// door passes one event, JSON, through an engine and returns what leaves, as JSON.
type door func(t *testing.T, e *Engine, body string) string

// doors are the ways through an engine.
func doors() map[string]door {
	return map[string]door{
		"chunk": func(t *testing.T, e *Engine, body string) string {
			t.Helper()
			data := event(t, body)
			out := process(t, e, data)
			if out == nil {
				out = data
			}
			return bodies(t, out)[0]
		},
		"JSON": func(t *testing.T, e *Engine, body string) string {
			t.Helper()
			return string(throughJSON(t, e, body))
		},
	}
}

func throughJSON(t *testing.T, e *Engine, body string) []byte {
	t.Helper()
	packed, err := record.AppendMsgpack(nil, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	var counts Counts
	j := e.NewJudge().Event(packed, time.Unix(0x65000000, 0).UTC()) // the time of event
	e.Correlate(&j, &counts)
	counts.Add(&j)
	out, err := e.AppendJSON(nil, []byte(body), &j, &counts)
	if err != nil {
		t.Fatal(err)
	}
	e.Add(&counts)
	return out
}

// outcome is what the key has, as far as tests ask for it, and the members at the top of the event.
type outcome struct {
	top   map[string]json.RawMessage
	Sigma struct {
		Level, Notify, Summary string
		Rules                  []struct {
			ID         string
			First      bool
			Suppressed int
			EventIDs   []string `json:"event_ids"`
		}
	}
}

func readOutcome(t *testing.T, text string) (w outcome) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if err := json.Unmarshal([]byte(text), &w.top); err != nil {
		t.Fatal(err)
	}
	return w
}

// formats are the values of the setting.
func formats() []string { return []string{"sigma", "ecs", "flat"} }
