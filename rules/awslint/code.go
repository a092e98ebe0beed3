package awslint

import "sigmatrail/rules"

// The codes of what is found, each with what it means and, behind the arrow, how to mend it: the second part of docs/diagnostics.md is made of these
// lines.
const (
	UnknownSource    rules.Code = "aws-source-unknown"    // an eventSource that no service of AWS is known to have → Use the one that the message proposes.
	UnknownEvent     rules.Code = "aws-event-unknown"     // an eventName that the event source is not known to have → Use the name or the source that the message proposes; a name that is younger than the table may be right.
	IAMAction        rules.Code = "aws-event-iam-action"  // an eventName that is an action of IAM policies, and no operation → Write the operation that the message names.
	RecordedAs       rules.Code = "aws-event-recorded-as" // an operation that CloudTrail records under another name → Write the name that the message proposes, too.
	UnknownParameter rules.Code = "aws-parameter-unknown" // a member of requestParameters that the operation does not have → Use the member that the message proposes.
	ParameterCase    rules.Code = "aws-parameter-case"    // a member of requestParameters that records spell in another case → Use the spelling that the message proposes: names are compared exactly.
	UnknownField     rules.Code = "aws-field-unknown"     // a field that CloudTrail's records never have → Use the field that the message proposes. Fields that a shipper adds draw this warning as well: ignore it there.
	UnseenField      rules.Code = "aws-field-unseen"      // a field that records of the event were never seen with, often as they were seen → Compare with a record. Optional parameters may be right all the same.
	ErrorSuccess     rules.Code = "aws-error-success"     // an errorCode that says success → Write errorCode: null.
	ErrorSignIn      rules.Code = "aws-error-sign-in"     // an errorCode of ConsoleLogin, which has none → Ask for responseElements.ConsoleLogin, or for errorMessage.
	RoleARN          rules.Code = "aws-arn-role"          // the ARN of a role in userIdentity.arn, which has that of the session → Ask for userIdentity.sessionContext.sessionIssuer.arn, or for the ARN of the sessions.
	NeverEqual       rules.Code = "value-never"           // a value that the field never has, for its case or its type → Use the value that the message proposes.
	MissingFieldRef  rules.Code = "fieldref-missing"      // a value that is the name of a field → Add the modifier fieldref.
	NeverTrue        rules.Code = "selection-never"       // items that cannot hold together → Make them alternatives, or correct one of them.
	FilterTotal      rules.Code = "filter-total"          // a filter that leaves nothing of what is selected → Correct the filter.
	Twin             rules.Code = "rule-twin"             // a rule with the same detection as another one → Leave one of them out.
	ArrayNegated     rules.Code = "array-negated"         // neq on a field inside an array, where it means that no element has the value → If one other value is enough, compare the JSON text of an element.
	ArrayPair        rules.Code = "array-pair"            // items of one map inside one array, which different elements may satisfy → If one element is meant, compare its JSON text.
	IgnoreUnknown    rules.Code = "ignore-unknown"        // a comment sigmatrail:ignore with a code that cannot be ignored → Use the code that the message proposes.
)

// codes returns all that a comment may name.
func codes() []string {
	var all []string
	for _, c := range []rules.Code{
		UnknownSource, UnknownEvent, IAMAction, RecordedAs, UnknownParameter, ParameterCase, UnknownField, UnseenField, ErrorSuccess, ErrorSignIn, RoleARN,
		NeverEqual, MissingFieldRef, NeverTrue, FilterTotal, Twin, ArrayNegated, ArrayPair,
	} {
		all = append(all, string(c))
	}
	return all
}
