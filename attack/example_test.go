package attack_test

import (
	"fmt"

	"sigmatrail/attack"
)

func ExampleLookupTechnique() {
	for _, id := range []string{"t1078.004", "t1562.008", "t9999"} {
		t, known := attack.LookupTechnique(id)
		switch {
		case !known:
			fmt.Println(t.ID)
		case t.RevokedBy != "":
			fmt.Printf("%s %s is now %s\n", t.ID, t.Name, t.RevokedBy)
		default:
			fmt.Printf("%s %s: %s %v\n", t.ID, t.ParentName, t.Name, t.Tactics)
		}
	}
	// Output:
	// T1078.004 Valid Accounts: Cloud Accounts [initial-access persistence privilege-escalation stealth]
	// T1562.008 Disable or Modify Cloud Logs is now T1685.002
	// T9999
}

func ExampleLookupTactic() {
	for _, name := range []string{"stealth", "defense-evasion"} {
		t, _ := attack.LookupTactic(name)
		fmt.Println(t.ID, t.Name, t.ReplacedBy)
	}
	// Output:
	// TA0005 Stealth []
	// TA0005 Defense Evasion [TA0005 TA0112]
}
