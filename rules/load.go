package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Set is what Load found.
type Set struct {
	// Rules apply to CloudTrail records and are sound, in the order in which they were read.
	Rules []*Rule
	// NotApplicable are sound but about other logs.
	NotApplicable []*Rule
	// Rejected counts documents with an error.
	Rejected int
	// Files counts the files that were read.
	Files int
	// Problems are those of all files, sorted by place.
	Problems Problems
}

// Load reads the rules that spec names: a list, separated by commas, of files, directories (with everything below them that ends in .yml or
// .yaml), globs as filepath.Match has them, and names of packs. Files that end in .test.yml hold tests, not rules, and are passed over.
//
// Rules with errors are counted, and the others go on; the error is for what could not be read at all: a path that is missing, a glob that
// names nothing. A rule of a file replaces a rule of a pack with the same id; two files with one id are an error in the second.
func Load(spec string, packs map[string]fs.FS) (*Set, error) {
	l := loader{packs: packs, set: &Set{}, byID: make(map[string]*loaded), seen: make(map[string]bool)}
	var errs []error
	for entry := range strings.SplitSeq(spec, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		if pack, ok := packs[entry]; ok {
			errs = append(errs, l.pack(entry, pack))
		} else {
			errs = append(errs, l.entry(entry))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	l.finish()
	return l.set, nil
}

// loaded is a sound rule and whether a pack brought it.
type loaded struct {
	rule    *Rule
	bundled bool
	dropped bool
}

type loader struct {
	packs map[string]fs.FS
	set   *Set
	rules []*loaded
	byID  map[string]*loaded
	seen  map[string]bool // files, so that none is read twice
}

func isRuleFile(name string) bool {
	extension := strings.ToLower(path.Ext(name))
	return (extension == ".yml" || extension == ".yaml") && !isTestFile(name)
}

func isTestFile(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".test.yml") || strings.HasSuffix(name, ".test.yaml")
}

func (l *loader) pack(name string, pack fs.FS) error {
	return fs.WalkDir(pack, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isRuleFile(file) {
			return err
		}
		src, err := fs.ReadFile(pack, file)
		if err != nil {
			return err
		}
		l.file(path.Join(name, file), src, true)
		return nil
	})
}

// entry reads a file, a directory or what a glob names.
func (l *loader) entry(name string) error {
	if info, err := os.Stat(name); err == nil {
		if info.IsDir() {
			name += string(filepath.Separator) // so that a link to a directory is walked too
		}
		return l.walk(name)
	} else if !strings.ContainsAny(name, "*?[") {
		return l.unreadable(name, err)
	}
	names, err := filepath.Glob(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(names) == 0 {
		return fmt.Errorf("%s: no file has such a name", name)
	}
	for _, n := range slices.DeleteFunc(names, isTestFile) {
		if err := l.walk(n); err != nil {
			return err
		}
	}
	return nil
}

// unreadable explains why an entry of the list names nothing.
func (l *loader) unreadable(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsRune(name, filepath.Separator) && len(l.packs) > 0 {
		return fmt.Errorf("%q: no such file or directory, and no pack of rules: that is %s", name, strings.Join(slices.Sorted(maps.Keys(l.packs)), ", "))
	}
	return err
}

// walk reads a file, whatever its name, or the files of rules below a directory.
func (l *loader) walk(root string) error {
	return filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || (file != root && !isRuleFile(file)) {
			return err
		}
		if l.seen[filepath.Clean(file)] {
			return nil
		}
		l.seen[filepath.Clean(file)] = true
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		l.file(file, src, false)
		return nil
	})
}

func (l *loader) file(name string, src []byte, bundled bool) {
	rs, problems, rejected := parseFile(name, src)
	l.set.Files++
	l.set.Rejected += rejected
	l.set.Problems = append(l.set.Problems, problems...)
	for _, r := range rs {
		l.rule(&loaded{rule: r, bundled: bundled})
	}
}

// rule adds r, unless its id is taken: files win over packs, and among files the first.
func (l *loader) rule(r *loaded) {
	id := strings.ToLower(r.rule.ID)
	if first := l.byID[id]; id != "" && first != nil {
		switch {
		case r.bundled && !first.bundled:
			return
		case first.bundled && !r.bundled:
			first.dropped = true
		default:
			l.set.Rejected++
			l.set.Problems = append(l.set.Problems, Problem{
				Position: r.rule.Position, Code: DuplicateID,
				Message: fmt.Sprintf("the id %s is already that of the rule at %s", r.rule.ID, first.rule.Position),
			})
			return
		}
	}
	l.byID[id] = r
	l.rules = append(l.rules, r)
}

func (l *loader) finish() {
	for _, r := range l.rules {
		switch {
		case r.dropped:
		case r.rule.AppliesToCloudTrail():
			l.set.Rules = append(l.set.Rules, r.rule)
		default:
			l.set.NotApplicable = append(l.set.NotApplicable, r.rule)
		}
	}
	l.set.Problems.sort()
	l.set.Rules, l.set.NotApplicable = slices.Clip(l.set.Rules), slices.Clip(l.set.NotApplicable)
}
