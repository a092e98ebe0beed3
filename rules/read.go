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

// File is one file of rules, read and not parsed yet.
type File struct {
	Name string
	Text []byte
	// Bundled is set for the files of a pack, whose rules give way to others with the same id.
	Bundled bool
}

// Read reads the files that spec names: a list, separated by commas, of files, directories (with everything below them that ends in .yml or
// .yaml), globs as filepath.Match has them, and names of packs. Files that end in .test.yml hold tests, not rules, and are passed over.
// The error is for what could not be read: a path that is missing, a glob that names nothing.
func Read(spec string, packs map[string]fs.FS) ([]File, error) {
	var entries []string
	for entry := range strings.SplitSeq(spec, ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			entries = append(entries, entry)
		}
	}
	return ReadEntries(entries, packs)
}

// ReadEntries does the same with a list that is taken apart already.
func ReadEntries(entries []string, packs map[string]fs.FS) ([]File, error) {
	r := reader{packs: packs, seen: make(map[string]bool)}
	var errs []error
	for _, entry := range entries {
		if pack, ok := packs[entry]; ok {
			errs = append(errs, r.pack(entry, pack))
		} else {
			errs = append(errs, r.entry(entry))
		}
	}
	return r.files, errors.Join(errs...)
}

type reader struct {
	packs map[string]fs.FS
	files []File
	seen  map[string]bool // so that none is read twice
}

func isRuleFile(name string) bool {
	extension := strings.ToLower(path.Ext(name))
	return (extension == ".yml" || extension == ".yaml") && !isTestFile(name)
}

func isTestFile(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".test.yml") || strings.HasSuffix(name, ".test.yaml")
}

func (r *reader) pack(name string, pack fs.FS) error {
	return fs.WalkDir(pack, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isRuleFile(file) {
			return err
		}
		src, err := fs.ReadFile(pack, file)
		if err != nil {
			return err
		}
		r.files = append(r.files, File{Name: path.Join(name, file), Text: src, Bundled: true})
		return nil
	})
}

// entry reads a file, a directory or what a glob names.
func (r *reader) entry(name string) error {
	if info, err := os.Stat(name); err == nil {
		if info.IsDir() {
			name += string(filepath.Separator) // so that a link to a directory is walked too
		}
		return r.walk(name)
	} else if !strings.ContainsAny(name, "*?[") {
		return r.unreadable(name, err)
	}
	names, err := filepath.Glob(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(names) == 0 {
		return fmt.Errorf("%s: no file has such a name", name)
	}
	for _, n := range slices.DeleteFunc(names, isTestFile) {
		if err := r.walk(n); err != nil {
			return err
		}
	}
	return nil
}

// unreadable explains why an entry of the list names nothing.
func (r *reader) unreadable(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsRune(name, filepath.Separator) && len(r.packs) > 0 {
		return fmt.Errorf("%q: no such file or directory, and no pack of rules: that is %s", name, strings.Join(slices.Sorted(maps.Keys(r.packs)), ", "))
	}
	return err
}

// walk reads a file, whatever its name, or the files of rules below a directory.
func (r *reader) walk(root string) error {
	return filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || (file != root && !isRuleFile(file)) {
			return err
		}
		if r.seen[filepath.Clean(file)] {
			return nil
		}
		r.seen[filepath.Clean(file)] = true
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		r.files = append(r.files, File{Name: file, Text: src})
		return nil
	})
}
