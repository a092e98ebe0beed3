package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClosest(t *testing.T) {
	f := func(name string, words []string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, Closest(name, words)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	names := []string{"CreateUser", "CreateGroup", "DeleteUser", "ReplaceIamInstanceProfileAssociation", "CreateUser"}
	f("CreateUsr", names, "CreateUser")
	f("createuser", names, "CreateUser")
	f("ReplaceIamInstanceProfile", names, "ReplaceIamInstanceProfileAssociation")
	f("Replace", names)
	f("Zzzzzz", names)
	f("", names)
	f("A", []string{"B", "Tag"}, "B")
	f("CreateUsr", []string{"CreateUs", "CreateUser", "CreateUsrs", "CreateUsrx", "CreateGroup"}, "CreateUs", "CreateUser", "CreateUsrs")
}

func TestSeverity(t *testing.T) {
	list := Problems{{Severity: Info, Code: "a"}, {Severity: Warning, Code: "b"}, {Severity: Error, Code: "c"}, {Severity: Info, Code: "d"}}
	for severity, want := range map[Severity]int{Error: 1, Warning: 1, Info: 2} {
		if got := list.Count(severity); got != want {
			t.Errorf("%d of %s", got, severity)
		}
	}
	if list.Sort(); list[0].Severity != Error || list[1].Severity != Warning || len(list.Errors()) != 1 {
		t.Errorf("%v", list)
	}
	if got := list[2].String(); got != ": info:  (a)" {
		t.Errorf("%s", got)
	}
}
