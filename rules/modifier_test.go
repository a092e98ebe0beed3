package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// chainForms are the legal chains without all, neq, cased and expand, each modifier with a bar behind it.
var chainForms = []struct {
	form *regexp.Regexp
	// cased may stand in the chain too, and so may all, neq and expand.
	cased, others bool
	value         string
}{
	{regexp.MustCompile(`^(windash\|)?((base64|base64offset|utf16|utf16le|utf16be|wide)\|)*((contains|startswith|endswith)\|)?$`), true, true, "abc def"},
	{regexp.MustCompile(`^(contains|startswith|endswith)\|windash\|$`), true, true, "abc"},
	{regexp.MustCompile(`^fieldref\|((contains|startswith|endswith)\|)?$`), true, true, "abc"},
	{regexp.MustCompile(`^re\|([ims]\|)*$`), false, true, "abc"},
	{regexp.MustCompile(`^cidr\|$`), false, true, "10.0.0.0/8"},
	{regexp.MustCompile(`^(lt|lte|gt|gte)\|$`), false, true, "5"},
	{regexp.MustCompile(`^(minute|hour|day|week|month|year)\|((lt|lte|gt|gte)\|)?$`), false, true, "5"},
	{regexp.MustCompile(`^exists\|$`), false, false, "true"},
}

// legalChain returns a value for a legal chain, or "".
func legalChain(chain []string) string {
	var rest string
	var utf16 int
	encoded := false
	for i, m := range chain {
		if m != "base64" && slices.Contains(chain[:i], m) {
			return ""
		}
		switch m {
		case "expand":
			if encoded {
				return ""
			}
		case "all", "neq", "cased":
		default:
			rest += m + "|"
		}
		switch m {
		case "utf16", "utf16le", "utf16be", "wide":
			utf16++
			encoded = true
		case "base64", "base64offset", "windash":
			encoded = true
		}
	}
	for _, f := range chainForms {
		others := slices.ContainsFunc(chain, func(m string) bool { return m == "all" || m == "neq" || m == "expand" || m == "cased" })
		if f.form.MatchString(rest) && utf16 < 2 && (f.cased || !slices.Contains(chain, "cased")) && (f.others || !others) {
			return f.value
		}
	}
	return ""
}

// TestChains reads every chain of one, two and three modifiers: the legal ones are sound, all others are refused for what they are.
func TestChains(t *testing.T) {
	all := slices.Concat(operatorNames(), encodings(), switches())
	for _, d := range dateParts() {
		all = append(all, d.name)
	}
	if len(all) != 31 {
		t.Fatalf("%d modifiers", len(all))
	}
	chains := [][]string{}
	for _, a := range all {
		chains = append(chains, []string{a})
		for _, b := range all {
			chains = append(chains, []string{a, b})
			for _, c := range all {
				chains = append(chains, []string{a, b, c})
			}
		}
	}
	legal := 0
	for _, chain := range chains {
		name := strings.Join(chain, "|")
		value := legalChain(chain)
		text := value
		if text == "" {
			text = "abc"
		}
		src := fmt.Sprintf("title: T\nlevel: low\nlogsource: {product: aws}\ndetection:\n  a:\n    f|%s: [%s, %s]\n  condition: a\n", name, text, text)
		_, problems := Parse("", []byte(src), Options{})
		errs := problems.Errors()
		switch {
		case value != "" && len(errs) > 0:
			t.Errorf("%s is legal: %v", name, errs)
		case value == "" && !slices.ContainsFunc(errs, func(p Problem) bool { return p.Code == ModifierConflict && p.Hint != "" }):
			t.Errorf("%s is not legal: %v", name, problems)
		}
		if value != "" {
			legal++
		}
	}
	t.Logf("%d of %d chains are legal", legal, len(chains))
	if legal < 1000 {
		t.Errorf("%d chains are legal", legal)
	}
}

// TestChainMendings holds what is said of the chains that people write.
func TestChainMendings(t *testing.T) {
	for chain, want := range map[string]string{
		"re|i": "", "re|i|m|s": "", "re|all|i": "", "re|neq": "", "cidr|all": "", "cidr|neq": "", "lt|all": "", "lte|neq": "", "fieldref|neq": "", "fieldref|endswith": "",
		"fieldref|cased": "", "contains|all|windash": "", "windash|contains|all": "", "contains|windash": "", "base64offset|contains": "", "wide|base64offset|contains": "",
		"utf16|base64": "", "base64|base64|contains": "", "base64|base64offset|contains": "", "windash|wide|base64": "", "expand|contains": "", "contains|expand": "", "re|expand": "",
		"cidr|expand": "", "expand|gte": "", "expand|base64": "", "cased": "", "cased|startswith|all": "", "hour|gte": "", "hour|neq": "", "day|all": "", "week": "",
		"i|re": "write re|i", "i": "write re|i", "re|contains": "write re alone", "contains|re": "write re alone", "re|startswith": "write re alone", "cidr|contains": "leave one",
		"cidr|cased": "leave it out", "exists|all": "write exists: true", "exists|neq": "write exists: true", "cased|exists": "write exists: true", "lt|contains": "leave one", "lt|gte": "use two items",
		"gt|cased": "leave it out", "contains|fieldref": "write fieldref|contains", "fieldref|lt": "leave one", "fieldref|wide": "leave it out", "windash|re": "leave it out",
		"base64|windash": "write windash|base64", "contains|base64offset": "write base64offset|contains", "wide|utf16be": "leave one", "base64|expand": "write expand|base64",
		"gte|hour": "write it first", "hour|minute": "write it first", "hour|contains": "use one of lt", "hour|cased": "use one of lt", "neq|neq": "leave one", "re|cased": "leave it out",
		"base64|lt": "leave it out", "regex": "re", "ignorecase": "re|i", "not": "neq", "Contains": "contains", "startwith": "startswith",
	} {
		src := fmt.Sprintf("title: T\nlevel: low\nlogsource: {product: aws}\ndetection:\n  a:\n    f|%s: [1, 2]\n  condition: a\n", chain)
		_, problems := Parse("", []byte(src), Options{})
		var hints []string
		for _, p := range problems.Errors() {
			if p.Code == ModifierConflict || p.Code == UnknownModifier {
				hints = append(hints, p.Hint)
			}
		}
		if got := strings.Join(hints, "; "); (want == "" && got != "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", chain, got, want)
		}
	}
	for chain, want := range map[string]bool{"base64offset|wide|contains": true, "base64|utf16|contains": true, "base64offset|base64|contains": true, "base64offset": true, "wide|base64offset|contains": false} {
		src := fmt.Sprintf("title: T\nlevel: low\nlogsource: {product: aws}\ndetection:\n  a:\n    f|%s: abcdef\n  condition: a\n", chain)
		_, problems := Parse("", []byte(src), Options{})
		if got := len(problems) == 1 && problems[0].Code == ModifierOrder; got != want {
			t.Errorf("%s: %v", chain, problems)
		}
	}
}
