package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mistakes that people make again and again, and their mending.

// eitherField finds two fields of one line with a pipe between them, which somebody has taken for an or.
var eitherField = regexp.MustCompile(`^(\s*)(- )?([\w.|-]+:\s*(?:'[^']*'|"[^"]*"|[^\s'"|]+))\s*\|\s*([\w.|-]+:\s*\S.*?)\s*$`)

// specialValue finds a value that begins with a character that means something to YAML, escapedValue one in double quotes with a backslash.
var (
	specialValue = regexp.MustCompile(`^\s*(?:- )?(?:[^\s'"#]+:\s+|- )([*%&@!` + "`" + `][^\s]*)`)
	escapedValue = regexp.MustCompile(`^[^'#]*?("[^"]*\\[^"]*"?)`)
	tabbed       = regexp.MustCompile(`^ *\t`)
)

// mendYAML says what is wrong with a line that is no YAML, at which byte, and how to mend it; hint is empty where nothing likely is found.
func mendYAML(line string) (offset int, message, hint string) {
	if m := eitherField.FindStringSubmatchIndex(line); m != nil {
		return m[7] + strings.IndexByte(line[m[7]:], '|'), "two fields on one line with a pipe between them",
			fmt.Sprintf("for one field or the other write a list of maps:\n- %s\n- %s", line[m[6]:m[7]], line[m[8]:m[9]])
	}
	if tabbed.MatchString(line) {
		return strings.IndexByte(line, '\t'), "a tab indents this line", "indent with spaces"
	}
	if m := specialValue.FindStringSubmatchIndex(line); m != nil {
		return m[2], fmt.Sprintf("a value that begins with %s has a meaning of its own", line[m[2]:m[2]+1]), "put it in single quotes: '" + line[m[2]:m[3]] + "'"
	}
	if m := escapedValue.FindStringSubmatchIndex(line); m != nil {
		return m[2], "a backslash in double quotes has a meaning of its own", "use single quotes, which keep backslashes as they are"
	}
	return 0, "", ""
}

// strangeSpaces look like spaces and are none for YAML: where they indent a line or stand behind a colon it means something else, or nothing.
var strangeSpaces = regexp.MustCompile(`^[ \-]*(\p{Zs})|:(\p{Zs})`)

// strangeSpace returns the first space in the file that is none for YAML, and its place, or 0.
func (r *report) strangeSpace() (place, rune) {
	for i, line := range r.lines {
		for _, m := range strangeSpaces.FindAllStringSubmatchIndex(line, -1) {
			at := max(m[2], m[4])
			if strange, _ := utf8.DecodeRuneInString(line[at:]); strange != ' ' {
				return place{i + 1, utf8.RuneCountInString(line[:at]) + 1}, strange
			}
		}
	}
	return place{}, 0
}

// plainSpace turns every kind of space into the plain one.
func plainSpace(r rune) rune {
	if unicode.Is(unicode.Zs, r) {
		return ' '
	}
	return r
}

// urlScheme is what editors put into a host name that they take for a link.
var urlScheme = regexp.MustCompile(`(?i)https?://`)

// mendSource proposes an event source for one that has a URL in it, as editors and web pages make of iam.amazonaws.com, or returns "".
func mendSource(text string) string {
	mended := urlScheme.ReplaceAllString(text, "")
	if mended = strings.Trim(mended, "/ "); mended == text || !strings.HasSuffix(mended, ".amazonaws.com") {
		return ""
	}
	return mended
}

// suspicious warns of values that are sound and hardly meant.
func (p *parser) suspicious(item *Item, n *node) {
	if item.Field != "eventSource" || !strings.Contains(n.text, "://") {
		return
	}
	hint := "an event source is a host name such as iam.amazonaws.com"
	if mended := mendSource(n.text); mended != "" {
		hint = fmt.Sprintf("did you mean %q?", mended)
	}
	p.add(Warning, n.place, SuspiciousValue, hint, "no event source has a URL in it: %q", n.text)
}

// CloudTrailFields returns the fields at the top of CloudTrail's records.
func CloudTrailFields() []string {
	return []string{
		"eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage",
		"requestParameters", "responseElements", "additionalEventData", "requestID", "eventID", "eventType", "apiVersion", "managementEvent", "readOnly",
		"resources", "recipientAccountId", "serviceEventDetails", "sharedEventID", "vpcEndpointId", "vpcEndpointAccountId", "eventCategory", "addendum",
		"sessionCredentialFromConsole", "edgeDeviceDetails", "tlsDetails", "insightDetails", "eventContext",
	}
}

// likelyField warns of a field that CloudTrail has in another spelling: names are compared exactly, so the item would never hold.
func (p *parser) likelyField(key *node, item *Item) {
	const shortest = 6
	top, rest, _ := strings.Cut(item.Field, ".")
	if !p.rule.AppliesToCloudTrail() || slices.Contains(CloudTrailFields(), top) {
		return
	}
	for _, known := range CloudTrailFields() {
		if strings.EqualFold(top, known) || (len(top) >= shortest && editDistance(top, known) == 1) {
			if rest != "" {
				known += "." + rest
			}
			p.add(Warning, key.place, UnlikelyField, fmt.Sprintf("did you mean %q?", known), "records have no field %q; names are compared exactly", item.Field)
			return
		}
	}
}
