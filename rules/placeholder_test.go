package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePlaceholders(t *testing.T) {
	got, err := ParsePlaceholders("p.yml", []byte("admins: [alice, 'b*b', 007]\nrole: admin\nDC-NAME:\n  - x\n"))
	if diff := cmp.Diff(Placeholders{"admins": {"alice", "b*b", "007"}, "role": {"admin"}, "DC-NAME": {"x"}}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if got, err := ParsePlaceholders("p.yml", nil); len(got) != 0 || err != nil {
		t.Error(got, err)
	}
	_, err = ParsePlaceholders("p.yml", []byte("a: []\nb: {c: d}\nc: [x, null]\na: y\n"))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`p.yml:1:1: the placeholder "a" has no values`, `p.yml:2:4: the values of the placeholder "b"`, `p.yml:3:8:`, `p.yml:4:1: the key "a" is here a second time`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	for _, text := range []string{"- a\n", "a: [\n", "text\n"} {
		if _, err := ParsePlaceholders("p.yml", []byte(text)); err == nil || !strings.Contains(err.Error(), "p.yml:1:") && !strings.Contains(err.Error(), "p.yml:2:") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestExpand: every placeholder in a value becomes each of its values.
func TestExpand(t *testing.T) {
	o := Options{Placeholders: Placeholders{"u": {"a", "b*"}, "n": {"1", "2"}}}
	for value, want := range map[string][]string{
		"'%u%'": {"a", "b*"}, "'x%u%y'": {"xay", "xb*y"}, "'%u%-%n%'": {"a-1", "a-2", "b*-1", "b*-2"}, "plain": {"plain"}, "'100%'": {"100%"},
		"'50% of %n%'": {"50% of 1", "50% of 2"}, "['%n%', z]": {"1", "2", "z"}, "22": {"22"},
	} {
		list, problems := Parse("r.yml", []byte("title: t\nlevel: low\nlogsource: {service: cloudtrail}\ndetection:\n  s:\n    f|expand: "+value+"\n  condition: s\n"), o)
		if len(problems) > 0 {
			t.Errorf("%s: %v", value, problems)
			continue
		}
		var got []string
		for _, v := range list[0].Searches[0].Groups[0].Items[0].Values {
			got = append(got, v.Text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", value, diff)
		}
	}
	many := make([]string, 200)
	o.Placeholders["many"] = many
	if _, problems := Parse("r.yml", []byte("title: t\nlevel: low\nlogsource: {service: cloudtrail}\ndetection:\n  s:\n    f|expand: '%many%%many%'\n  condition: s\n"), o); len(problems.Errors()) != 1 {
		t.Errorf("40000 values: %v", problems)
	}
	if _, problems := Parse("r.yml", []byte("title: t\nlevel: low\nlogsource: {service: cloudtrail}\ndetection:\n  s:\n    f|expand: '%mny%'\n  condition: s\n"), o); len(problems) != 1 || !strings.Contains(problems[0].Hint, `did you mean "many"?`) {
		t.Errorf("%v", problems)
	}
}
