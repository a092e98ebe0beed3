package matcher

import (
	"slices"
	"strings"
)

// coverage says how one rule is found.
type coverage struct {
	kinds  []keyKind
	fields []string
	keys   int
	why    string
}

func newCoverage(keys cover, why string, pair [2]string) coverage {
	c := coverage{keys: len(keys), why: why}
	for _, k := range keys {
		field := k.field
		if k.kind == pairKey {
			field = pair[0] + "+" + pair[1]
		}
		if !slices.Contains(c.fields, field) {
			c.fields = append(c.fields, field)
		}
		if !slices.Contains(c.kinds, k.kind) {
			c.kinds = append(c.kinds, k.kind)
		}
	}
	slices.Sort(c.kinds)
	return c
}

// Found says how the rules that can hold for a record are found.
type Found uint8

// The ways, the best first.
const (
	// ByPair looks the values of the pair of fields up together.
	ByPair Found = iota
	// ByValue looks values of single fields up, at least for one alternative.
	ByValue
	// ByText searches the values of a field for texts, at least for one alternative.
	ByText
	// Always runs the rule on every record.
	Always
	// Never is for rules that cannot hold.
	Never
)

// String returns the way in a word.
func (f Found) String() string { return [...]string{"pair", "value", "text", "always", "never"}[f] }

// RuleStats says how one rule is found.
type RuleStats struct {
	Found Found
	// Fields are looked up, Keys the number of values or texts in all.
	Fields []string
	Keys   int
	// Why says, for people, why there is no better way; it is empty but for Always and Never.
	Why string
}

// Rule returns how the rule of that index is found.
func (p *Program) Rule(i int) RuleStats {
	c := p.covers[i]
	s := RuleStats{Fields: c.fields, Keys: c.keys, Why: c.why}
	switch {
	case slices.Contains(p.always, uint32(i)): //nolint:gosec // an index
		s.Found = Always
	case len(c.kinds) == 0:
		s.Found = Never
	default:
		s.Found = Found(c.kinds[len(c.kinds)-1])
	}
	return s
}

// Stats says how large a Program is.
type Stats struct {
	Rules, Always, Fields, Anchors, Atoms, Instructions int
	// Values are the keys of the indexes of whole values, Texts those of the indexes of texts.
	Values, Texts int
	Automata      []AutomatonStats
	// Bytes is about how much memory it takes.
	Bytes int
}

// AutomatonStats says how large an automaton is.
type AutomatonStats struct {
	// Use says what it searches, and for what.
	Use           string
	States, Bytes int
	Dense         bool
}

// Stats returns how large p is.
func (p *Program) Stats() Stats {
	s := Stats{
		Rules: len(p.rules), Always: len(p.always), Fields: len(p.fields), Anchors: len(p.anchors), Atoms: len(p.atoms), Instructions: len(p.code),
	}
	if p.pair != nil {
		s.Values += len(p.pair.starts) - 1
		s.Bytes += p.pair.bytes()
	}
	for i := range p.exact {
		x := &p.exact[i]
		s.Values += len(x.starts) - 1
		s.Bytes += x.table.bytes() + x.postingBytes()
	}
	for i := range p.literal {
		x := &p.literal[i]
		s.Texts += len(x.starts) - 1
		s.Bytes += x.postingBytes()
		s.automaton("index of "+p.fields[x.field], x.texts)
	}
	for i := range p.atoms {
		a := &p.atoms[i]
		const each = 200
		s.Bytes += each
		if a.text == nil {
			continue
		}
		s.Bytes += a.text.bytes()
		if a.text.words != nil {
			s.automaton("item on "+strings.Trim(p.fields[a.field], " "), a.text.words)
		}
	}
	const perInstr, perRule = 12, 4
	s.Bytes += perInstr*len(p.code) + perRule*len(p.rules)
	return s
}

func (p *postings) postingBytes() int { return 4 * (len(p.rules) + len(p.starts) + len(p.all)) }

func (s *Stats) automaton(use string, a *automaton) {
	s.Automata = append(s.Automata, AutomatonStats{Use: use, States: a.states(), Bytes: a.bytes(), Dense: a.dense != nil})
	s.Bytes += a.bytes()
}

// Search is one search for texts that a Program makes on every record.
type Search struct {
	// Field is searched, for that many Texts.
	Field string
	Texts int
	// Run searches a text as it does a value that is not the last record's. It is for one goroutine.
	Run func(text []byte)
}

// Searches returns the searches, so that their cost can be measured.
func (p *Program) Searches() []Search {
	list := make([]Search, 0, len(p.literal))
	s := p.NewScratch()
	for i := range p.literal {
		x := &p.literal[i]
		list = append(list, Search{Field: p.fields[x.field], Texts: len(x.starts) - 1, Run: func(text []byte) {
			s.begin()
			x.search(&Value{Kind: String, Text: text}, s, &s.memos[i])
		}})
	}
	return list
}
