package pipeline

import (
	"strings"
	"testing"

	"sigmatrail/conf"
)

// TestHugeEvent: a huge event is judged, and the memory that it took does not stay.
func TestHugeEvent(t *testing.T) {
	e := engine(t, func(s *conf.Settings) { s.MinLevel = "low" })
	record := `{` + head + `"eventName":"StopLogging","requestParameters":{"a":"` + strings.Repeat("x", 1<<20) + `"}}`
	wrapped := `{"message":"` + strings.ReplaceAll(strings.ReplaceAll(record, `\`, `\\`), `"`, `\"`) + `"}`
	list := `{"Records":[` + strings.TrimSuffix(strings.Repeat(wrapped+",", 20), ",") + `]}`
	if out := process(t, e, event(t, list)); out == nil {
		t.Error("no hit")
	}
	s := e.borrow()
	if n := s.bytes(); n > mostKept {
		t.Errorf("%d bytes are kept", n)
	}
	grown := e.newScratch()
	grown.chunk.values = make([]byte, 0, mostKept+1)
	e.giveBack(grown)
	for range 10 {
		if s := e.borrow(); s == grown {
			t.Error("what has become huge is used again")
		}
	}
}
