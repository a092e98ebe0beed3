package pipeline

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"sync"

	"sigmatrail/conf"
	"sigmatrail/correlate"
	"sigmatrail/enrich"
	"sigmatrail/internal/record"
	"sigmatrail/matcher"
	"sigmatrail/rules"
	"sigmatrail/rules/cloudtrail"
)

// Builtin is the name under which settings refer to the bundled rule pack.
const Builtin = "builtin"

// Program is a set of rules, ready to judge records. Engines may share it; nothing about it changes but what it keeps to be used again.
type Program struct {
	set       *rules.Set
	all       []*rules.Rule // what hits refer to: the rules, then the correlations
	related   *correlate.Set
	own       *view
	form      *record.Mapping // nil: CloudTrail's own alone
	mapped    *view           // for records of form
	ownKey    string
	scratches sync.Pool // of *scratch
	tables    sync.Map  // enrich.Options → *enrich.Table
	proving   sync.Once // makes proved
	proved    *prover
}

// table returns what hits write under the options. Engines with equal ones share it.
func (p *Program) table(o enrich.Options) *enrich.Table {
	made, ok := p.tables.Load(o)
	if !ok {
		made, _ = p.tables.LoadOrStore(o, enrich.Compile(p.all, o))
	}
	t, _ := made.(*enrich.Table)
	return t
}

// Rules returns the loaded set. The caller must not change it.
func (p *Program) Rules() *rules.Set { return p.set }

// Entries returns what hits refer to by index: the rules of the set, then its correlations. The caller must not change it.
func (p *Program) Entries() []*rules.Rule { return p.all }

// Form returns the form of records that is judged beside CloudTrail's own, or nil.
func (p *Program) Form() *record.Mapping { return p.form }

// Sources is what a Program is made of: files of rules, not parsed yet, the values of placeholders, the form of records that are judged beside
// CloudTrail's own, and the key that rules never look at.
type Sources struct {
	files       []rules.File
	options     rules.Options
	form        *record.Mapping
	optionsText [][]byte // what options were made of
	ownKey      string
}

// ID tells Programs apart: equal sources have equal ones.
type ID [sha256.Size]byte

// Read reads the files of rules that s names. The error is for what could not be read.
func Read(s conf.Settings) (Sources, error) {
	files, err := rules.Read(s.Rules, map[string]fs.FS{Builtin: cloudtrail.FS()})
	if err != nil {
		return Sources{}, fmt.Errorf("load rules: %w", err)
	}
	return SourcesOf(files, s)
}

// SourcesOf does the same with files of rules that have been read already.
func SourcesOf(files []rules.File, s conf.Settings) (Sources, error) {
	sources := Sources{files: files, ownKey: s.Key}
	return sources, sources.readOptions(s)
}

// RuleOptions reads what the settings say of the meaning of rules, and which of them run.
func RuleOptions(s conf.Settings) (rules.Options, error) {
	var sources Sources
	err := sources.readOptions(s)
	return sources.options, err
}

// readOptions reads the settings that change what rules mean, or which of them run.
func (s *Sources) readOptions(settings conf.Settings) error {
	var text []byte
	var err error
	if settings.Placeholders != "" {
		if text, err = os.ReadFile(settings.Placeholders); err != nil {
			return fmt.Errorf("placeholders: %w", err)
		}
		if s.options.Placeholders, err = rules.ParsePlaceholders(settings.Placeholders, text); err != nil {
			return fmt.Errorf("placeholders: %w", err)
		}
	}
	mapping, err := s.readFields(settings.Fields)
	if err != nil {
		return fmt.Errorf("fields: %w", err)
	}
	if s.options.Choice.Exclude, err = rules.ParseSelectors(settings.Exclude); err != nil {
		return fmt.Errorf("exclude: %w", err)
	}
	if s.options.Choice.Levels, err = rules.ParseLevelOverrides(settings.LevelOverrides); err != nil {
		return fmt.Errorf("level_overrides: %w", err)
	}
	s.options.NarrowingFilters = settings.AllowNarrowingFilters
	s.optionsText = [][]byte{
		text, []byte(settings.Exclude), []byte(settings.LevelOverrides), strconv.AppendBool(nil, settings.AllowNarrowingFilters),
		[]byte(settings.Fields), mapping,
	}
	return nil
}

// Files returns the files of rules. The caller must not change them.
func (s Sources) Files() []rules.File { return s.files }

// ID returns the identity of the Program that Compile would make.
func (s Sources) ID() ID {
	h := sha256.New()
	part := func(text []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		h.Write(text)
	}
	part([]byte(s.ownKey))
	for _, text := range s.optionsText {
		part(text)
	}
	for _, f := range s.files {
		part([]byte(f.Name))
		part(f.Text)
		part([]byte{map[bool]byte{true: 1}[f.Bundled]})
	}
	return ID(h.Sum(nil))
}

// Compile parses the rules and prepares them. Whether the result may run is for Acceptable to say; the error is for a rule that was accepted and cannot
// be compiled, which is a fault of ours.
func (s Sources) Compile() (*Program, error) {
	return newProgram(rules.ParseFiles(s.files, s.options), s.form, s.ownKey)
}

// NewProgram prepares the rules of a set, which must not change any more, for records of CloudTrail's own form; they never look at ownKey. The error
// is as that of Compile.
func NewProgram(set *rules.Set, ownKey string) (*Program, error) { return newProgram(set, nil, ownKey) }

func newProgram(set *rules.Set, form *record.Mapping, ownKey string) (*Program, error) {
	p := &Program{set: set, all: slices.Clone(set.Rules), related: correlate.Compile(set), form: form, ownKey: ownKey}
	for _, c := range set.Correlations {
		p.all = append(p.all, c.Rule)
	}
	var err error
	if p.own, err = newView(set.Rules, record.DefaultAliases(), ownKey); err == nil && form != nil {
		p.mapped, err = newView(set.Rules, form.Aliases(), ownKey)
	}
	if wrong, ok := errors.AsType[*matcher.CompileError](err); ok {
		return nil, fmt.Errorf("%s: %w (please report it)", set.Rules[wrong.Rule].Position, err)
	}
	return p, err
}

// Acceptable says why the rules may not run under s, or returns nil. Rejected rules do not stop the others, unless s.Strict is set; rules of
// which none applies to CloudTrail do.
func (p *Program) Acceptable(s conf.Settings) error {
	refuse := func(format string, args ...any) error {
		return &RulesError{Set: p.set, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case s.Strict && p.set.Rejected > 0:
		return refuse("strict is on and %d of the rules in %q are rejected", p.set.Rejected, s.Rules)
	case p.set.Files == 0:
		return refuse("there are no rules in %q: no name ends in .yml or .yaml", s.Rules)
	case len(p.set.Rules) == 0:
		return refuse("none of the rules in %q can run: %d are rejected, %d do not apply to CloudTrail, %d are excluded",
			s.Rules, p.set.Rejected, len(p.set.NotApplicable), p.set.Excluded)
	}
	return nil
}

// RulesError says that a set of rules was read but may not run.
type RulesError struct {
	// Set is what was read, with its problems.
	Set *rules.Set
	// Reason is one sentence without a full stop.
	Reason string
}

// Error returns the reason.
func (e *RulesError) Error() string { return e.Reason }

// Problems returns the diagnostics behind err, if it came from rules.
func Problems(err error) rules.Problems {
	if refused, ok := errors.AsType[*RulesError](err); ok {
		return refused.Set.Problems
	}
	return nil
}
