package correlate

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sigmatrail/internal/rulegen"
)

// FuzzOracle is TestOracle with the choices taken from the fuzzer's bytes.
func FuzzOracle(f *testing.F) {
	for n := range uint64(16) {
		f.Add(slices.Concat(rulegen.Seed(4*n), rulegen.Seed(4*n+1), rulegen.Seed(4*n+2), rulegen.Seed(4*n+3), rulegen.Seed(4*n)))
	}
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) { property(t, 12) }))
}
