package rules

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSelector(t *testing.T) {
	r := &Rule{ID: "5F0A-b", Title: "Root/Admin Login [New]", Tags: []string{"attack.T1078", "cve.2026-1"}}
	for text, want := range map[Selector]bool{
		"5f0a-B": true, "5f0a": false, "attack.t1078": true, "attack.t1078.004": false, "CVE.2026-1": true, "root*": true, "*login*": true,
		"root/admin login \\[new\\]": true, "root?admin*": true, "login*": false, "": false, "[": false,
	} {
		if got := text.Matches(r); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if Selector("").Matches(&Rule{Title: "x"}) {
		t.Error("nothing names a rule without an id")
	}
}

func TestChoice(t *testing.T) {
	levels, err := ParseLevelOverrides("*=low, b* = high,id-c=critical,b*=medium,")
	if err != nil {
		t.Fatal(err)
	}
	exclude, err := ParseSelectors(" attack.t1 ,, none*")
	if err != nil {
		t.Fatal(err)
	}
	c := Choice{Exclude: exclude, Levels: levels}
	set := &Set{
		Rules:        []*Rule{{Title: "a"}, {Title: "b1"}, {ID: "id-c", Title: "c"}, {Title: "d", Tags: []string{"attack.t1"}}},
		Correlations: []*Correlation{{Rule: &Rule{Title: "b2"}}, {Rule: &Rule{Title: "e", Tags: []string{"attack.t1"}}}},
	}
	c.apply(set)
	var got []string
	for _, r := range set.Rules {
		got = append(got, r.Title+" "+r.Level.String())
	}
	for _, r := range set.Correlations {
		got = append(got, fmt.Sprint(r.Title, " ", r.Level, " ", r.HasLevel))
	}
	if diff := cmp.Diff([]string{"a low", "b1 medium", "c critical", "b2 medium true"}, got); diff != "" || set.Excluded != 2 {
		t.Errorf("%d excluded %s", set.Excluded, diff)
	}
	if diff := cmp.Diff([]Selector{"none*"}, set.Idle); diff != "" {
		t.Error(diff)
	}
	for _, list := range []string{"a", "a=", "a=urgent", "[=low"} {
		if all, err := ParseLevelOverrides(list); err == nil {
			t.Errorf("%q: %v", list, all)
		}
	}
}

func TestStatusRank(t *testing.T) {
	order := []string{"unsupported", "Deprecated", "experimental", "test", "stable"}
	for i, status := range order {
		if got := StatusRank(status); got != i {
			t.Errorf("%s: %d", status, got)
		}
	}
	if StatusRank("") != StatusRank("experimental") {
		t.Error("a rule without a status")
	}
}
