package rules

// Code names a kind of mistake in a rule. Codes are part of the interface: they never change their meaning.
type Code string

// The codes of problems, each with what it means and, behind the arrow, how to mend it: docs/diagnostics.md is made of these lines.
const (
	YAMLSyntax       Code = "yaml-syntax"         // the file is not YAML → Look at the line before, too: an indentation, a colon without a space, or a quote is the usual cause.
	YAMLSpace        Code = "yaml-space"          // a character that looks like a space and is none for YAML → Put plain spaces in; text from web pages has others.
	YAMLLimit        Code = "yaml-limit"          // the file is larger or deeper than any rule → Divide the file.
	YAMLMerge        Code = "yaml-merge"          // a merge key (<<) → Write the keys out.
	DuplicateKey     Code = "duplicate-key"       // a key twice in one map → Make one of them a list of values, or use two search identifiers.
	NotARule         Code = "not-a-rule"          // a document that is no map → A rule begins with title:. Files of something else belong elsewhere, tests into NAME.test.yml.
	BadCollection    Code = "collection-invalid"  // a rule collection whose action means nothing → Use global, repeat or reset, and nothing beside reset.
	WrongType        Code = "wrong-type"          // a value of another type than the specification says → Give it the type that the message names.
	MissingField     Code = "missing-field"       // title, logsource or detection is missing → Add it.
	BadLevel         Code = "level-invalid"       // a level that Sigma does not have → Use informational, low, medium, high or critical.
	NoLevel          Code = "level-missing"       // no level: the rule counts as medium → Add level.
	BadDate          Code = "date-invalid"        // a date that is none → Write it as 2026-11-24.
	UnknownAttribute Code = "attribute-unknown"   // an attribute that Sigma does not have and that looks like one that it has → Use the name that the message proposes; other names of your own draw no warning.
	Misplaced        Code = "attribute-misplaced" // an attribute that means something only further in → Indent it below the attribute that the message names.
	BadTag           Code = "tag-unknown"         // a tag that Sigma's namespaces do not have → Use the tag that the message proposes; hits carry tags, and outputs are routed by them.
	UnknownTechnique Code = "technique-unknown"   // a technique that ATT&CK's enterprise matrix never had → Use the tag that the message proposes, or look the technique up. Ids that a later version of ATT&CK may have given draw no warning.
	DuplicateValue   Code = "value-duplicate"     // a value twice in a list → Leave one of them out.
	BadStatus        Code = "status-invalid"      // a status that Sigma does not have → Use stable, test, experimental, deprecated or unsupported.
	IDNotUUID        Code = "id-not-uuid"         // an id that is no UUID → Make one, for example with uuidgen.
	DuplicateID      Code = "id-duplicate"        // two rules with one id → Give one of the rules an id of its own, or name one of the two files alone.
	BadTaxonomy      Code = "taxonomy-unknown"    // a taxonomy without a field mapping → Map its fields in the file that the setting fields names, or rename them to CloudTrail's and leave taxonomy out.
	TaxonomyField    Code = "taxonomy-field"      // a field that the mapping of the rule's taxonomy lacks → Use the name that the message proposes, or add the field to the file that the setting fields names.
	EmptySelection   Code = "selection-empty"     // a search identifier, map or list without anything in it → Fill it, or leave it out.
	BadField         Code = "field-invalid"       // a field name that cannot be one → Name the field exactly; to look anywhere below one, use contains on it.
	UnlikelyField    Code = "field-unlikely"      // a field that CloudTrail spells in another way → Use the spelling that the message proposes: names are compared exactly.

	FieldUnmapped Code = "field-unmapped" // a field that records of the form which the setting fields names do not have → Nothing is wrong with the rule. Where such records keep event.original, that is judged; otherwise ask for another field.
	FieldLossy    Code = "field-lossy"    // a question for nulls, empty values or absence, which records of the form that the setting fields names have lost → Nothing is wrong with the rule. Where such records keep event.original, that is judged; otherwise ask for a value.

	UnknownModifier       Code = "modifier-unknown"       // a modifier that Sigma does not have → Use the modifier that the message proposes.
	ModifierOrder         Code = "modifier-order"         // a chain of modifiers that is allowed and hardly meant → Put contains behind base64offset.
	ModifierConflict      Code = "modifier-conflict"      // modifiers that cannot combine → Leave one of them out, or use two items.
	AllSingle             Code = "all-single-value"       // all on fewer than two values → Leave all out.
	BadValue              Code = "value-invalid"          // a value that the modifier cannot take → Give it a value of the kind that the message names.
	SuspiciousValue       Code = "value-suspicious"       // a value that nothing in a record can be → Use the value that the message proposes.
	UnresolvedPlaceholder Code = "placeholder-unresolved" // %name% without values → Give it values in the file of placeholders.
	NullInList            Code = "null-in-list"           // null among other values → Use two search identifiers, one with null, joined by or.
	BadRegexp             Code = "regexp-invalid"         // a regular expression that RE2 does not have → Use what RE2 has; often two items, one of them negated, say the same as a lookaround.
	BadCIDR               Code = "cidr-invalid"           // not a network → Write the network with its length: 192.0.2.1/32.

	ConditionSyntax      Code = "condition-syntax"      // a condition that cannot be read → Mend the condition at the caret.
	ConditionUndefined   Code = "condition-undefined"   // a search identifier that the detection lacks → Use the name that the message proposes.
	ConditionNoMatch     Code = "condition-no-match"    // a pattern that names no search identifier → Use a name or a pattern that the detection has.
	UnusedSearch         Code = "search-unused"         // a search identifier that no condition names → Name it in the condition, or leave it out.
	ConditionUpperCase   Code = "condition-upper-case"  // AND, OR, NOT … in capitals → Write and, or, not in lower case.
	ConditionTimeframe   Code = "condition-timeframe"   // timeframe on a plain condition → Write the correlation rule that the message shows.
	ConditionAggregation Code = "condition-aggregation" // the old pipe form, replaced by correlation rules → Write the correlation rule that the message shows.

	BadCorrelation       Code = "correlation-invalid"   // a correlation rule that cannot be → Give it what the message names.
	CorrelationReference Code = "correlation-reference" // a correlation rule for a rule that is not there, or for itself → Correct the id or name, or load the rule.
	CorrelationTitle     Code = "correlation-title"     // a correlation rule that names another by its title → Name its id, or give it a name.
	CorrelationUngrouped Code = "correlation-ungrouped" // a correlation rule without group-by → Group by who did it, for example userIdentity.arn.
	CorrelationAlias     Code = "correlation-alias"     // an alias that nothing groups by → Put it under group-by, or leave it out.
	CorrelationAll       Code = "correlation-all"       // condition: all → Leave the condition out.
	CorrelationWaits     Code = "correlation-waits"     // a correlation whose condition later events can make false again → Where the alert must not wait for correlation_lateness, use gt or gte alone, without not.
	CorrelationRank      Code = "correlation-rank"      // a percentile without its rank → Add percentile: 95 to the condition.
	CorrelationSilences  Code = "correlation-silences"  // a rule of level medium or above that a correlation in the same file silences → Add generate: true to the correlation if the rule is to report by itself, too.
	CorrelationStarved   Code = "correlation-starved"   // a correlation for rules none of which can hit a CloudTrail record → Name rules about CloudTrail that are not excluded.
	FilterNarrows        Code = "filter-narrows"        // a Sigma Filter without not → Put not before its condition; the specification's own texts disagree on what a filter without it means.
	FilterTarget         Code = "filter-target-unknown" // a Sigma Filter for a rule that is not there → Correct the id, or load the rule; the log sources of both must agree.
)
