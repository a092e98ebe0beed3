package attack

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFile: what stands in the file fits together.
func TestFile(t *testing.T) {
	if !regexp.MustCompile(`^[0-9]+\.[0-9]+$`).MatchString(Version()) {
		t.Errorf("version %q", Version())
	}
	tactics, techniques := make(map[string]int), make(map[string]Technique)
	var ids []string
	for a := range Tactics() {
		if _, taken := tactics[a.Shortname]; taken || a.Name == "" || !regexp.MustCompile(`^TA[0-9]{4}$`).MatchString(a.ID) {
			t.Errorf("tactic %+v", a)
		}
		for _, id := range a.ReplacedBy {
			if b, ok := LookupTactic(id); !ok || b.ID != id {
				t.Errorf("%s has become %s, which is no tactic", a.Shortname, id)
			}
		}
		tactics[a.Shortname] = 0
	}
	for a := range Techniques() {
		ids = append(ids, a.ID)
		techniques[a.ID] = a
		for _, shortname := range a.Tactics {
			if _, ok := tactics[shortname]; !ok {
				t.Errorf("%s is of the tactic %q", a.ID, shortname)
			}
			tactics[shortname]++
		}
	}
	if len(ids) < 800 || !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("%d ids, in order and no two the same?", len(ids))
	}
	for shortname, n := range tactics {
		if a, _ := LookupTactic(shortname); n == 0 && a.ReplacedBy == nil {
			t.Errorf("%s has no techniques", shortname)
		}
	}
	for _, id := range ids {
		checkTechnique(t, techniques[id], techniques)
	}
	if rows, lines := len(ids)+len(tactics), strings.Count(file, "\n")-strings.Count(file, "\n#")-1; rows != lines || !strings.HasSuffix(file, "\n") {
		t.Errorf("%d rows were found of %d", rows, lines)
	}
}

func checkTechnique(t *testing.T, a Technique, all map[string]Technique) {
	t.Helper()
	if b, ok := LookupTechnique(strings.ToLower(a.ID)); !ok || !cmp.Equal(a, b) {
		t.Errorf("%+v is found as %+v", a, b)
	}
	if a.Name == "" || (len(a.Tactics) == 0 && a.RevokedBy == "" && !a.Deprecated) || (a.RevokedBy != "" && a.Deprecated) || !slices.IsSorted(a.Tactics) {
		t.Errorf("%+v", a)
	}
	if strings.Contains(a.ID, ".") != (a.ParentID != "") || a.ParentName != all[a.ParentID].Name {
		t.Errorf("%+v and its parent %+v", a, all[a.ParentID])
	}
	if b, ok := all[a.RevokedBy]; a.RevokedBy != "" && (!ok || b.RevokedBy != "") {
		t.Errorf("%s has been replaced by %q: %+v", a.ID, a.RevokedBy, b)
	}
	if MaybeLater(a.ID) {
		t.Errorf("%s is later", a.ID)
	}
}

// TestNotice: the terms under which MITRE gives its data away go with every copy, which they ask for.
func TestNotice(t *testing.T) {
	notice, err := os.ReadFile("../NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(string(notice)), " ")
	head, _, _ := strings.Cut(file, "# Columns:")
	terms := strings.Split(strings.TrimSuffix(head, "\n"), "\n# ")[2:]
	if len(terms) != 3 || !strings.Contains(terms[0], "Copyright") || !strings.Contains(terms[1], "license") || !strings.Contains(terms[2], "©") {
		t.Fatalf("the header has the terms %q", terms)
	}
	for _, line := range terms {
		if !strings.Contains(words, line) {
			t.Errorf("NOTICE lacks: %s", line)
		}
	}
}

func TestLookupTechnique(t *testing.T) {
	for _, c := range []struct {
		id   string
		want Technique
		ok   bool
	}{
		{"t1078.004", Technique{
			ID: "T1078.004", Name: "Cloud Accounts", Tactics: []string{"initial-access", "persistence", "privilege-escalation", "stealth"},
			ParentID: "T1078", ParentName: "Valid Accounts",
		}, true},
		{"T1685", Technique{ID: "T1685", Name: "Disable or Modify Tools", Tactics: []string{"defense-impairment"}}, true},
		{"T1562.008", Technique{
			ID: "T1562.008", Name: "Disable or Modify Cloud Logs", Tactics: []string{"stealth"}, ParentID: "T1562", ParentName: "Impair Defenses", RevokedBy: "T1685.002",
		}, true},
		// Replaced by T1547.011, which has been replaced in its turn.
		{"T1150", Technique{ID: "T1150", Name: "Plist Modification", Tactics: []string{"persistence", "privilege-escalation", "stealth"}, RevokedBy: "T1647"}, true},
		{"T1064", Technique{ID: "T1064", Name: "Scripting", Tactics: []string{"execution", "stealth"}, Deprecated: true}, true},
		{"T1001", Technique{ID: "T1001", Name: "Data Obfuscation", Tactics: []string{"command-and-control"}}, true}, // the first row
		{"t9999.001", Technique{ID: "T9999.001"}, false},
		{"ta0001", Technique{ID: "TA0001"}, false},
		{"stealth", Technique{ID: "STEALTH"}, false},
		{"", Technique{}, false},
		{title + Version(), Technique{ID: strings.ToUpper(title + Version())}, false},
		{"T1078\tx", Technique{ID: "T1078\tX"}, false},
	} {
		got, ok := LookupTechnique(c.id)
		if diff := cmp.Diff(c.want, got); diff != "" || ok != c.ok {
			t.Errorf("%q: %v (-want +got)\n%s", c.id, ok, diff)
		}
	}
}

func TestLookupTactic(t *testing.T) {
	stealth := Tactic{ID: "TA0005", Shortname: "stealth", Name: "Stealth"}
	for _, c := range []struct {
		name string
		want Tactic
		ok   bool
	}{
		{"stealth", stealth, true},
		{"TA0005", stealth, true},
		{"ta0005", stealth, true},
		{"ta0112", Tactic{ID: "TA0112", Shortname: "defense-impairment", Name: "Defense Impairment"}, true},
		{"defense-evasion", Tactic{ID: "TA0005", Shortname: "defense-evasion", Name: "Defense Evasion", ReplacedBy: []string{"TA0005", "TA0112"}}, true},
		{"impact", Tactic{ID: "TA0040", Shortname: "impact", Name: "Impact"}, true},
		{"Impact", Tactic{}, false},
		{"defense", Tactic{}, false},
		{"evasion", Tactic{}, false}, // of the matrix for industrial systems
		{"TA9999", Tactic{}, false},
		{"T1078", Tactic{}, false},
		{"", Tactic{}, false},
	} {
		got, ok := LookupTactic(c.name)
		if diff := cmp.Diff(c.want, got); diff != "" || ok != c.ok {
			t.Errorf("%q: %v (-want +got)\n%s", c.name, ok, diff)
		}
	}
}

// TestMaybeLater: the numbers that ATT&CK gives next, and none that it has passed over.
func TestMaybeLater(t *testing.T) {
	last, sub := 0, 0
	for a := range Techniques() {
		switch rest, of := strings.CutPrefix(a.ID, "T1078."); {
		case of:
			sub = number(rest)
		case a.ParentID == "":
			last = number(a.ID[1:])
		}
	}
	id := func(format string, args ...any) string { return fmt.Sprintf(format, args...) }
	for text, want := range map[string]bool{
		id("T%04d", last): false, id("t%04d", last+1): true, id("T%04d", last+100): true, id("T%04d", last+101): false,
		id("T%04d.001", last+1): true, id("T%04d.001", last+101): false,
		id("t1078.%03d", sub): false, id("t1078.%03d", sub+1): true, id("T1078.%03d", sub+10): true, id("T1078.%03d", sub+11): false,
		"T1485.002": true, "T1078.000": false, // T1485 has one so far
		"T1000": false, "T1562.005": false, "T9999": false, "T1078.4": false, "stealth": false, "": false,
	} {
		if got := MaybeLater(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestStops: who looks for one need not go through all.
func TestStops(t *testing.T) {
	n := 0
	for range Techniques() {
		if n++; n == 2 {
			break
		}
	}
	for range Tactics() {
		if n++; n == 4 {
			break
		}
	}
	if n != 4 {
		t.Errorf("%d seen", n)
	}
}

func BenchmarkLookup(b *testing.B) {
	b.Run("technique", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := LookupTechnique("t1078.004"); !ok {
				b.Fatal("unknown")
			}
		}
	})
	b.Run("tactic", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := LookupTactic("defense-evasion"); !ok {
				b.Fatal("unknown")
			}
		}
	})
}
