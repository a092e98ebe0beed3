package matcher

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// requiredByRegexp returns the longest folded text that stands in every folded text in which the expression matches; "" where none is known.
func requiredByRegexp(expression string) string {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return ""
	}
	_, longest := literals(tree.Simplify())
	return longest
}

// literals returns the one text that the node matches (exact, nil where it may match several), and the longest text that stands in all that it
// matches; both folded.
func literals(node *syntax.Regexp) (exact *string, longest string) {
	switch node.Op {
	case syntax.OpLiteral:
		text := foldString(string(node.Rune))
		if strings.ContainsRune(text, utf8.RuneError) { // it matches bytes that are not UTF-8, too
			return nil, ""
		}
		return &text, text
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		empty := ""
		return &empty, ""
	case syntax.OpCapture:
		return literals(node.Sub[0])
	case syntax.OpPlus:
		_, longest = literals(node.Sub[0])
		return nil, longest
	case syntax.OpRepeat:
		if node.Min > 0 {
			_, longest = literals(node.Sub[0])
		}
		return nil, longest
	case syntax.OpConcat:
		return concatenated(node.Sub)
	}
	return nil, ""
}

// concatenated joins texts that stand one behind the other.
func concatenated(nodes []*syntax.Regexp) (exact *string, longest string) {
	run, whole := "", true
	for _, n := range nodes {
		one, inside := literals(n)
		if one != nil {
			run += *one
		} else {
			run, whole = "", false
		}
		for _, text := range []string{run, inside} {
			if len(text) > len(longest) {
				longest = text
			}
		}
	}
	if whole {
		return &run, longest
	}
	return nil, longest
}
