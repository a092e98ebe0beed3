package correlate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// stateFile writes a file with groups of two correlations, some of which were written again and some removed, and returns what is in it.
func stateFile(t *testing.T, path string, compiled *Set) (text []byte, groups map[string]*group) {
	t.Helper()
	s, _ := reopen(t, path, Options{Now: at(100), MaxGroups: 150}, time.Hour, aMinute)
	c := NewCorrelator(compiled, s)
	for round := range 4 {
		for i := range 50 {
			feedOne(c, int64(round), fmt.Sprint("somebody ", round*i), fmt.Sprint(round, i))
		}
		s.store.save()
	}
	shut(t, s)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text, groupsOf(s)
}

// open opens a file that may be damaged, uses it, and reports whether it was sound. What was in a sound one is some of want.
func open(t *testing.T, path string, compiled *Set, want map[string]*group) (sound bool) {
	t.Helper()
	s, said := reopen(t, path, Options{Now: at(100)}, time.Hour, aMinute)
	for key, g := range groupsOf(s) {
		if want[key] == nil || len(g.events) > len(want[key].events) {
			t.Fatalf("a group that nobody has written: %+v", g)
		}
	}
	sound = !strings.Contains(said.String(), "begin anew")
	c := NewCorrelator(compiled, s)
	for i := range 20 {
		feedOne(c, 5, fmt.Sprint("somebody ", i), fmt.Sprint(i))
	}
	shut(t, s)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.View(func(tx *bbolt.Tx) error {
		for err := range checks(tx) {
			if !strings.Contains(err.Error(), "unreachable unfreed") { // wasted, and harmless
				t.Error(err)
			}
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if strings.Contains(strings.ReplaceAll(said.String(), "begin anew", ""), "fault") {
		t.Error(said)
	}
	return sound
}

// step is how many bytes of a file are passed over between two that are damaged; SIGMA_FLIP_STEP=1 damages each.
func step(t *testing.T, usual int) int {
	t.Helper()
	text := os.Getenv("SIGMA_FLIP_STEP")
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFlippedBits(t *testing.T) {
	_, compiled := load(t, counting+"---\n"+strings.NewReplacer("gte: 3", "gte: 4", "name: c", "name: d", "5e7e1cbb", "7e7e1cbb").Replace(counting))
	text, want := stateFile(t, filepath.Join(t.TempDir(), "state"), compiled)
	if len(want) < 100 {
		t.Fatalf("%d groups", len(want))
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	sound, broken, n := 0, 0, 0
	for i := 0; i < len(text); i += 1 + n%step(t, 229) {
		if n++; text[i] == 0 && n%8 != 0 {
			continue
		}
		damaged := bytes.Clone(text)
		damaged[i] ^= 1 << (n % 8)
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if open(t, path, compiled, want) {
			sound++
		} else {
			broken++
		}
		if t.Failed() {
			t.Fatalf("bit %d of byte %#x", n%8, i)
		}
		for _, name := range must(filepath.Glob(path + ".*")) {
			if kept, err := os.ReadFile(name); err != nil || !bytes.Equal(kept, damaged) {
				t.Fatalf("%s is not what was there: %v", name, err)
			}
			_ = os.Remove(name)
		}
	}
	t.Logf("%d files were sound in spite of it, %d damaged", sound, broken)
	if broken < 20 || sound == 0 {
		t.Error("that proves little")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestBrokenFiles(t *testing.T) {
	_, compiled := load(t, counting)
	text, want := stateFile(t, filepath.Join(t.TempDir(), "state"), compiled)
	for _, test := range []struct {
		name string
		text []byte
		says string
	}{
		{"no file of bbolt", []byte("{\"a\": 1}\n"), "it is no file of bbolt"},
		{"zeros", make([]byte, 1<<16), "it is no file of bbolt"},
		{"one byte", []byte{0}, "it is no file of bbolt"},
		{"one page", text[:os.Getpagesize()], "it was cut short"},
		{"two pages", text[:2*os.Getpagesize()], "it was cut short"},
		{"half", text[:len(text)/2], "it was cut short"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state")
			if err := os.WriteFile(path, test.text, 0o600); err != nil {
				t.Fatal(err)
			}
			s, said := reopen(t, path, Options{}, time.Hour, aMinute)
			said.want(t, path+": cannot be used: ", test.says, "correlations begin anew", "kept as state.broken-")
			shut(t, s)
			open(t, path, compiled, want)
		})
	}
	t.Run("another program's", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		db := must(bbolt.Open(path, 0o600, nil))
		if err := db.Update(func(tx *bbolt.Tx) error { return must(tx.CreateBucket([]byte("x"))).Put([]byte("y"), []byte("z")) }); err != nil {
			t.Fatal(err)
		}
		_ = db.Close()
		_, said := reopen(t, path, Options{}, time.Hour, aMinute)
		said.want(t, "it is no state of correlations", "kept as state.broken-")
	})
	t.Run("empty", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, said := reopen(t, path, Options{}, time.Hour, aMinute); said.String() != "" {
			t.Error(said)
		}
	})
}

// Where the newer beginning is damaged, the state before is there.
func TestOlderBeginning(t *testing.T) {
	_, compiled := load(t, counting)
	path := filepath.Join(t.TempDir(), "state")
	text, want := stateFile(t, path, compiled)
	file := must(os.Open(path))
	defer func() { _ = file.Close() }()
	p := pages{file: file}
	if err := p.meta(int64(len(text))); err != nil {
		t.Fatal(err)
	}
	newest := int(p.transaction%2) * p.pageSize
	text[newest+pageHeader+20]++
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if !open(t, path, compiled, want) {
		t.Error("it is not taken")
	}
}

// TestDamagedWords sets the words of headers and elements of pages to what they must not be: what the check lets pass, bbolt must survive.
func TestDamagedWords(t *testing.T) {
	_, compiled := load(t, counting)
	dir := t.TempDir()
	text, want := stateFile(t, filepath.Join(dir, "state"), compiled)
	size, path := os.Getpagesize(), filepath.Join(dir, "damaged")
	said := make(map[string]int)
	passed := 0
	for page := 2; page*size < len(text); page++ {
		for word := 0; word < 96; word += 4 {
			for _, v := range []uint32{0, 1, 2, 7, 1 << 16, 1 << 31, 1<<32 - 1} {
				damaged := bytes.Clone(text)
				binary.NativeEndian.PutUint32(damaged[page*size+word:], v)
				if err := os.WriteFile(path, damaged, 0o600); err != nil {
					t.Fatal(err)
				}
				file := must(os.Open(path))
				err := checkPages(file)
				_ = file.Close()
				if err != nil {
					said[strings.Trim(strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r < 'a' || r > 'z' }), " "), " ")]++
				} else if passed++; passed%25 == 0 {
					open(t, path, compiled, want)
					for _, name := range must(filepath.Glob(path + ".*")) {
						_ = os.Remove(name)
					}
				}
				if t.Failed() {
					t.Fatalf("%d at word %d of page %d", v, word, page)
				}
			}
		}
	}
	for _, text := range []string{
		"page is referred to of", "page says that it is page and more", "page is referred to twice", "the list of free pages is none",
		"page is said to be free behind page of", "page has flags x", "page element of", "page element has flags", "page is empty",
	} {
		if said[text] == 0 {
			t.Errorf("nothing led to %q: %v", text, said)
		}
	}
}

// TestDeepPages: pages that stand below each other without end, and buckets that are none.
func TestDeepPages(t *testing.T) {
	p := pages{boltMeta: boltMeta{pageSize: 4096, size: 9}}
	for _, err := range []error{
		p.bucket(2, deepest+1), p.nested(make([]byte, 15), 3, 0), p.nested(make([]byte, 40), 3, 0), p.nested(make([]byte, 16), 3, 0),
	} {
		if d := (*damaged)(nil); !errors.As(err, &d) {
			t.Error(err)
		}
	}
}
