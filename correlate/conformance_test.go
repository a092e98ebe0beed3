package correlate

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// suite is a file of testdata/conformance: rules, and what fires on streams of records.
type suite struct {
	Title, Reference string
	Warnings         []string // codes of problems that are about correlations
	Rules            string
	Streams          []struct {
		Name   string
		Events []timed
		// Fires are texts such as "name 0s-1m0s field=value", with the times of the first and the last event in the window.
		Fires []string
	}
}

// timed is a record, or several: a # in it is the number.
type timed struct {
	At, Every time.Duration
	Times     int
	Record    string
}

// TestConformance: the examples of the specification of correlation rules, and of articles, about CloudTrail.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("testdata/conformance/*.yml")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	streams := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s suite
		if err := yaml.Unmarshal(text, &s); err != nil || s.Title == "" || s.Reference == "" {
			t.Fatal(file, err)
		}
		set := rules.ParseFiles([]rules.File{{Name: file, Text: []byte(s.Rules)}}, rules.Options{})
		if diff := cmp.Diff(s.Warnings, codes(set)); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
		for _, stream := range s.Streams {
			streams++
			records := timedRecords(t, set, stream.Events)
			want := records.judge(set)
			compiled := Compile(set)
			got := newPlay(compiled, Options{}, false).run(records.ordered(), nil)
			if diff := cmp.Diff(slices.Sorted(slices.Values(stream.Fires)), spelled(set, got)); diff != "" {
				t.Errorf("%s: %s: %s", file, stream.Name, diff)
			}
			if err := check(set, want, got, func(i int) bool { return !waited(want, set, i) }); err != nil {
				t.Errorf("%s: %s: %v", file, stream.Name, err)
			}
			backward := records.ordered()
			slices.Reverse(backward)
			got = newPlay(compiled, Options{Lateness: 24 * time.Hour}, false).run(backward, nil)
			if err := check(set, want, got, notExactly); err != nil {
				t.Errorf("%s: %s, backward: %v", file, stream.Name, err)
			}
		}
	}
	t.Logf("%d streams", streams)
}

// codes returns the codes of what is wrong with rules, each once.
func codes(set *rules.Set) (list []string) {
	for _, p := range set.Problems {
		if p.Severity == rules.Error || (strings.HasPrefix(string(p.Code), "correlation") && !slices.Contains(list, string(p.Code))) {
			list = append(list, string(p.Code))
		}
	}
	return list
}

func spelled(set *rules.Set, list []Firing) (texts []string) {
	zero := time.Unix(0, 0)
	for _, f := range list {
		text := fmt.Sprintf("%s %v-%v", set.Correlations[f.Correlation].Name, f.First.Sub(zero), f.Last.Sub(zero))
		for _, field := range f.Group {
			text += fmt.Sprintf(" %s=%s", field.Name, field.Value)
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts
}

// timedRecords are the records as rules hit them.
func timedRecords(t *testing.T, set *rules.Set, list []timed) (s stream) {
	t.Helper()
	judge := oracle.New(set.Rules, record.DefaultAliases(), "sigma")
	for _, e := range list {
		for n := range max(1, e.Times) {
			packed, err := record.AppendMsgpack(nil, []byte(strings.ReplaceAll(e.Record, "#", fmt.Sprint(n))))
			if err != nil {
				t.Fatalf("%s: %v", e.Record, err)
			}
			body, _ := record.Decode(packed, 0)
			object, ok := body.(*record.Object)
			if !ok {
				t.Fatal(e.Record)
			}
			at := e.At + time.Duration(n)*e.Every
			r := made{at: int(at.Seconds()), record: len(s.records)}
			r.Time, r.ID, r.Serial = time.Unix(int64(r.at), 0), fmt.Sprint("event ", len(s.records)), uint64(len(s.records))
			r.Rules = judge.Match(object, r.Time)
			r.Values = func(field string) []string { return judge.Texts(object, field) }
			s.records = append(s.records, r)
		}
	}
	return s
}
