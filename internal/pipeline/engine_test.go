package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/record"
)

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	bad := write("bad.yml", "title: x\n")
	windows := write("windows.yml", strings.ReplaceAll(strings.Split(ruleText, "---\n")[2], "level", "level"))
	for _, test := range []struct {
		name     string
		settings conf.Settings
		want     string
		problems bool
	}{
		{"a missing path", conf.Settings{Rules: filepath.Join(dir, "none"), MinLevel: "low", Key: "sigma"}, "no such file", false},
		{"no sound rule", conf.Settings{Rules: bad, MinLevel: "low", Key: "sigma"}, "1 are rejected", true},
		{"no rule about CloudTrail", conf.Settings{Rules: windows, MinLevel: "low", Key: "sigma"}, "1 do not apply to CloudTrail", false},
		{"strict", conf.Settings{Rules: "builtin," + bad, MinLevel: "low", Key: "sigma", Strict: true}, "strict is on and 1 of the rules", true},
		{"an unknown level", conf.Settings{Rules: "builtin", MinLevel: "urgent", Key: "sigma"}, `"urgent" is not a Sigma level`, false},
	} {
		_, err := New(test.settings)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
		if (len(Problems(err)) > 0) != test.problems {
			t.Errorf("%s: problems %v", test.name, Problems(err))
		}
	}
	if e, err := New(conf.Settings{Rules: "builtin," + bad, MinLevel: "low", Key: "sigma"}); err != nil || e.Rules().Rejected != 1 {
		t.Errorf("one bad rule stops the others: %v", err)
	}
}

// TestID: equal sources have equal identities, and everything that a program depends on tells them apart.
func TestID(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	rule, values := write("rule.yml", strings.Split(ruleText, "---\n")[0]), write("values.yml", "a: [b]\n")
	names := write("names.yml", "taxonomies: {t: {a: b}}\n")
	id := func(rules, placeholders, key string, fields ...string) ID {
		sources, err := Read(conf.Settings{Rules: rules, Placeholders: placeholders, Key: key, Fields: strings.Join(fields, "")})
		if err != nil {
			t.Fatal(err)
		}
		return sources.ID()
	}
	seen := map[ID]string{}
	for name, read := range map[string]func() ID{
		"plain": func() ID { return id(rule, "", "sigma") }, "with the pack": func() ID { return id("builtin,"+rule, "", "sigma") },
		"another key": func() ID { return id(rule, "", "hits") }, "placeholders": func() ID { return id(rule, values, "sigma") },
		"ecs": func() ID { return id(rule, "", "sigma", "ecs") }, "a file of fields": func() ID { return id(rule, "", "sigma", names) },
	} {
		one := read()
		if one != read() {
			t.Errorf("%s: two identities", name)
		}
		if other, taken := seen[one]; taken {
			t.Errorf("%s and %s have one identity", name, other)
		}
		seen[one] = name
	}
	before := id(rule, "", "sigma", names)
	write("names.yml", "taxonomies: {t: {a: c}}\n")
	if id(rule, "", "sigma", names) == before {
		t.Error("a changed file of fields has the same identity")
	}
	before = id(rule, "", "sigma")
	write("rule.yml", strings.Split(ruleText, "---\n")[0]+"# changed\n")
	if id(rule, "", "sigma") == before {
		t.Error("a changed file has the same identity")
	}
}

// TestConcurrent runs one engine from several threads, as the host's output workers do.
func TestConcurrent(t *testing.T) {
	e := engine(t, nil)
	data := append(event(t, stop), event(t, quiet)...)
	var wg sync.WaitGroup
	const threads, rounds = 8, 50
	for range threads {
		wg.Go(func() {
			for range rounds {
				if e.Process(data, func(n int) []byte { return make([]byte, n) }) == nil {
					t.Error("no hit")
				}
			}
		})
	}
	wg.Wait()
	if n := e.Tally(); n.Events != 2*threads*rounds || n.Matched != threads*rounds {
		t.Errorf("%+v", n)
	}
	checkAccounts(t, e)
}

// TestJudgeAllocations: a Judge allocates nothing for an event on which nothing is to be written.
func TestJudgeAllocations(t *testing.T) {
	d := engine(t, nil).NewJudge()
	for name, text := range map[string]string{"a record": quiet, "an envelope": `{"detail":` + quiet + `}`, "JSON text": `{"message":"` + strings.ReplaceAll(quiet, `"`, `\"`) + `"}`} {
		packed, err := record.AppendMsgpack(nil, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { d.Event(packed, time.Time{}) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
