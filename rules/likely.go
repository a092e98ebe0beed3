package rules

import (
	"fmt"
	"regexp"
	"strings"
)

// Mistakes that people make again and again, and their mending.

// eitherField finds two fields of one line with a pipe between them, which somebody has taken for an or.
var eitherField = regexp.MustCompile(`^(\s*)(- )?([\w.|-]+:\s*(?:'[^']*'|"[^"]*"|[^\s'"|]+))\s*\|\s*([\w.|-]+:\s*\S.*?)\s*$`)

// mendYAML proposes a mending for a line that is no YAML, or returns "".
func mendYAML(line string) string {
	if m := eitherField.FindStringSubmatch(line); m != nil {
		return fmt.Sprintf("for one field or the other write a list of maps:\n- %s\n- %s", m[3], m[4])
	}
	return ""
}

// mendSource proposes an event source for one that has a URL in it, as editors and web pages make of iam.amazonaws.com, or returns "".
func mendSource(text string) string {
	mended := regexp.MustCompile(`(?i)https?://`).ReplaceAllString(text, "")
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
