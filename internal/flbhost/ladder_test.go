package flbhost

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sigmatrail/conf"
	"sigmatrail/internal/mixes"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
	"sigmatrail/internal/rulegen"
)

// The last rung of the ladder: what the built plugin makes of chunks, byte for byte what the engine makes of them in this process. That is held to the
// oracle in internal/pipeline, on the same rules and records.

// climb gives chunks to one instance of the plugin, in their order, and returns how many of them have hits.
func climb(t *testing.T, descriptor string, s conf.Settings, chunks [][]byte) (hits uint64) {
	t.Helper()
	e, err := pipeline.New(s)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args := []string{"filter"}
	for i, data := range chunks {
		for name, content := range map[string][]byte{"in": data, "want": e.Process(data, func(n int) []byte { return make([]byte, n) })} {
			if err := os.WriteFile(filepath.Join(dir, name+strconv.Itoa(i)), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		args = append(args, filepath.Join(dir, "in"+strconv.Itoa(i)), filepath.Join(dir, "want"+strconv.Itoa(i)))
	}
	host(t, descriptor, []string{"rules=" + s.Rules, "placeholders=" + s.Placeholders, "min_level=" + s.MinLevel}, args...).ok(t)
	if n := e.Tally(); n.Hits == 0 || n.Damaged > 0 {
		t.Errorf("%+v", n)
	}
	return e.Tally().Hits
}

// whole reports whether the ladder is to be climbed whole (make ladder).
func whole() bool { return os.Getenv("SIGMA_LADDER") == "whole" }

// TestLadder gives every shared event to the built plugin, with every shared rule made to apply to CloudTrail; a sample of the rules, unless SIGMA_LADDER is
// whole.
func TestLadder(t *testing.T) {
	shared, reason, ok := mixes.Open()
	if !ok {
		t.Skip(reason)
	}
	files, err := shared.AllRules()
	if err != nil {
		t.Fatal(err)
	}
	s := conf.Default()
	s.Rules, s.MinLevel = t.TempDir(), "informational"
	if s.Placeholders, err = filepath.Abs("../../testdata/placeholders.yml"); err != nil {
		t.Fatal(err)
	}
	stride, leastHits := 9, uint64(300)
	if whole() {
		stride, leastHits = 1, 6800
	}
	written := 0
	for i, f := range files {
		if i%stride > 0 && !strings.Contains(f.Name, "cloudtrail") {
			continue
		}
		written++
		name := filepath.Join(s.Rules, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	chunks, count := sharedChunks(t, shared)
	hits := climb(t, "88", s, chunks)
	if len(files) < 3780 || count < 1904 || hits < leastHits {
		t.Errorf("%d files of rules, %d events, %d hits", len(files), count, hits)
	}
	t.Logf("ladder: %d events with %d hits of the rules in %d files through the built plugin", count, hits, written)
}

// sharedChunks frames the shared events as all kinds of hosts do.
func sharedChunks(t *testing.T, shared *mixes.Shared) (chunks [][]byte, count int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(shared.Events(), "*.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	const each = 100
	kinds := []string{"legacy", "array32", "v2"}
	for _, name := range names {
		err := record.ReadFile(name, record.Sink{
			Item: func(i record.Item) error {
				if count%each == 0 {
					chunks = append(chunks, nil)
				}
				last := &chunks[len(chunks)-1]
				*last = append(*last, framed(t, framings[kinds[len(chunks)%len(kinds)]], string(i.JSON))...)
				count++
				return nil
			},
			Bad: func(err error) { t.Error(err) },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return chunks, count
}

// TestLadderGenerated gives chunks of generated records to the built plugin, with generated rules.
func TestLadderGenerated(t *testing.T) {
	rules, records := uint64(60), uint64(60)
	if whole() {
		rules, records = 600, 3000
	}
	s := conf.Default()
	s.Rules, s.MinLevel = t.TempDir(), "informational"
	for n := range rules {
		text := fmt.Sprintf("name: rule_%d\n%s", n, rulegen.RuleFromBytes(rulegen.Seed(n)))
		if err := os.WriteFile(filepath.Join(s.Rules, fmt.Sprintf("%d.yml", n)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var chunks [][]byte
	for n := range records {
		data := rulegen.NeighboursFromBytes(rulegen.Seed(n))
		for i := range uint64(3) {
			data = append(append(data, framings["v2"][:12]...), 0x80)
			data = append(data, rulegen.RecordFromBytes(rulegen.Seed(n<<20+i))...)
		}
		chunks = append(chunks, data)
	}
	each(t, func(t *testing.T, descriptor string) {
		t.Logf("ladder: %d chunks with %d hits of %d generated rules through the built plugin", len(chunks), climb(t, descriptor, s, chunks), rules)
	})
}
