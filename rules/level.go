package rules

import "strings"

// Level is how bad a hit is (sigma-rules-specification.md, "Level").
type Level uint8

const (
	// Informational rules classify events; a hit is no alert by itself.
	Informational Level = iota
	// Low events are notable but rarely incidents; they are of interest in high numbers or together with others.
	Low
	// Medium events are relevant and should be reviewed by hand on a more frequent basis.
	Medium
	// High events should trigger an internal alert and be reviewed promptly.
	High
	// Critical events indicate an incident and should be reviewed immediately; used where probability borders certainty.
	Critical
)

// levelNames returns the levels' names, the lowest first.
func levelNames() []string { return []string{"informational", "low", "medium", "high", "critical"} }

// String returns the level as Sigma spells it.
func (l Level) String() string {
	if names := levelNames(); int(l) < len(names) {
		return names[l]
	}
	return "unknown"
}

// StatusRank orders the status of rules by how mature they are: unsupported 0, deprecated 1, experimental 2, test 3, stable 4. A rule without one
// counts as experimental.
func StatusRank(status string) int {
	for i, name := range []string{"unsupported", "deprecated", "experimental", "test", "stable"} {
		if strings.EqualFold(status, name) {
			return i
		}
	}
	return 2
}

// ParseLevel returns the level of that name, in any case.
func ParseLevel(name string) (Level, bool) {
	for i, n := range levelNames() {
		if strings.EqualFold(n, name) {
			return Level(i), true
		}
	}
	return 0, false
}
