package explain

import (
	"fmt"
	"strings"
)

// Line is one line of a tree for people. What records hold is shown as JSON; control characters beyond those that JSON escapes are still in it.
type Line struct {
	Depth int
	Holds bool
	Text  string
}

// Lines shows the tree, a part a line.
func (x *Explanation) Lines() []Line { return x.Tree.lines(nil, 0, "") }

// lines appends the part's lines. filter is the Sigma Filter that was named above it.
func (p *Part) lines(list []Line, depth int, filter string) []Line {
	list = append(list, Line{Depth: depth, Holds: p.Holds, Text: p.title()})
	last := &list[len(list)-1]
	if p.Filter != "" && p.Filter != filter {
		last.Text += ", added by the filter " + p.Filter
	}
	for i := range p.Parts {
		list = p.Parts[i].lines(list, depth+1, p.Filter)
	}
	return list
}

// title is the part itself.
func (p *Part) title() string {
	switch {
	case p.Step == "item":
		return p.ask() + ": " + p.has()
	case p.Step == "not":
		return "not"
	case strings.HasPrefix(p.Name, "1 of ") || strings.HasPrefix(p.Name, "all of "):
		return p.Name
	case p.Name != "" && p.Step == "any":
		return p.Name + ", any of"
	case p.Name != "":
		return p.Name
	}
	return p.Step + " of"
}

// ask shows an item about as the rule has it.
func (p *Part) ask() string {
	key := strings.Join(append([]string{p.item.Field}, p.item.Modifiers...), "|")
	if p.item.Field == "" {
		key = "keywords" + key
	}
	var parts []string
	for i, v := range p.Item.Values {
		if i == mostValues && len(p.Item.Values) > mostValues+1 {
			parts = append(parts, fmt.Sprintf("… %d more", len(p.Item.Values)-i))
			break
		}
		switch v := v.(type) {
		case nil:
			parts = append(parts, "null")
		case string:
			parts = append(parts, clip(quote(v)))
		default:
			parts = append(parts, fmt.Sprint(v))
		}
	}
	if len(parts) == 1 {
		return key + " " + parts[0]
	}
	return key + " [" + strings.Join(parts, ", ") + "]"
}

// Text returns the explanation as plain lines, each with a mark before it, indented by n spaces.
func (x *Explanation) Text(n int) string {
	var b strings.Builder
	indent := strings.Repeat(" ", n)
	for _, l := range x.Lines() {
		fmt.Fprintf(&b, "%s%s%s %s\n", indent, strings.Repeat("  ", l.Depth), Mark(l.Holds), l.Text)
	}
	if x.Change != nil {
		fmt.Fprintf(&b, "%s%s\n", indent, x.Sentence())
	}
	return b.String()
}

// Mark stands before what holds, or does not.
func Mark(holds bool) string {
	if holds {
		return "✓"
	}
	return "✗"
}

// Sentence says what would have to change first, or "".
func (x *Explanation) Sentence() string {
	if x.Change == nil {
		return ""
	}
	text := "What keeps it from matching"
	if x.Holds {
		text = "What makes it match"
	}
	if x.Change.More > 0 {
		text += fmt.Sprintf(", the first of %d", x.Change.More+1)
	}
	return fmt.Sprintf("%s: %s (%s)", text, x.Change.Text, x.Change.Item.Position)
}
