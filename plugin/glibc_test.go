package main

import (
	"debug/elf"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestGlibc reads the versions of the C library's symbols that the built shared object needs: it must load where glibc is 2.17.
func TestGlibc(t *testing.T) {
	const path, newest = "../build/flb-filter_sigma.so", 17
	f, err := elf.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("skipped: %s is not there; make build makes it", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	symbols, err := f.ImportedSymbols()
	if err != nil {
		t.Fatal(err)
	}
	versions := 0
	for _, s := range symbols {
		version, found := strings.CutPrefix(s.Version, "GLIBC_2.")
		if !found {
			continue
		}
		versions++
		minor, _, _ := strings.Cut(version, ".")
		if n, err := strconv.Atoi(minor); err != nil || n > newest {
			t.Errorf("%s needs %s", s.Name, s.Version)
		}
	}
	if versions < 20 {
		t.Errorf("only %d symbols of glibc among %d", versions, len(symbols))
	}
}
