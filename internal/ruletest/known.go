package ruletest

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigmatrail/rules"

	"gopkg.in/yaml.v3"
)

// known are the rules to which correlations of other files may refer: those of all paths that are tested, those beside a file, and the packs.
type known struct {
	read    []rules.File
	packs   map[string]fs.FS
	folders map[string][]rules.File
	heads   map[string][]heading // by file
}

// heading is what a document of a file is called, and what it refers to.
type heading struct {
	ID, Name, Title string
	Correlation     struct{ Rules references }
}

// references are a list of texts, or one.
type references []string

// UnmarshalYAML takes whatever is there; what is wrong with it the rules say.
func (r *references) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*r = references{n.Value}
	}
	for _, item := range n.Content {
		*r = append(*r, item.Value)
	}
	return nil
}

// headings reads the documents of a file as far as they can be read.
func (k *known) headings(f rules.File) (list []heading) {
	if list, ok := k.heads[f.Name]; ok {
		return list
	}
	defer func() { // yaml.v3 has panicked on hostile input
		_ = recover() // what is wrong the rules say
		if k.heads == nil {
			k.heads = make(map[string][]heading)
		}
		k.heads[f.Name] = list
	}()
	for decoder := yaml.NewDecoder(bytes.NewReader(f.Text)); ; {
		var h heading
		var mistyped *yaml.TypeError
		if err := decoder.Decode(&h); err != nil && !errors.As(err, &mistyped) {
			return list
		}
		list = append(list, h)
	}
}

// companions returns the files that are needed beside files, as correlations in them refer to what is there; and in turn what correlations there refer to.
func (k *known) companions(files []rules.File) (more []rules.File) {
	all := slices.Clone(files)
	for i := 0; i < len(all); i++ {
		for _, h := range k.headings(all[i]) {
			for _, name := range h.Correlation.Rules {
				if k.find(all, name) >= 0 {
					continue
				}
				if f, ok := k.elsewhere(path.Dir(files[0].Name), name); ok {
					all, more = append(all, f), append(more, f)
				}
			}
		}
	}
	return more
}

// find returns the index of the file with what is called name, by id, name, or else title, or -1.
func (k *known) find(files []rules.File, name string) int {
	for _, is := range []func(h *heading) bool{
		func(h *heading) bool { return h.Name == name || h.ID != "" && strings.EqualFold(h.ID, name) },
		func(h *heading) bool { return h.Title == name },
	} {
		if i := slices.IndexFunc(files, func(f rules.File) bool {
			return slices.ContainsFunc(k.headings(f), func(h heading) bool { return is(&h) })
		}); i >= 0 {
			return i
		}
	}
	return -1
}

// elsewhere looks for what is called name among the rules that were read, then beside, then in packs.
func (k *known) elsewhere(folder, name string) (f rules.File, ok bool) {
	for _, files := range []func() []rules.File{
		func() []rules.File { return k.read },
		func() []rules.File { return k.beside(folder) },
		func() []rules.File { return k.bundled() },
	} {
		list := files()
		if i := k.find(list, name); i >= 0 {
			return list[i], true
		}
	}
	return f, false
}

// beside reads the rules of a folder.
func (k *known) beside(folder string) []rules.File {
	if list, ok := k.folders[folder]; ok {
		return list
	}
	var list []rules.File
	for _, ending := range []string{"*.yml", "*.yaml"} { // where the folder's name is no pattern, nothing stands there
		names, _ := filepath.Glob(filepath.Join(filepath.FromSlash(folder), ending))
		for _, name := range names {
			if text, err := os.ReadFile(name); err == nil && !isTestName(strings.ToLower(name)) {
				list = append(list, rules.File{Name: filepath.ToSlash(name), Text: text})
			}
		}
	}
	if k.folders == nil {
		k.folders = make(map[string][]rules.File)
	}
	k.folders[folder] = list
	return list
}

// bundled reads the rules of the packs.
func (k *known) bundled() []rules.File {
	if k.packs == nil {
		return nil
	}
	files, err := rules.ReadEntries(slices.Sorted(maps.Keys(k.packs)), k.packs)
	if err != nil {
		return nil // unreachable: packs are in memory
	}
	files = slices.DeleteFunc(files, func(f rules.File) bool { return isTestName(strings.ToLower(f.Name)) })
	k.read, k.packs = append(k.read, files...), nil
	return files
}
