package rulegen_test

import (
	"fmt"

	"sigmatrail/internal/rulegen"
)

// Where the bytes end the simplest choices follow.
func ExampleRuleFromBytes() {
	fmt.Print(rulegen.RuleFromBytes(nil))
	// Output:
	// title: Generated
	// level: low
	// logsource:
	//   product: aws
	//   service: cloudtrail
	// detection:
	//   selection:
	//     - 'PutObject'
	//   condition: selection
}
