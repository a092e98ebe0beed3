package rules

import (
	"fmt"
	"strings"
)

// Condition is a node of a condition's tree: And, Or, Not, Ref or Of.
type Condition interface {
	// String returns the condition in canonical form, which parses to the same tree.
	String() string
	isCondition()
}

// And holds if all of its terms do.
type And struct{ Terms []Condition }

// Or holds if any of its terms does.
type Or struct{ Terms []Condition }

// Not holds if its term does not.
type Not struct{ Term Condition }

// Ref holds if the search does.
type Ref struct{ Search *Search }

// Of holds if all, or at least one, of the searches do that its pattern named.
type Of struct {
	All bool
	// Pattern is the text after of: them, or an identifier with wildcards.
	Pattern  string
	Searches []*Search
}

func (And) isCondition() {}
func (Or) isCondition()  {}
func (Not) isCondition() {}
func (Ref) isCondition() {}
func (Of) isCondition()  {}

func (c And) String() string { return join(c.Terms, " and ") }
func (c Or) String() string  { return join(c.Terms, " or ") }
func (c Not) String() string { return "not " + group(c.Term) }
func (c Ref) String() string { return c.Search.Name }

func (c Of) String() string {
	if c.All {
		return "all of " + c.Pattern
	}
	return "1 of " + c.Pattern
}

func join(terms []Condition, operator string) string {
	texts := make([]string, len(terms))
	for i, t := range terms {
		texts[i] = group(t)
	}
	return strings.Join(texts, operator)
}

// group puts parentheses around terms that would bind differently without them.
func group(c Condition) string {
	switch c.(type) {
	case And, Or:
		return "(" + c.String() + ")"
	}
	return c.String()
}

// token is one word of a condition, or a parenthesis, with its offset in the text.
type token struct {
	text   string
	offset int
}

// tokenize splits a condition at white space and parentheses.
func tokenize(text string) []token {
	var tokens []token
	start := -1
	flush := func(end int) {
		if start >= 0 {
			tokens = append(tokens, token{text[start:end], start})
			start = -1
		}
	}
	for i := range len(text) {
		switch text[i] {
		case ' ', '\t', '\n', '\r':
			flush(i)
		case '(', ')', '|':
			flush(i)
			tokens = append(tokens, token{text[i : i+1], i})
		default:
			if start < 0 {
				start = i
			}
		}
	}
	flush(len(text))
	return tokens
}

// maxNesting bounds the recursion over a condition.
const maxNesting = 200

// conditionError is a mistake in a condition, with its offset in the text.
type conditionError struct {
	offset  int
	code    Code
	message string
	hint    string
}

func (e *conditionError) Error() string { return e.message }

// conditionParser reads one condition: or binds loosest, then and, then not, then x of (sigma-rules-specification.md, "Condition").
type conditionParser struct {
	text     string
	tokens   []token
	next     int
	depth    int
	searches []*Search
	// mistakes are all that were found: an identifier that is not there does not hide the next one.
	mistakes []*conditionError
	// window is the timeframe that stood beside the condition, as aggregations had it.
	window string
	// rule is the id of the condition's rule, if it has one.
	rule string
	// upper are the operators that were written in capitals.
	upper []token
}

// parseCondition returns the tree of text over searches, or a *conditionError.
func parseCondition(text string, searches []*Search) (c Condition, upper []token, err error) {
	p := &conditionParser{text: text, tokens: tokenize(text), searches: searches}
	return p.parse()
}

func (p *conditionParser) parse() (c Condition, upper []token, err error) {
	if aggregated := p.aggregation(); aggregated != nil {
		return nil, nil, aggregated
	}
	if c, err = p.whole(); err == nil && len(p.mistakes) > 0 {
		err = p.mistakes[0]
	}
	return c, p.upper, err
}

// whole reads a condition to its end.
func (p *conditionParser) whole() (Condition, error) {
	if len(p.tokens) == 0 {
		return nil, p.fail(0, ConditionSyntax, "", "the condition is empty")
	}
	c, err := p.or()
	if err == nil && p.next < len(p.tokens) {
		t := p.tokens[p.next]
		if t.text == ")" {
			return nil, p.fail(t.offset, ConditionSyntax, "", "a closing parenthesis without an opening one")
		}
		return nil, p.fail(t.offset, ConditionSyntax, "join them with and or or", "%q stands where an operator is expected", t.text)
	}
	return c, err
}

// fail notes a mistake, and returns it for those that end the reading.
func (p *conditionParser) fail(offset int, code Code, hint, format string, args ...any) error {
	mistake := &conditionError{offset: offset, code: code, message: fmt.Sprintf(format, args...), hint: hint}
	p.mistakes = append(p.mistakes, mistake)
	return mistake
}

// accept steps over the operator word if it is next.
func (p *conditionParser) accept(word string) bool {
	if p.next >= len(p.tokens) || !strings.EqualFold(p.tokens[p.next].text, word) {
		return false
	}
	if t := p.tokens[p.next]; t.text != word {
		p.upper = append(p.upper, t)
	}
	p.next++
	return true
}

func (p *conditionParser) or() (Condition, error) {
	return p.chain("or", p.and, func(terms []Condition) Condition { return Or{terms} })
}

func (p *conditionParser) and() (Condition, error) {
	return p.chain("and", p.not, func(terms []Condition) Condition { return And{terms} })
}

// chain reads terms with one operator between them.
func (p *conditionParser) chain(operator string, term func() (Condition, error), build func([]Condition) Condition) (Condition, error) {
	var terms []Condition
	for {
		c, err := term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, c)
		if !p.accept(operator) {
			break
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return build(terms), nil
}

func (p *conditionParser) not() (Condition, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, p.fail(p.offset(), ConditionSyntax, "", "the condition is nested more than %d deep", maxNesting)
	}
	defer func() { p.depth-- }()
	if !p.accept("not") {
		return p.operand()
	}
	c, err := p.not()
	if err != nil {
		return nil, err
	}
	return Not{c}, nil
}

// offset is where the next token is, or the end.
func (p *conditionParser) offset() int {
	if p.next < len(p.tokens) {
		return p.tokens[p.next].offset
	}
	return len(p.text)
}

// operand reads a parenthesis, x of …, or a search identifier.
func (p *conditionParser) operand() (Condition, error) {
	if p.next >= len(p.tokens) {
		return nil, p.fail(len(p.text), ConditionSyntax, "", "the condition ends where a search identifier is expected")
	}
	t := p.tokens[p.next]
	p.next++
	switch {
	case t.text == "(":
		return p.parenthesis(t)
	case t.text == ")":
		return nil, p.fail(t.offset, ConditionSyntax, "", "a closing parenthesis where a search identifier is expected")
	case p.next < len(p.tokens) && strings.EqualFold(p.tokens[p.next].text, "of"):
		return p.of(t)
	}
	for _, s := range p.searches {
		if s.Name == t.text {
			return Ref{s}, nil
		}
	}
	for _, word := range []string{"and", "or", "not", "of"} {
		if strings.EqualFold(t.text, word) {
			return nil, p.fail(t.offset, ConditionSyntax, "", "%q stands where a search identifier is expected", t.text)
		}
	}
	if strings.ContainsAny(t.text, "*?") {
		return nil, p.fail(t.offset, ConditionSyntax, "write 1 of "+t.text+" or all of "+t.text, "the pattern %q needs a quantifier", t.text)
	}
	_ = p.fail(t.offset, ConditionUndefined, p.nearest(t.text), "the detection has no search identifier %q", t.text)
	return Ref{&Search{Name: t.text}}, nil
}

func (p *conditionParser) parenthesis(open token) (Condition, error) {
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.accept(")") {
		if p.next < len(p.tokens) {
			return nil, p.fail(p.offset(), ConditionSyntax, "join them with and or or", "%q stands where an operator is expected", p.tokens[p.next].text)
		}
		return nil, p.fail(open.offset, ConditionSyntax, "", "the parenthesis is never closed")
	}
	return c, nil
}

// of reads what follows a quantifier: of them, of a pattern, or of a search identifier.
func (p *conditionParser) of(quantifier token) (Condition, error) {
	p.accept("of")
	of := Of{}
	switch q := strings.ToLower(quantifier.text); q {
	case "1", "any":
	case "all":
		of.All = true
	default:
		return nil, p.fail(quantifier.offset, ConditionSyntax, "use 1 of, any of or all of", "%q is no quantifier", quantifier.text)
	}
	if p.next >= len(p.tokens) {
		return nil, p.fail(len(p.text), ConditionSyntax, "", "of is followed by nothing")
	}
	t := p.tokens[p.next]
	p.next++
	of.Pattern = t.text
	if strings.EqualFold(t.text, "them") {
		if t.text != "them" {
			p.upper = append(p.upper, t)
		}
		of.Pattern = "them"
	}
	for _, s := range p.searches {
		if of.names(s.Name) {
			of.Searches = append(of.Searches, s)
		}
	}
	if len(of.Searches) == 0 {
		_ = p.fail(t.offset, ConditionNoMatch, p.nearest(strings.Trim(t.text, "*_")), "%q names no search identifier of the detection", t.text)
	}
	return of, nil
}

// names reports whether the pattern names the search identifier. Those that begin with an underscore are left out of them and of patterns.
func (c Of) names(name string) bool {
	switch {
	case c.Pattern == name:
		return true
	case strings.HasPrefix(name, "_"):
		return false
	case c.Pattern == "them":
		return true
	}
	return matchStars(strings.Split(c.Pattern, "*"), name)
}

// matchStars reports whether text is the literals with any runs of characters between them.
func matchStars(literals []string, text string) bool {
	first, last := literals[0], literals[len(literals)-1]
	if len(literals) == 1 {
		return text == first
	}
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, l := range literals[1 : len(literals)-1] {
		i := strings.Index(text, l)
		if i < 0 {
			return false
		}
		text = text[i+len(l):]
	}
	return true
}

// nearest proposes the search identifier that is most like name.
func (p *conditionParser) nearest(name string) string {
	names := make([]string, len(p.searches))
	for i, s := range p.searches {
		names[i] = s.Name
	}
	if best := nearest(name, names); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(names) > 0 {
		return "it has " + strings.Join(names, ", ")
	}
	return ""
}
