package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// BenchmarkScan scans an archive of .json.gz files as CloudTrail delivers them, by default of 64 MB; SIGMATRAIL_BENCH_MB sets another size, such as
// 1000. Its control only unzips them. SetBytes counts what is unzipped.
func BenchmarkScan(b *testing.B) {
	mb := 64
	if text := os.Getenv("SIGMATRAIL_BENCH_MB"); text != "" {
		if _, err := fmt.Sscan(text, &mb); err != nil {
			b.Fatal(err)
		}
	}
	dir, size := archive(b, mb<<20)
	for _, test := range []struct {
		name string
		args []string
	}{{"hits", nil}, {"all", []string{"--all"}}, {"dedupe", []string{"--dedupe"}}} {
		b.Run(test.name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				var errs bytes.Buffer
				if code := run(append(append([]string{"scan"}, test.args...), dir), streams{out: io.Discard, err: &errs}); code != exitOK {
					b.Fatal(errs.String())
				}
			}
		})
	}
	b.Run("control=gunzip", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			unzip(b, dir)
		}
	})
}

// archive makes an archive of at least so many bytes. Its files are few, and linked as often as it takes.
func archive(b *testing.B, bytes int) (dir string, size int64) {
	b.Helper()
	const distinct, records = 16, 2000
	dir = b.TempDir()
	texts := corpus(b)
	n := 0
	for i := range distinct {
		var content []byte
		for k := range records {
			text := strings.ReplaceAll(string(texts[n%len(texts)]), "-4", fmt.Sprintf("-%x", uint32(k*2654435761))) // real ids differ
			content = append(append(content, cmp.Or(map[bool]string{true: `{"Records":[`}[k == 0], ",")...), text...)
			n++
		}
		content = append(content, "]}"...)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d-0.json.gz", i)), zipped(b, content), 0o600); err != nil {
			b.Fatal(err)
		}
		size += int64(len(content))
	}
	files, _ := filepath.Glob(dir + "/*.gz")
	var packed int64
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			b.Fatal(err)
		}
		packed += info.Size()
	}
	once := size
	for copies := int64(1); copies*packed < int64(bytes); copies++ {
		for _, file := range files {
			if err := os.Link(file, strings.Replace(file, "-0.", fmt.Sprintf("-%d.", copies), 1)); err != nil {
				b.Fatal(err)
			}
		}
		size += once
	}
	return dir, size
}

// unzip unzips the files below dir, as many at a time as there are processors, and does nothing with them.
func unzip(b *testing.B, dir string) {
	b.Helper()
	files, _ := filepath.Glob(dir + "/*.gz")
	var next atomic.Int64
	done := make(chan error)
	for range runtime.GOMAXPROCS(0) {
		go func() {
			var err error
			for err == nil {
				i := int(next.Add(1)) - 1
				if i >= len(files) {
					break
				}
				err = unzipFile(files[i])
			}
			done <- err
		}()
	}
	for range runtime.GOMAXPROCS(0) {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

func unzipFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	r, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return err
}
