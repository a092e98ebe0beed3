package cloudtrail_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigmatrail/rules"
	"sigmatrail/rules/cloudtrail"
)

// TestTuning holds that the note of a rule on how to leave out what is normal names a selection, and that a Sigma Filter of it is sound.
func TestTuning(t *testing.T) {
	selection := regexp.MustCompile("by a Sigma Filter with the selection `([^`]+)` and the condition `not selection`\\.")
	notes := 0
	set := load(t)
	for _, r := range everything(set) {
		note, _ := r.Attribute("tuning").(string)
		if note == "" {
			continue
		}
		notes++
		m := selection.FindStringSubmatch(note)
		if m == nil {
			t.Errorf("%s: no selection: %s", r.File, note)
			continue
		}
		about, all := []*rules.Rule{r}, []*rules.Rule{r}
		if c := slices.IndexFunc(set.Correlations, func(c *rules.Correlation) bool { return c.Rule == r }); c >= 0 {
			about, all = behind(set, c)
		}
		var files []rules.File
		var ids []string
		for _, r := range all {
			src, err := fs.ReadFile(cloudtrail.FS(), stem(r)+".yml")
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(files, func(f rules.File) bool { return f.Name == r.File }) {
				files = append(files, rules.File{Name: r.File, Text: src})
			}
		}
		for _, r := range about {
			ids = append(ids, r.ID)
		}
		filter := fmt.Sprintf("title: Normal\nlogsource: {product: aws, service: cloudtrail}\nfilter:\n  rules: [%s]\n  selection:\n    %s\n  condition: not selection\n", strings.Join(ids, ", "), m[1])
		filtered := rules.ParseFiles(append(files, rules.File{Name: "filter.yml", Text: []byte(filter)}), rules.Options{})
		for _, p := range filtered.Problems {
			t.Errorf("%s: %s", r.File, p)
		}
		for _, r := range about {
			if i := slices.IndexFunc(filtered.Rules, func(o *rules.Rule) bool { return o.ID == r.ID }); i < 0 || filtered.Rules[i].Conditions[0].String() == r.Conditions[0].String() {
				t.Errorf("%s: the filter changes nothing about %s", r.File, r.Title)
			}
		}
	}
	if notes < 200 {
		t.Errorf("%d rules have a note", notes)
	}
}

// behind returns the rules that a correlation refers to, itself or through others; and all of them with these others and itself.
func behind(set *rules.Set, correlation int) (list, all []*rules.Rule) {
	all = append(all, set.Correlations[correlation].Rule)
	for _, r := range set.Resolve(set.Correlations[correlation]) {
		for _, rule := range r.Rules {
			list, all = append(list, set.Rules[rule]), append(all, set.Rules[rule])
		}
		for _, inner := range r.Correlations {
			more, with := behind(set, inner)
			list, all = append(list, more...), append(all, with...)
		}
	}
	return list, all
}
