package rules

import (
	"os"
	"runtime"
	"testing"
)

// BenchmarkLoad reads and parses all of SigmaHQ's rules; live-MiB is what stays.
func BenchmarkLoad(b *testing.B) {
	dir := "../../shared/data/rules/sigmahq"
	if _, err := os.Stat(dir); err != nil {
		b.Skipf("skipped: %s is not there", dir)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var set *Set
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if set, err = Load(dir, nil, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "live-MiB")
	b.ReportMetric(float64(set.Files), "files")
}
