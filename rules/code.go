package rules

// Code names a kind of mistake in a rule. Codes are part of the interface: they never change their meaning.
type Code string

// The codes of problems. Those that end in -unsupported name parts of the Sigma specification that this version does not evaluate yet: the
// rule is rejected, as a rule that silently never matches would be worse.
const (
	YAMLSyntax     Code = "yaml-syntax"        // the file is not YAML
	YAMLLimit      Code = "yaml-limit"         // the file is larger or deeper than any rule
	YAMLMerge      Code = "yaml-merge"         // a merge key (<<)
	DuplicateKey   Code = "duplicate-key"      // a key twice in one map
	NotARule       Code = "not-a-rule"         // a document that is no map
	BadCollection  Code = "collection-invalid" // a rule collection whose action means nothing
	WrongType      Code = "wrong-type"         // a value of another type than the specification says
	MissingField   Code = "missing-field"      // title, logsource or detection is missing
	BadLevel       Code = "level-invalid"      // a level that Sigma does not have
	NoLevel        Code = "level-missing"      // no level: the rule counts as medium
	BadStatus      Code = "status-invalid"     // a status that Sigma does not have
	IDNotUUID      Code = "id-not-uuid"        // an id that is no UUID
	DuplicateID    Code = "id-duplicate"       // two rules with one id
	BadTaxonomy    Code = "taxonomy-unknown"   // a taxonomy without a field mapping
	EmptySelection Code = "selection-empty"    // a search identifier, map or list without anything in it
	BadField       Code = "field-invalid"      // a field name that cannot be one

	UnknownModifier       Code = "modifier-unknown"       // a modifier that Sigma does not have
	ModifierOrder         Code = "modifier-order"         // a chain of modifiers that is allowed and hardly meant
	ModifierConflict      Code = "modifier-conflict"      // modifiers that cannot combine
	AllSingle             Code = "all-single-value"       // all on fewer than two values
	BadValue              Code = "value-invalid"          // a value that the modifier cannot take
	UnresolvedPlaceholder Code = "placeholder-unresolved" // %name% without values
	NullInList            Code = "null-in-list"           // null among other values
	BadRegexp             Code = "regexp-invalid"         // a regular expression that RE2 does not have
	BadCIDR               Code = "cidr-invalid"           // not a network

	ConditionSyntax      Code = "condition-syntax"      // a condition that cannot be read
	ConditionUndefined   Code = "condition-undefined"   // a search identifier that the detection lacks
	ConditionNoMatch     Code = "condition-no-match"    // a pattern that names no search identifier
	ConditionUpperCase   Code = "condition-upper-case"  // AND, OR, NOT … in capitals
	ConditionAggregation Code = "condition-aggregation" // the old pipe form, replaced by correlation rules

	CorrelationUnsupported Code = "correlation-unsupported" // a correlation rule
	FilterUnsupported      Code = "filter-unsupported"      // a Sigma Filter (meta-filter)
)
