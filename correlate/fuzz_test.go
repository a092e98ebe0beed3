package correlate

import (
	"testing"

	"pgregory.net/rapid"
)

// FuzzOracle is TestOracle with the choices taken from the fuzzer's bytes.
func FuzzOracle(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) { property(t, 12) }))
}
