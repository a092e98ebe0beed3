package ruletest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigmatrail/rules"
)

// suite is cases and the rules that they are about.
type suite struct {
	// name is that of the file of tests, or of the rules where there is none.
	name string
	// rules are its own; none: those that all suites without own rules share.
	rules []rules.File
	cases []testCase
	// beside is set for tests in the form of this project: of those both verdicts are wanted.
	beside bool
	// missing says what tests the rules lack, or is "".
	missing  string
	problems rules.Problems
}

// finder finds what paths name.
type finder struct {
	Options

	suites []*suite
	seen   map[string]bool // files of tests
}

// pack returns how the files of a pack are opened, by names that begin with its own.
func pack(name string, pack fs.FS) opener {
	return func(file string) (fs.File, error) {
		if name != "" {
			inside, ok := strings.CutPrefix(file, name+"/")
			if !ok {
				return nil, &fs.PathError{Op: "open", Path: file, Err: fs.ErrNotExist}
			}
			file = inside
		}
		return pack.Open(file)
	}
}

func openFile(name string) (fs.File, error) { return os.Open(filepath.FromSlash(name)) }

// find finds the suites of one path: a pack, a file, a directory, or a glob.
func (f *finder) find(name string) error {
	if p, ok := f.Packs[name]; ok {
		names, err := yamlFiles(p, ".")
		for i := range names {
			names[i] = path.Join(name, names[i])
		}
		return errors.Join(err, f.files(pack(name, p), names, false))
	}
	info, err := os.Stat(name)
	switch {
	case err == nil:
		return f.entry(name, info)
	case !strings.ContainsAny(name, "*?["):
		return err
	}
	names, err := filepath.Glob(name)
	if err == nil && len(names) == 0 {
		err = errors.New("no file has such a name")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, n := range names {
		info, err := os.Stat(n)
		if err == nil {
			err = f.entry(n, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *finder) entry(name string, info fs.FileInfo) error {
	if !info.IsDir() {
		return f.files(openFile, []string{filepath.ToSlash(name)}, true)
	}
	names, err := yamlFiles(os.DirFS(name), ".")
	for i := range names {
		names[i] = path.Join(filepath.ToSlash(name), names[i])
	}
	return errors.Join(err, f.files(openFile, names, false))
}

// yamlFiles lists the files below root that may be rules or tests.
func yamlFiles(fsys fs.FS, root string) (names []string, err error) {
	err = fs.WalkDir(fsys, root, func(name string, entry fs.DirEntry, err error) error {
		lower := strings.ToLower(name)
		if err == nil && !entry.IsDir() && (strings.HasSuffix(lower, ".yml") || strings.HasSuffix(lower, ".yaml")) {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

func isTestName(lower string) bool {
	return strings.HasSuffix(lower, testSuffix) || strings.HasSuffix(lower, ".test.yaml")
}

// files finds the suites of files. Of those that were named by themselves each must be something that can be tested.
func (f *finder) files(open opener, names []string, named bool) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, f.file(open, name, named))
	}
	return errors.Join(errs...)
}

func (f *finder) file(open opener, name string, named bool) error {
	if isTestName(strings.ToLower(name)) {
		return f.test(open, name)
	}
	src, err := open.read(name)
	if err != nil {
		return err
	}
	k := kindOf(name, src)
	switch {
	case k == ruleKind:
		return f.rule(open, name, src)
	case k == sigmaHQKind:
		return f.sigmaHQ(open, name, nil)
	case !named: // other tools' files among rules
		return nil
	}
	return f.foreign(open, name, src, k)
}

// add adds the suite of a file of tests, unless it is there already.
func (f *finder) add(s *suite, p *parser) {
	s.cases, s.problems = p.cases, p.problems
	f.suites = append(f.suites, s)
}

// first reports whether a file of tests is met for the first time.
func (f *finder) first(name string) bool {
	name = path.Clean(name)
	again := f.seen[name]
	f.seen[name] = true
	return !again
}

// test reads a file of tests, and the rules that it names or that stand beside it.
func (f *finder) test(open opener, name string) error {
	if !f.first(name) {
		return nil
	}
	src, err := open.read(name)
	if err != nil {
		return err
	}
	p := newParser(name, src, open)
	s := &suite{name: name, beside: true}
	named := p.tests(src)
	if len(named) == 0 {
		s.rules, err = f.besideTest(p, name)
	} else {
		s.rules, err = f.named(open, name, named)
	}
	if err != nil {
		p.failFile("%v", err)
	}
	if len(s.rules) == 0 {
		p.cases = nil // there is nothing to judge them by, which has been said
	}
	f.add(s, p)
	return nil
}

// besideTest reads the rules beside a file of tests.
func (f *finder) besideTest(p *parser, name string) ([]rules.File, error) {
	stem := name[:strings.LastIndex(strings.ToLower(name), ".test.")]
	for _, ending := range []string{ruleSuffix, ".yaml"} {
		src, err := p.open.read(stem + ending)
		if err == nil {
			return []rules.File{{Name: stem + ending, Text: src}}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("there is no %s beside it", path.Base(stem)+ruleSuffix)
}

// named reads the rules that a file of tests names: files, directories and globs relative to it, and packs. A file that is named twice is read once.
func (f *finder) named(open opener, test string, names []string) (files []rules.File, err error) {
	for _, name := range names {
		var more []rules.File
		if _, ok := f.Packs[name]; !ok && !path.IsAbs(name) {
			name = path.Join(path.Dir(test), name)
		}
		if src, unread := open.read(name); unread == nil { // also in a pack, where nothing else can be named
			more = []rules.File{{Name: name, Text: src}}
		} else if more, err = rules.ReadEntries([]string{name}, f.Packs); err != nil {
			return nil, err
		}
		for _, one := range more {
			if !slices.ContainsFunc(files, func(f rules.File) bool { return path.Clean(f.Name) == path.Clean(one.Name) }) {
				files = append(files, one)
			}
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no rules in %s", strings.Join(names, ", "))
	}
	return files, nil
}

// rule finds the tests of a file of rules: beside it, or where its attribute regression_tests_path says.
func (f *finder) rule(open opener, name string, src []byte) error {
	stem := strings.TrimSuffix(strings.TrimSuffix(name, ruleSuffix), ".yaml")
	for _, ending := range []string{testSuffix, ".test.yaml"} {
		if _, err := open.read(stem + ending); err == nil {
			return f.test(open, stem+ending)
		}
	}
	own := []rules.File{{Name: name, Text: src}}
	missing := fmt.Sprintf("there is no %s beside it", path.Base(stem)+testSuffix)
	list, _ := rules.Parse(name, src, rules.Options{})
	for _, r := range list {
		if at, ok := r.Attribute("regression_tests_path").(string); ok {
			if info, ok := below(open, name, at); ok {
				return f.sigmaHQ(open, info, own)
			}
			missing = fmt.Sprintf("its regression_tests_path, %s, is neither here nor in a folder above", at)
		}
	}
	if f.first(name) {
		f.suites = append(f.suites, &suite{name: name, rules: own, missing: missing})
	}
	return nil
}

// sigmaHQ reads an info.yml. Where its rule is not known and Options names none, it is the one that stands in SigmaHQ's repository where the test says.
func (f *finder) sigmaHQ(open opener, name string, own []rules.File) error {
	if !f.first(name) {
		return nil
	}
	src, err := open.read(name)
	if err != nil {
		return err
	}
	const data = "regression_data/"
	if i := strings.LastIndex(name, data); own == nil && len(f.Rules) == 0 && i >= 0 {
		file := name[:i] + path.Dir(name[i+len(data):]) + ruleSuffix
		if text, err := open.read(file); err == nil {
			own = []rules.File{{Name: file, Text: text}}
		}
	}
	p := newParser(name, src, open)
	p.sigmaHQ(src)
	f.add(&suite{name: name, rules: own}, p)
	return nil
}

// foreign reads cases that name their rules.
func (f *finder) foreign(open opener, name string, src []byte, k kind) error {
	if !f.first(name) {
		return nil
	}
	p := newParser(name, src, open)
	switch k {
	case pantherKind:
		p.panther(src, f.Rule)
	case listKind:
		p.list(src, f.Rule)
	default:
		p.lines = nil // an event is too long to be shown
		if err := p.jsonCases(f.Rule); err != nil {
			return err
		}
	}
	f.add(&suite{name: name}, p)
	return nil
}
