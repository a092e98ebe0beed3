package cloudtrail_test

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigmatrail/attack"
	"sigmatrail/internal/ruletest"
	"sigmatrail/rules"
	"sigmatrail/rules/cloudtrail"
)

// TestRules gives every rule of the pack its events and compares the verdicts.
func TestRules(t *testing.T) {
	report, err := ruletest.Run(cloudtrail.FS())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Failures {
		t.Error(f)
	}
	if report.Rules < 250 || report.Hits < 2*report.Rules || report.Misses < 2*report.Rules {
		t.Errorf("%d rules, %d cases that hit, %d that do not; want 250 rules or more with two of each", report.Rules, report.Hits, report.Misses)
	}
}

// TestAttributes holds the pack to what its readers expect of every rule.
func TestAttributes(t *testing.T) {
	set := load(t)
	ids := make(map[string]string)
	for _, r := range everything(set) {
		file := r.File
		if other, taken := ids[r.ID]; taken {
			t.Errorf("%s: has the id of %s", file, other)
		}
		ids[r.ID] = file
		for what, ok := range map[string]bool{
			"a title of 100 characters at most": r.Title != "" && len(r.Title) <= 100,
			"a UUID":                            regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(r.ID),
			"an author":                         r.Author == "sigmatrail authors",
			"false positives":                   len(r.FalsePositives) > 0,
			"a technique of ATT&CK":             slices.ContainsFunc(r.Tags, regexp.MustCompile(`^attack\.t\d{4}(\.\d{3})?$`).MatchString),
			"a tactic of ATT&CK":                slices.ContainsFunc(r.Tags, regexp.MustCompile(`^attack\.[a-su-z][a-z-]+$`).MatchString),
			"a name that begins with aws_":      strings.HasPrefix(file, "builtin/aws_"),
		} {
			if !ok {
				t.Errorf("%s: lacks %s", file, what)
			}
		}
	}
}

// TestTags holds the pack to the present ATT&CK: its techniques have been neither replaced nor given up, and serve the tactics that stand beside them.
func TestTags(t *testing.T) {
	for _, r := range everything(load(t)) {
		var served, named []string
		for _, tag := range r.Tags {
			name, _ := strings.CutPrefix(tag, "attack.")
			if tactic, ok := attack.LookupTactic(name); ok {
				named = append(named, tactic.Shortname)
				continue
			}
			a, ok := attack.LookupTechnique(name)
			if !ok || a.RevokedBy != "" || a.Deprecated {
				t.Errorf("%s: %s is %+v", r.File, tag, a)
			}
			served = append(served, a.Tactics...)
		}
		for _, tactic := range named {
			if !slices.Contains(served, tactic) {
				t.Errorf("%s: no technique serves %s, but %v", r.File, tactic, served)
			}
		}
	}
}

// TestEventSources holds every event source that the pack names to the form that AWS gives them.
func TestEventSources(t *testing.T) {
	source := regexp.MustCompile(`^[a-z0-9-]+\.amazonaws\.com$`)
	seen := 0
	err := fs.WalkDir(cloudtrail.FS(), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".test.yml") {
			return err
		}
		src, err := fs.ReadFile(cloudtrail.FS(), name)
		for _, m := range regexp.MustCompile(`eventSource: (\S+)`).FindAllSubmatch(src, -1) {
			seen++
			if !source.Match(m[1]) {
				t.Errorf("%s: event source %s", name, m[1])
			}
		}
		return err
	})
	if err != nil || seen < 42 {
		t.Errorf("%d event sources looked at, error %v", seen, err)
	}
}

// everything is the rules and the correlations.
func everything(set *rules.Set) []*rules.Rule {
	list := slices.Clone(set.Rules)
	for _, c := range set.Correlations {
		list = append(list, c.Rule)
	}
	return list
}

func load(t *testing.T) *rules.Set {
	t.Helper()
	set, err := rules.Load("builtin", map[string]fs.FS{"builtin": cloudtrail.FS()}, rules.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range set.Problems {
		t.Error(p)
	}
	if len(set.Rules) < 232 || len(set.Correlations) < 18 {
		t.Fatalf("%d rules, %d correlations", len(set.Rules), len(set.Correlations))
	}
	return set
}
