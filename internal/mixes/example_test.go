package mixes_test

import (
	"bytes"
	"fmt"

	"sigmatrail/internal/mixes"
)

// Records that a rule hits are measured apart from the others.
func ExampleMix_Partition() {
	deletions, others := mixes.DataEvents(false).Partition(func(body []byte) bool { return bytes.Contains(body, []byte("DeleteObject")) })
	fmt.Println(deletions.Name, deletions.Records+others.Records)
	// Output: data 2000
}
