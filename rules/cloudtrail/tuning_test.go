package cloudtrail_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"testing"

	"sigmatrail/rules"
	"sigmatrail/rules/cloudtrail"
)

// TestTuning holds that the note of a rule on how to leave out what is normal names a selection, and that a Sigma Filter of it is sound.
func TestTuning(t *testing.T) {
	selection := regexp.MustCompile("by a Sigma Filter with the selection `([^`]+)` and the condition `not selection`\\.")
	notes := 0
	for _, r := range load(t).Rules {
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
		src, err := fs.ReadFile(cloudtrail.FS(), stem(r)+".yml")
		if err != nil {
			t.Fatal(err)
		}
		filter := fmt.Sprintf("title: Normal\nlogsource: {product: aws, service: cloudtrail}\nfilter:\n  rules: [%s]\n  selection:\n    %s\n  condition: not selection\n", r.ID, m[1])
		set := rules.ParseFiles([]rules.File{{Name: r.File, Text: src}, {Name: "filter.yml", Text: []byte(filter)}}, rules.Options{})
		for _, p := range set.Problems {
			t.Errorf("%s: %s", r.File, p)
		}
		if len(set.Filters) != 1 || len(set.Rules) != 1 || set.Rules[0].Conditions[0].String() == r.Conditions[0].String() {
			t.Errorf("%s: the filter changes nothing", r.File)
		}
	}
	if notes < 106 {
		t.Errorf("%d rules have a note", notes)
	}
}
