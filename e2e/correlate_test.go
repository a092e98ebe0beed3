package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/oracle"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"

	gocmp "github.com/google/go-cmp/cmp"
)

// dated is an event of the corpora with what correlations go by.
type dated struct {
	text       []byte
	at         time.Time
	source, id string
}

// datedEvents returns the events of the corpora that are records with a time and an id.
func datedEvents(t *testing.T) (list []dated) {
	t.Helper()
	pattern, _ := corpora(t)
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			var r struct{ EventTime, EventID, AwsRegion, RecipientAccountID, EventName, EventSource string }
			if json.Unmarshal(line, &r) != nil || r.EventName == "" || r.EventSource == "" || r.EventID == "" || seen[r.EventID] {
				continue
			}
			at, err := time.Parse(time.RFC3339, r.EventTime)
			if err != nil {
				continue
			}
			seen[r.EventID] = true
			list = append(list, dated{bytes.TrimSpace(line), at, r.RecipientAccountID + r.AwsRegion, r.EventID})
		}
	}
	slices.SortStableFunc(list, func(a, b dated) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.id, b.id)
	})
	return list
}

// late gives each event of a source a delay of its own, up to most, and duplicates some; between sources there is no order at all.
func late(list []dated, most time.Duration, rng *rand.Rand) (out []dated) {
	bySource := make(map[string][]dated)
	var sources []string
	for _, d := range list {
		if bySource[d.source] == nil {
			sources = append(sources, d.source)
		}
		for range 1 + rng.IntN(20)/19 {
			d.at = d.at.Add(time.Duration(rng.Int64N(int64(most))))
			bySource[d.source] = append(bySource[d.source], d)
		}
	}
	for _, s := range sources {
		slices.SortStableFunc(bySource[s], func(a, b dated) int { return a.at.Compare(b.at) })
	}
	for len(sources) > 0 {
		i := rng.IntN(len(sources))
		queue := bySource[sources[i]]
		out, bySource[sources[i]] = append(out, queue[0]), queue[1:]
		if len(queue) == 1 {
			sources = slices.Delete(sources, i, i+1)
		}
	}
	return out
}

func writeEvents(t *testing.T, list []dated) (file string) {
	t.Helper()
	var b bytes.Buffer
	for _, d := range list {
		b.Write(d.text)
		b.WriteByte('\n')
	}
	file = filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// relatedRules writes a correlation for each rule there is to a folder and returns a list of rules that has all of them.
func relatedRules(t *testing.T) string {
	t.Helper()
	spec := "builtin"
	if shared, err := filepath.Abs("../../shared/data/rules/sigmahq/rules/cloud/aws/cloudtrail"); err == nil {
		if _, err := os.Stat(shared); err == nil {
			spec += "," + shared
		}
	}
	engine, err := pipeline.New(conf.Settings{Rules: spec, MinLevel: "informational", Key: "sigma"})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i, r := range engine.Rules().Rules {
		if r.ID == "" {
			continue
		}
		fmt.Fprintf(&b, "---\ntitle: Again %d\nid: 00000000-0000-4000-8000-%012d\nlevel: low\ncorrelation: {type: event_count, rules: [%s], group-by: [userIdentity.type], timespan: 1h, condition: {gte: 2}}\n", i, i, r.ID)
		fmt.Fprintf(&b, "---\ntitle: Kinds %d\nid: 00000000-0000-4000-8001-%012d\nlevel: low\ncorrelation: {type: value_count, rules: [%s], group-by: [awsRegion], timespan: 1d, condition: {gte: 2, field: userIdentity.arn}}\n", i, i, r.ID)
	}
	file := filepath.Join(t.TempDir(), "related.yml")
	if err := os.WriteFile(file, []byte(strings.TrimPrefix(b.String(), "---\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return spec + "," + file
}

// firing is what is written of a correlation on a record.
type firing struct {
	Rule, Values, First, Last string
}

// firingsOf returns the firings on records, one JSON object a line, sorted; duplicates of a record have the same.
func firingsOf(t *testing.T, lines []string) (list []firing) {
	t.Helper()
	for _, line := range lines {
		var r struct {
			Sigma struct {
				Rules []struct {
					ID           string
					Correlations []struct {
						Group       []struct{ Field, Value string }
						First, Last string
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		for _, rule := range r.Sigma.Rules {
			for _, c := range rule.Correlations {
				var values []string
				for _, g := range c.Group {
					values = append(values, g.Value)
				}
				list = append(list, firing{rule.ID, strings.Join(values, "\x00"), c.First, c.Last})
			}
		}
	}
	slices.SortFunc(list, func(a, b firing) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return slices.Compact(list)
}

// scanned returns what the command line makes of files.
func scanned(t *testing.T, ruleSpec string, files ...string) []firing {
	t.Helper()
	cmd := exec.Command("../build/sigmatrail", append([]string{"scan", "--rules", ruleSpec, "-o", "ndjson"}, files...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return firingsOf(t, strings.Split(strings.TrimSpace(string(out)), "\n"))
}

// flown returns what the host makes of a file.
func flown(t *testing.T, ruleSpec, file string, events int) []firing {
	t.Helper()
	r := listen(t)
	h := start(t, tailConfig(file, asFilter, ruleSpec)+fmt.Sprintf("    - {name: forward, match: ct, host: 127.0.0.1, port: %d}\n", r.port()), nil)
	h.until(t, fmt.Sprintf("%d records", events), func() bool { return r.count() >= events })
	h.stop(t)
	var lines []string
	for _, body := range r.take(t) {
		v, _ := record.Decode(body, 0)
		lines = append(lines, string(record.AppendJSON(nil, v)))
	}
	return firingsOf(t, lines)
}

// TestCorrelateInFlight: the host says the same as a scan of the same events: exactly so in their order, and otherwise about the same groups and the same times.
func TestCorrelateInFlight(t *testing.T) {
	plugin(t)
	list, spec := datedEvents(t), relatedRules(t)
	want := scanned(t, spec, writeEvents(t, list))
	if strings.Contains(spec, "sigmahq") && len(want) < 30 {
		t.Fatalf("%d firings", len(want))
	}
	checkEpisodes(t, "scan", episodes(t, spec, list), want)
	t.Run("in order", func(t *testing.T) {
		got := flown(t, spec, writeEvents(t, list), len(list))
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%.3000s", diff)
		}
		t.Logf("%d events, %d firings", len(list), len(want))
	})
	t.Run("late and twice", func(t *testing.T) {
		seed := uint64(time.Now().UnixNano())
		mixed := late(list, 14*time.Minute, rand.New(rand.NewPCG(seed, 0)))
		file := writeEvents(t, mixed)
		if diff := gocmp.Diff(want, scanned(t, spec, file)); diff != "" {
			t.Errorf("seed %d: the scan depends on the order (-want +got):\n%.3000s", seed, diff)
		}
		got := flown(t, spec, file, len(mixed))
		checkEpisodes(t, fmt.Sprint("seed ", seed), episodes(t, spec, list), got)
		t.Logf("%d events, %d firings, %d in their order", len(mixed), len(got), len(want))
	})
}

// episodes returns the episodes of each correlation and group, as the oracle finds them.
func episodes(t *testing.T, ruleSpec string, list []dated) map[string][]oracle.Episode {
	t.Helper()
	engine, err := pipeline.New(conf.Settings{Rules: ruleSpec, MinLevel: "informational", Key: "sigma"})
	if err != nil {
		t.Fatal(err)
	}
	set := engine.Rules()
	judge := oracle.New(set.Rules, record.DefaultAliases(), "sigma")
	var records []oracle.Occurrence
	for _, d := range list {
		packed, err := record.AppendMsgpack(nil, d.text)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := record.Decode(packed, 0)
		o, ok := body.(*record.Object)
		if !ok {
			t.Fatalf("no object: %s", d.text)
		}
		if hits := judge.Match(o, time.Time{}); len(hits) > 0 {
			found := record.Found{Record: o}
			records = append(records, oracle.Occurrence{
				Time: d.at, Account: cmp.Or(found.Text("recipientAccountId"), found.Text("userIdentity.accountId")), ID: d.id, Rules: hits,
				Values: func(field string) []string { return judge.Texts(o, field) },
			})
		}
	}
	out := make(map[string][]oracle.Episode)
	for i, c := range oracle.Correlate(set, records) {
		of := set.Correlations[i]
		for _, g := range c.Groups {
			out[of.ID+strings.Join(g.Values, "\x00")] = g.Episodes(of.Timespan)
		}
	}
	return out
}

// checkEpisodes demands at least one firing in each episode, and none outside of one.
func checkEpisodes(t *testing.T, what string, want map[string][]oracle.Episode, got []firing) {
	t.Helper()
	fired := make(map[string][]time.Time)
	for _, f := range got {
		last, err := time.Parse(time.RFC3339Nano, f.Last)
		if err != nil {
			t.Fatal(err)
		}
		k := f.Rule + f.Values
		fired[k] = append(fired[k], last)
		if !slices.ContainsFunc(want[k], func(e oracle.Episode) bool { return !last.Before(e.First) && !last.After(e.Last) }) {
			t.Errorf("%s: %v is in no episode", what, f)
		}
	}
	n := 0
	for k, list := range want {
		for _, e := range list {
			n++
			if !slices.ContainsFunc(fired[k], func(last time.Time) bool { return !last.Before(e.First) && !last.After(e.Last) }) {
				t.Errorf("%s: no firing of %q in %v", what, k, e)
			}
		}
	}
	t.Logf("%s: %d episodes, %d firings", what, n, len(got))
}

// halves are two records that complete a correlation together.
const (
	firstHalf = `{"eventVersion":"1.11","eventSource":"iam.amazonaws.com","eventName":"CreateAccessKey","eventTime":"2026-11-20T08:00:00Z","eventID":"e1","awsRegion":"us-east-1",` +
		`"recipientAccountId":"111122223333","userIdentity":{"type":"Root"}}`
	secondHalf = `{"eventVersion":"1.11","eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress","eventTime":"2026-11-20T08:30:00Z","eventID":"e2","awsRegion":"eu-west-1",` +
		`"recipientAccountId":"111122223333","userIdentity":{"type":"Root"}}`
	halvesRules = `title: Root Key
name: root_key
level: low
logsource: {product: aws, service: cloudtrail}
detection: {a: {eventName: CreateAccessKey, userIdentity.type: Root}, condition: a}
---
title: Opened
name: opened
level: low
logsource: {product: aws, service: cloudtrail}
detection: {a: {eventName: AuthorizeSecurityGroupIngress}, condition: a}
---
title: Both
id: 00000000-0000-4000-8000-000000000001
level: critical
correlation: {type: temporal_ordered, rules: [root_key, opened], group-by: [recipientAccountId], timespan: 1h}
`
)

// TestCorrelationState: what correlations remember survives SIGKILL with a file, and a hot reload without one; and inputs on threads of their own share it.
func TestCorrelationState(t *testing.T) {
	plugin(t)
	dir := t.TempDir()
	put := func(name, text string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	spec := put("rules.yml", halvesRules)
	config := func(name, settings string, inputs ...string) (text, out string) {
		out = filepath.Join(dir, name+".out")
		text = "service: {flush: 0.2, log_level: info, hot_reload: on}\nparsers:\n  - {name: json, format: json}\npipeline:\n  inputs:\n"
		for i, path := range inputs {
			text += fmt.Sprintf(`    - name: tail
      tag: t%d
      path: %s
      db: %s
      parser: json
      read_from_head: on
      refresh_interval: 1
      threaded: on
      processors:
        logs:
          - {name: sigma, rules: %s%s}
`, i, path, filepath.Join(dir, fmt.Sprint(name, i, ".db")), spec, settings)
		}
		return text + fmt.Sprintf("  outputs:\n    - {name: file, match: '*', path: %s, file: %s, format: plain}\n", dir, filepath.Base(out)), out
	}
	until := func(h *host, out string, n int) []string {
		t.Helper()
		h.until(t, fmt.Sprint(n, " records"), func() bool { _, err := os.Stat(out); return err == nil && len(lines(t, out)) >= n })
		return lines(t, out)
	}
	check := func(list []string) {
		t.Helper()
		if got := firingsOf(t, list); len(got) != 1 || got[0].First != "2026-11-20T08:00:00Z" || got[0].Last != "2026-11-20T08:30:00Z" {
			t.Errorf("%v of %s", got, list)
		}
	}

	t.Run("kill", func(t *testing.T) {
		in := put("kill.ndjson", firstHalf)
		text, out := config("kill", ", correlation_state: "+filepath.Join(dir, "state.db"), in)
		h := start(t, text, nil)
		until(h, out, 1)
		time.Sleep(1200 * time.Millisecond) // a kill may lose a second
		if err := h.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = h.wait(t)
		put("kill.ndjson", firstHalf+"\n"+secondHalf)
		h = start(t, text, nil)
		list := until(h, out, 2)
		h.stop(t)
		check(list)
	})
	t.Run("reload", func(t *testing.T) {
		in := put("reload.ndjson", firstHalf)
		text, out := config("reload", "", in)
		h := start(t, text, nil)
		until(h, out, 1)
		if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		h.until(t, "the reload", func() bool { return strings.Count(h.log.String(), "rules loaded") >= 2 })
		put("reload.ndjson", firstHalf+"\n"+secondHalf)
		list := until(h, out, 2)
		h.stop(t)
		check(list)
	})
	t.Run("threads", func(t *testing.T) {
		text, out := config("threads", "", put("one.ndjson", firstHalf), put("two.ndjson", secondHalf))
		h := start(t, text, nil)
		list := until(h, out, 2)
		h.stop(t)
		check(list)
	})
}
