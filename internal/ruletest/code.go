package ruletest

import "sigmatrail/rules"

// The codes of what is wrong with tests. What is wrong with a rule itself has the codes of package rules.
const (
	// Wrong: a case has another verdict than it must have.
	Wrong rules.Code = "test-verdict"
	// Differs: the engine and the oracle do not agree on a case, which is a fault of ours.
	Differs rules.Code = "test-engines"
	// NoRecord: the event of a case holds no CloudTrail record.
	NoRecord rules.Code = "test-event"
	// Invalid: a file of tests says something that cannot be understood.
	Invalid rules.Code = "test-invalid"
	// Missing: a rule has no tests, or only cases of one verdict.
	Missing rules.Code = "test-missing"
)
