package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testECS sends hits with the names of ECS to a node, as the shipped file for it says, and reads them back: what is stored, and what queries find.
func testECS(t *testing.T, file, node string) {
	b := startBulk(t, node)
	template := ecsTemplates[node]
	b.template(t, template)
	events, n := withoutConflicts(t)
	all, high := sentOf(t, events, n, "format: ecs", "ecs_base: on")
	variable := map[string]string{elasticsearch: "ELASTICSEARCH", openSearch: "OPENSEARCH"}[node]
	const index = "logs-cloudtrail.ecs-default"
	h := ship(t, onPath, file, "CLOUDTRAIL_FILES="+events, variable+"_HOST=127.0.0.1", fmt.Sprintf("%s_PORT=%d", variable, b.port), variable+"_TLS=off", variable+"_USER=u", variable+"_PASSWORD=p")
	h.until(t, fmt.Sprintf("%d records", n), func() bool { return b.has(t, index, n) })
	h.stop(t)
	h.quiet(t)
	if refused := b.refused(t); len(refused) != 0 {
		t.Errorf("items of bulk requests were refused: %v", refused)
	}
	got := make(map[string]int)
	for _, d := range b.documents(t, index) {
		got[withoutTime(t, d)]++
		checkIgnored(t, d)
	}
	want := make(map[string]int)
	for text, n := range all {
		want[withoutTime(t, document{Source: json.RawMessage(text)})] += n
	}
	same(t, "what is stored", want, got)
	checkECSQueries(t, b, index, all, high)
	for record, stored := range map[string]bool{
		`{"event":{"severity":"high"},"source":{"ip":"config.amazonaws.com"},"tags":"a","user":null,"error":{}}`: true,
		`{"event":[{"kind":"event"},{"kind":"alert"}],"rule":{"id":[1,true]},"threat":{"indicator":{"ip":1.5}}}`: true,
		`{"event.kind":"alert","threat.technique":{"id":["T1"]},"rule.name":"Mine"}`:                             true,
		`{"source":"aws.cloudtrail","detail":{}}`:                                                                false,
		`{"event":"{}"}`: false,
		`{"rule":"x"}`:   false,
	} {
		if got, why := b.stores(t, index, record); got != stored {
			t.Errorf("%s: stored %v, %v", record, got, why)
		}
	}
	if diff := cmp.Diff(properties(t, template), b.mapping(t, index)); diff != "" {
		t.Errorf("the mapping has changed (-template +node):\n%s", diff)
	}
	if diff := cmp.Diff(properties(t, templates[node]), onlyKeys(properties(t, template), properties(t, templates[node]))); diff != "" {
		t.Errorf("the two templates differ in what both have:\n%s", diff)
	}
}

// onlyKeys returns the members of a map whose keys another one has.
func onlyKeys(m, keys map[string]any) map[string]any {
	only := make(map[string]any)
	for key := range keys {
		only[key] = m[key]
	}
	return only
}

// ecsTemplates are the index templates for what format ecs writes.
var ecsTemplates = map[string]string{
	openSearch: "../conf/opensearch/cloudtrail-ecs-template.json", elasticsearch: "../conf/elastic/cloudtrail-ecs-template.json",
}

// withoutConflicts returns a file of all events but those that the templates do not let in: they have a text or a list where ECS, and the template, have
// an object. AWS writes none of these.
func withoutConflicts(t *testing.T) (file string, events int) {
	t.Helper()
	pattern, _ := corpora(t)
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	left := 0
	for _, f := range files {
		for _, line := range lines(t, f) {
			if strings.TrimSpace(line) == "" {
				continue
			}
			var members map[string]any
			_ = json.Unmarshal([]byte(line), &members) // what is no object has none
			if conflicts(members) {
				left++
				continue
			}
			text.WriteString(line + "\n")
			events++
		}
	}
	if left > events/4 {
		t.Fatalf("%d events are left out of %d", left, events)
	}
	file = filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, events
}

func conflicts(members map[string]any) bool {
	for _, name := range []string{"event", "rule", "threat", "cloud", "source", "user", "user_agent", "error"} {
		if _, object := members[name].(map[string]any); !object && members[name] != nil {
			return true
		}
	}
	return false
}

// ecsRecord is what queries are made from.
type ecsRecord struct {
	Event struct {
		Kind     string
		Severity int
	}
	Rule   struct{ ID any }
	Threat struct {
		Technique struct {
			ID           any
			Subtechnique struct{ ID any }
		}
		Tactic struct{ Name any }
	}
	Source struct{ IP string }
	User   struct{ Name string }
}

// checkECSQueries searches the fields of hits as a user of ECS would, and counts.
func checkECSQueries(t *testing.T, b *bulk, index string, all, high map[string]int) {
	t.Helper()
	counts := make(map[string]int) // by query
	add := func(n int, field string, value any) {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, v := range list {
			if v != nil && v != "" {
				counts[fmt.Sprintf(`{"term":{%q:%s}}`, field, encode(t, v))] += n
			}
		}
	}
	for text, n := range all {
		var r ecsRecord
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatalf("%v: %.500s", err, text)
		}
		if r.Event.Kind != "alert" {
			continue
		}
		add(n, "event.kind", r.Event.Kind)
		add(n, "rule.id", r.Rule.ID)
		add(n, "threat.technique.id", r.Threat.Technique.ID)
		add(n, "threat.technique.subtechnique.id", r.Threat.Technique.Subtechnique.ID)
		add(n, "threat.tactic.name", r.Threat.Tactic.Name)
		add(n, "source.ip", r.Source.IP)
		add(n, "user.name", r.User.Name)
	}
	counts[`{"range":{"event.severity":{"gte":73}}}`] = total(high)
	counts[`{"bool":{"filter":[{"range":{"event.severity":{"gte":73,"lte":99}}},{"exists":{"field":"source.ip"}},{"terms":{"event.outcome":["success","failure"]}}]}}`] = 0
	for text, n := range high {
		var r ecsRecord
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		if r.Source.IP != "" {
			counts[`{"bool":{"filter":[{"range":{"event.severity":{"gte":73,"lte":99}}},{"exists":{"field":"source.ip"}},{"terms":{"event.outcome":["success","failure"]}}]}}`] += n
		}
	}
	counts[`{"term":{"source.ip":"0.0.0.0/0"}}`] = b.count(t, index, `{"bool":{"filter":[{"exists":{"field":"source.ip"}},{"range":{"source.ip":{"lte":"255.255.255.255"}}}]}}`)
	for query, n := range counts {
		if got := b.count(t, index, query); got != n || n == 0 {
			t.Errorf("%d documents answer %s, want %d", got, query, n)
		}
	}
	if len(counts) < 20 {
		t.Errorf("%d queries", len(counts))
	}
}
