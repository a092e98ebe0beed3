package rules

import (
	"strings"
	"testing"
)

func TestFilters(t *testing.T) {
	filter := func(source, targets, condition string) string {
		return "title: F\nlogsource: {" + source + "}\nfilter:\n  rules: " + targets + "\n  a: {userIdentity.userName: backup}\n  condition: " + condition + "\n"
	}
	for _, test := range []struct {
		name, filter string
		want         string // the condition of the rule
		problems     []Code
	}{
		{"by id", filter("product: aws, service: cloudtrail", "["+strings.ToUpper(idA)+"]", "not a"), "a and not a", nil},
		{"by name", filter("product: aws", "[the_name]", "not a"), "a and not a", nil},
		{"any", filter("product: aws", "any", "not a"), "a and not a", nil},
		{"several conditions", filter("product: aws", "any", "\n    - not a\n    - a"), "a and (not a or a)", nil},
		{"another log source", filter("product: windows", "["+idA+"]", "not a"), "a", []Code{FilterTarget}},
		{"another rule", filter("product: aws", "["+idA+", "+idB+"]", "not a"), "a and not a", []Code{FilterTarget}},
		{"narrowing", filter("product: aws", "any", "a"), "a", []Code{FilterNarrows}},
	} {
		dir := folder(t, map[string]string{"r.yml": "name: the_name\n" + rule(idA, "A"), "f.yml": test.filter})
		set, err := Load(dir, nil, Options{})
		if err != nil || len(set.Rules) != 1 {
			t.Fatalf("%s: %v %v", test.name, set.Problems, err)
		}
		if got := set.Rules[0].Conditions[0].String(); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		var codes []Code
		for _, p := range set.Problems {
			codes = append(codes, p.Code)
		}
		if strings.Join(strs(codes), " ") != strings.Join(strs(test.problems), " ") {
			t.Errorf("%s: %v", test.name, set.Problems)
		}
	}
	dir := folder(t, map[string]string{"r.yml": rule(idA, "A"), "f.yml": filter("product: aws", "any", "a")})
	set, err := Load(dir, nil, Options{NarrowingFilters: true})
	if err != nil || len(set.Problems) > 0 || len(set.Filters) != 1 || set.Rules[0].Conditions[0].String() != "a and a" {
		t.Errorf("%+v %v", set, err)
	}
}

func strs(codes []Code) []string {
	var list []string
	for _, c := range codes {
		list = append(list, string(c))
	}
	return list
}
