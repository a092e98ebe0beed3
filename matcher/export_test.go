package matcher

import "time"

// TimeOf is timeOf, for tests that need other packages beside this one.
func TimeOf(kind Kind, text string) (time.Time, bool) {
	return timeOf(&Value{Kind: kind, Text: []byte(text)})
}
