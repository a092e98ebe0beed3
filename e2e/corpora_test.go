package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/mixes"
	"sigmatrail/internal/pipeline"
	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"
)

// corpora returns a pattern of files with one event a line, and the number of events.
func corpora(t *testing.T) (pattern string, events int) {
	t.Helper()
	const least = 1850 // events in the shared corpora
	dir := "../../shared/data/events"
	if _, err := os.Stat(dir); err != nil {
		t.Logf("%s is not there: only the project's own events are used", dir)
		dir = "../testdata/events"
	}
	pattern, err := filepath.Abs(filepath.Join(dir, "*.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			if len(bytes.TrimSpace(line)) > 0 {
				events++
			}
		}
	}
	if events == 0 || (strings.Contains(dir, "shared") && events < least) {
		t.Fatalf("%s has %d events", dir, events)
	}
	return pattern, events
}

// The ways to put the rules in front of the outputs. $RULES is a list of rules.
const (
	noRules = ""
	asInput = `
      processors:
        logs:
          - name: sigma
            rules: $RULES
`
	asFilter = `
  filters:
    - name: sigma
      match: ct
      rules: $RULES
`
)

// tailConfig reads files with one event a line and puts the rules in front of the outputs, which are to be added.
func tailConfig(pattern, before, ruleSpec string) string {
	return fmt.Sprintf(`
service:
  flush: 0.2
  log_level: info
parsers:
  - name: cloudtrail
    format: json
    time_key: eventTime
    time_format: "%%Y-%%m-%%dT%%H:%%M:%%SZ"
    time_keep: on
pipeline:
  inputs:
    - name: tail
      tag: ct
      path: %s
      parser: cloudtrail
      read_from_head: on
      buffer_chunk_size: 1M
      buffer_max_size: 4M
%s
  outputs:
`, pattern, strings.ReplaceAll(strings.TrimPrefix(before, "\n"), "$RULES", ruleSpec))
}

// pipelineConfig is routing A: everything to the first port, high and critical hits to the second.
func pipelineConfig(pattern, before, ruleSpec string, all, high int) string {
	return tailConfig(pattern, before, ruleSpec) + fmt.Sprintf(`
    - {name: forward, match: ct, host: 127.0.0.1, port: %d}
    - name: forward
      match: ct
      host: 127.0.0.1
      port: %d
      processors:
        logs:
          - name: grep
            regex: "$sigma['level'] ^(high|critical)$"
`, all, high)
}

// classicConfig is the same for older hosts, without the second output.
func classicConfig(pattern string, withRules bool, port int) string {
	rulesPart := ""
	if withRules {
		rulesPart = "[FILTER]\n    Name sigma\n    Match ct\n"
	}
	return fmt.Sprintf(`[SERVICE]
    Flush 0.2
    Log_Level info
    Parsers_File %%PARSERS%%
[INPUT]
    Name tail
    Tag ct
    Path %s
    Parser cloudtrail
    Read_From_Head on
    Buffer_Chunk_Size 1M
    Buffer_Max_Size 4M
%s[OUTPUT]
    Name forward
    Match ct
    Host 127.0.0.1
    Port %d
`, pattern, rulesPart, port)
}

// push sends every event of the corpora through a host and returns the bodies that both outputs received.
func push(t *testing.T, before, ruleSpec string) (all, high [][]byte, log *host) {
	t.Helper()
	pattern, events := corpora(t)
	first, second := listen(t), listen(t)
	h := start(t, pipelineConfig(pattern, before, ruleSpec, first.port(), second.port()), nil)
	h.until(t, fmt.Sprintf("%d records", events), func() bool { return first.count() >= events })
	h.stop(t)
	all, high = first.take(t), second.take(t)
	if len(all) != events {
		t.Errorf("%d records in, %d out", events, len(all))
	}
	return all, high, h
}

// TestCorpora pushes all events through tail, the rules and two outputs, and compares them with a run without the rules, byte by byte.
func TestCorpora(t *testing.T) {
	plugin(t)
	ruleSpec := "builtin"
	if shared, err := filepath.Abs("../../shared/data/rules/sigmahq/rules/cloud/aws/cloudtrail"); err == nil {
		if _, err := os.Stat(shared); err == nil {
			ruleSpec += "," + shared
		}
	}
	engine, exclude := alone(t, ruleSpec)
	plain, none, _ := push(t, noRules, "")
	if len(none) != 0 {
		t.Errorf("%d records without rules have a level", len(none))
	}
	want := judge(t, engine, plain)
	for name, before := range map[string]string{"filter": asFilter, "input processor": asInput} {
		t.Run(name, func(t *testing.T) {
			all, high, h := push(t, excluding(before, exclude), ruleSpec)
			compare(t, want, all, high)
			if line := h.logged("rules loaded"); !strings.Contains(line, fmt.Sprintf("%d rules loaded", len(engine.Rules().Rules))) {
				t.Errorf("the host's log says %q of the rules", line)
			}
		})
	}
}

// alone returns an engine without the bundled correlations, as what is written of these depends on more than one record, and the value of exclude with which a host
// leaves them out, too.
func alone(t *testing.T, ruleSpec string) (e *pipeline.Engine, exclude string) {
	t.Helper()
	exclude, err := mixes.Correlations()
	if err != nil {
		t.Fatal(err)
	}
	e, err = pipeline.New(conf.Settings{Rules: ruleSpec, Exclude: exclude, MinLevel: "informational", Key: "sigma"})
	if err != nil {
		t.Fatal(err)
	}
	return e, exclude
}

// excluding adds exclude to a part of a configuration, below its rules.
func excluding(part, exclude string) string {
	return regexp.MustCompile(`(?m)^( +)rules: .*$`).ReplaceAllString(part, "$0\n${1}exclude: "+exclude)
}

// verdicts counts bodies by their bytes and the ids of the rules that hit them; level is the highest of those.
type verdicts struct {
	bodies map[string]int
	level  map[string]rules.Level
	hits   int
}

// judge evaluates the bodies in this process.
func judge(t *testing.T, e *pipeline.Engine, bodies [][]byte) verdicts {
	t.Helper()
	v := verdicts{bodies: make(map[string]int), level: make(map[string]rules.Level)}
	d := e.NewJudge()
	for _, b := range bodies {
		if _, ok := chunk.Skip(b, 0); !ok {
			t.Fatalf("a body that is not msgpack: %x", b)
		}
		j := d.Event(b, time.Time{})
		var ids []string
		var level rules.Level
		for _, verdict := range j.Verdicts {
			for _, i := range verdict.Hits {
				r := e.Rules().Rules[i]
				ids, level = append(ids, r.ID), max(level, r.Level)
			}
		}
		k := key(b, ids)
		v.bodies[k]++
		if len(ids) > 0 {
			v.level[k] = level
			v.hits++
		}
	}
	return v
}

// key tells bodies with hits apart, but for the width of their headers: the forward output of old hosts writes another one.
func key(body []byte, ids []string) string {
	set := make(map[string]bool)
	for _, id := range ids {
		set[id] = true
	}
	h, _ := chunk.ReadHead(body, 0)
	return fmt.Sprint(set, h.Len) + string(body[h.Next:])
}

// annotation is what the plugin writes, as an independent decoder reads it.
type annotation struct {
	Level string `msgpack:"level"`
	Rules []struct {
		ID string `msgpack:"id"`
	} `msgpack:"rules"`
}

// strip takes our pair off the end of a body, and returns what was there before, with the ids that the pair names.
func strip(t *testing.T, body []byte) (before []byte, ids []string, level string) {
	t.Helper()
	start, end, ok := chunk.Lookup(body, 0, "sigma")
	if !ok {
		return body, nil, ""
	}
	var a annotation
	if err := msgpack.Unmarshal(body[start:end], &a); err != nil {
		t.Fatal(err)
	}
	for _, r := range a.Rules {
		ids = append(ids, r.ID)
	}
	if end != len(body) {
		t.Errorf("our pair is not the last one")
	}
	return append(headerBefore(t, body), body[headerSize(body[0]):start-len("\xa5sigma")]...), ids, a.Level
}

func headerSize(first byte) int {
	switch first {
	case 0xdf:
		return 5
	case 0xde:
		return 3
	default:
		return 1
	}
}

// headerBefore is the map header that body had with a pair less: as wide as it is now, unless that pair was the sixteenth of a fixmap.
func headerBefore(t *testing.T, body []byte) []byte {
	t.Helper()
	head, _ := chunk.ReadHead(body, 0)
	n := head.Len - 1
	switch {
	case body[0] == 0xdf:
		return binary.BigEndian.AppendUint32([]byte{0xdf}, uint32(n))
	case body[0] == 0xde && n > 15:
		return binary.BigEndian.AppendUint16([]byte{0xde}, uint16(n))
	default:
		return []byte{0x80 | byte(n)}
	}
}

// compare holds what came out against what was to come out.
func compare(t *testing.T, want verdicts, all, high [][]byte) {
	t.Helper()
	got, gotHigh, wantHigh := make(map[string]int), make(map[string]int), make(map[string]int)
	hits := 0
	for _, body := range all {
		before, ids, level := strip(t, body)
		k := key(before, ids)
		got[k]++
		if len(ids) > 0 {
			hits++
			if w := want.level[k].String(); level != w {
				t.Errorf("level %q, want %q", level, w)
			}
		}
		if want.level[k] >= rules.High && len(ids) > 0 {
			wantHigh[string(body)]++
		}
	}
	for _, body := range high {
		gotHigh[string(body)]++
	}
	if diff := cmp.Diff(want.bodies, got); diff != "" {
		t.Errorf("first output (-want +got):\n%.4000s", diff)
	}
	if diff := cmp.Diff(wantHigh, gotHigh); diff != "" {
		t.Errorf("second output (-want +got):\n%.4000s", diff)
	}
	if hits == 0 || len(high) == 0 || hits != want.hits {
		t.Errorf("%d hits, want %d; %d high", hits, want.hits, len(high))
	}
	t.Logf("%d records, %d with hits, %d high or critical", len(all), hits, len(high))
}
