package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
)

// testECS sends hits with the names of ECS to a node, as the shipped file for it says, and reads them back: what is stored, and what queries find.
func testECS(t *testing.T, file, node string) {
	b := startBulk(t, node)
	b.template(t, templates[node])
	all, high := sentWith(t, "format: ecs", "ecs_base: on")
	variable := map[string]string{elasticsearch: "ELASTICSEARCH", openSearch: "OPENSEARCH"}[node]
	const index = "logs-cloudtrail-default"
	h, events := ship(t, onPath, file, variable+"_HOST=127.0.0.1", fmt.Sprintf("%s_PORT=%d", variable, b.port), variable+"_TLS=off", variable+"_USER=u", variable+"_PASSWORD=p")
	h.until(t, fmt.Sprintf("%d records", events), func() bool { return b.has(t, index, events) })
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
