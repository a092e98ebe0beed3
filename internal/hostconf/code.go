package hostconf

import "sigmatrail/rules"

// The codes of problems, each with what it means and, behind the arrow, how to mend it: docs/configuration.md is made of these lines.
const (
	Syntax        rules.Code = "conf-syntax"         // Fluent Bit cannot read the file → Mend the line; Fluent Bit stops there.
	Unreadable    rules.Code = "conf-unreadable"     // a file that the configuration names is not there → Correct the name. Files that are included are looked for beside the file that includes them.
	IncludedTwice rules.Code = "conf-included-twice" // a file is included twice → Include it once.
	Unset         rules.Code = "variable-unset"      // a variable that is not set here → Set it where fluent-bit runs, or give it a default: ${NAME:-VALUE}. What it is part of was not checked.
	Nothing       rules.Code = "sigma-missing"       // no filter, processor or output of the configuration is named sigma → Name the file that has one.

	UnknownProperty rules.Code = "property-unknown" // a property that sigma does not have → Use the name that the message proposes. On a filter Fluent Bit refuses to start; on an output of Go it says nothing, and the property has no effect.
	TwiceProperty   rules.Code = "property-twice"   // a property that is set twice, or has a list → Set it once; several rules stand in one text, separated by commas.
	BadProperty     rules.Code = "property-invalid" // a value that the property cannot take → Use what the message names.
	MissingPath     rules.Code = "path-missing"     // a file that a property names is not there → Correct the name. It is relative to the directory in which fluent-bit is started.
	RefusedRules    rules.Code = "rules-refused"    // the rules may not run → Mend the rules, or name others.

	NoMatch        rules.Code = "match-missing"    // a filter or an output without match → Set match to the tag of the records.
	OutputWorkers  rules.Code = "workers-missing"  // an output of Go without workers: 1 → Set workers to 1: without it a delivery holds up all of Fluent Bit.
	SlowCondition  rules.Code = "condition-slow"   // a condition on the processor sigma → Leave it out: with it Fluent Bit hands over records one by one. Rules decide about records themselves.
	WrongSignal    rules.Code = "processor-signal" // sigma as a processor of something else than logs → Put it under logs.
	JudgedTwice    rules.Code = "judged-twice"     // the same records pass sigma twice, as a filter and as a processor → Leave one of them out, or give them different keys.
	AskedEarly     rules.Code = "asked-early"      // something asks for hits before sigma has written them → Put sigma before it.
	AskedForNobody rules.Code = "asked-never"      // something asks for hits, and sigma writes none under that key → Ask for the key that is set on sigma.
	RoutesEarly    rules.Code = "routes-early"     // routes ask for hits, and are decided before filters → Make sigma a processor of the input.
)
