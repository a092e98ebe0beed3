package awslint

import (
	"regexp"
	"slices"
	"strings"

	"sigmatrail/rules"
)

// errorCode tells of conditions on errorCode that are never or always so.
func (s *subject) errorCode() {
	if s.item.Field != "errorCode" || s.item.FieldRef {
		return
	}
	hint := "write errorCode: null"
	if s.item.Negate {
		hint = "write errorCode|neq: null"
	}
	for _, v := range s.item.Values {
		if text, ok := literal(v); ok && slices.Contains([]string{"success", "succeeded", "ok", "none", "0", ""}, strings.ToLower(text)) && s.item.Op == rules.Equal {
			s.warn(v.Position, ErrorSuccess, hint, "a call that succeeded has no errorCode, and never one that says %q", text)
		}
	}
	for _, items := range s.reading.around(s.part) {
		names, ok := narrow(items, "eventName")
		if !ok || slices.ContainsFunc(names, func(name string) bool { return !strings.EqualFold(name, "ConsoleLogin") }) {
			return
		}
	}
	s.warn(s.item.Position, ErrorSignIn, "write responseElements.ConsoleLogin: Failure (or Success); why it failed is in errorMessage", "records of ConsoleLogin have no errorCode, also where it failed")
}

// value tells of values that a field never has.
func (s *subject) value() {
	item := s.item
	if item.Field == "eventTime" && item.DatePart == rules.NoPart && item.Op >= rules.Less {
		s.warn(item.Position, NeverEqual, "ask for a part of it, for example eventTime|hour|gte: 22", "eventTime is a text such as 2026-11-24T09:30:00Z, and no number")
	}
	if !plain(item) || item.Op != rules.Equal {
		s.roleARN()
		return
	}
	for _, v := range item.Values {
		if text, ok := literal(v); ok {
			s.valueOf(v, text)
		}
	}
	s.roleARN()
}

var (
	digits  = regexp.MustCompile(`^[0-9]+$`)
	network = regexp.MustCompile(`^[0-9a-fA-F.:]+/[0-9]{1,3}$`)
)

// accountDigits is how many an account's id has.
const accountDigits = 12

func (s *subject) valueOf(v rules.Value, text string) {
	field := s.item.Field
	have, few := values()[field]
	switch {
	case few && !slices.ContainsFunc(have, func(h string) bool { return sameValue(s.item, h, text) }):
		s.warn(v.Position, NeverEqual, didYouMean(text, have, "it is one of "+strings.Join(have, ", ")), "%s is never %q", field, text)
	case slices.Contains(objects(), field):
		s.warn(v.Position, NeverEqual, "name one of its members, or write "+field+"|contains", "%s is an object, which never equals a text", field)
	case field == "sourceIPAddress" && network.MatchString(text):
		s.warn(v.Position, NeverEqual, "write sourceIPAddress|cidr: "+text, "sourceIPAddress is an address or a name, and no network")
	case isAccount(field) && digits.MatchString(text) && len(text) != accountDigits:
		s.warn(v.Position, NeverEqual, "ids of accounts have 12 digits, with their leading zeros", "%s is never %q", field, text)
	case s.item.Cased && field == "eventName":
		s.spelling(v, text, s.aws.names)
	case s.item.Cased && field == "eventSource":
		s.spelling(v, text, s.aws.sources)
	}
}

// sameValue compares as the item does.
func sameValue(item *rules.Item, a, b string) bool {
	if item.Cased {
		return a == b
	}
	return strings.EqualFold(a, b)
}

// spelling tells of a text in another case than all that are known.
func (s *subject) spelling(v rules.Value, text string, known []string) {
	if slices.Contains(known, text) || version.MatchString(text) {
		return
	}
	if i := slices.IndexFunc(known, func(name string) bool { return strings.EqualFold(name, text) }); i >= 0 {
		s.warn(v.Position, NeverEqual, "write "+known[i]+", or leave cased out", "%s is never %q in this case", s.item.Field, text)
	}
}

func isAccount(field string) bool {
	return slices.Contains([]string{"recipientAccountId", "userIdentity.accountId", "vpcEndpointAccountId", "userIdentity.sessionContext.sessionIssuer.accountId", "resources.accountId"}, field)
}

// roleARN tells of ARNs of roles where those of sessions stand.
func (s *subject) roleARN() {
	if s.item.Field != "userIdentity.arn" || s.item.FieldRef {
		return
	}
	for _, v := range s.item.Values {
		if strings.Contains(v.Text, ":role/") && !strings.Contains(v.Text, "assumed-role") && s.item.Op != rules.Regexp {
			s.warn(v.Position, RoleARN, "write userIdentity.sessionContext.sessionIssuer.arn, or ask for arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION",
				"who has taken a role has the ARN of a session in userIdentity.arn (arn:aws:sts::…:assumed-role/…), and not the role's")
		}
	}
}

// path is what the name of a field with a dot looks like.
var path = regexp.MustCompile(`^[A-Za-z]+(\.[A-Za-z][A-Za-z0-9_-]*)+$`)

// reference tells of values that are names of fields.
func (s *subject) reference() {
	if !plain(s.item) || s.item.Op == rules.Regexp || slices.Contains(objects(), s.item.Field) {
		return
	}
	// Event selectors of trails name fields in their values, and parameters may be called as fields are.
	if strings.HasSuffix(s.item.Field, ".field") {
		return
	}
	free := members()[firstOf(s.item.Field)] == nil && strings.Contains(s.item.Field, ".")
	for _, v := range s.item.Values {
		top, _, dotted := strings.Cut(v.Text, ".")
		if v.Kind == rules.Text && slices.Contains(rules.CloudTrailFields(), top) && (!dotted && !free || path.MatchString(v.Text)) {
			hint := "write " + s.item.Field + "|fieldref"
			if s.item.Op != rules.Equal {
				hint += "|" + map[rules.Op]string{rules.Contains: "contains", rules.StartsWith: "startswith", rules.EndsWith: "endswith"}[s.item.Op]
			}
			if s.item.Negate {
				hint += "|neq"
			}
			s.warn(v.Position, MissingFieldRef, hint+": "+v.Text, "the value %q is the name of a field; without fieldref it is compared as this very text", v.Text)
		}
	}
}
