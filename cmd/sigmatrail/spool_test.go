package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSpool: texts come back as they were, in their order, also where they do not fit into memory; no file has a name meanwhile.
func TestSpool(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	large := bytes.Repeat([]byte("x"), spoolBytes/2)
	for _, texts := range [][]string{{}, {"", "a", "bc"}, {"first", string(large), "", string(large), "last"}} {
		var s spool
		for _, text := range texts {
			if err := s.add([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
			t.Error(files, err)
		}
		n := 0
		if err := s.each(func(i int, text []byte) error {
			if i != n || string(text) != texts[i] {
				return fmt.Errorf("%d: %d bytes", i, len(text))
			}
			n++
			return nil
		}); err != nil || n != len(texts) {
			t.Error(n, err)
		}
		s.close()
	}
	t.Setenv("TMPDIR", filepath.Join(dir, "no"))
	var s spool
	if err := s.add(large); err != nil {
		t.Error(err)
	}
	if err := s.add(large); err == nil || !strings.HasPrefix(err.Error(), "keep events until correlations are known: ") {
		t.Error(err)
	}
}
