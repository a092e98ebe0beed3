package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bulk is a node of OpenSearch or Elasticsearch (e2e/receivers), without TLS and without users.
type bulk struct {
	*service
	port int
}

// The nodes that startBulk knows, by the names of their directories.
const (
	openSearch    = "opensearch"
	elasticsearch = "elasticsearch"
)

// templates are the index templates that the project ships for each.
var templates = map[string]string{openSearch: "../conf/opensearch/cloudtrail-template.json", elasticsearch: "../conf/elastic/cloudtrail-template.json"}

// document is what a node has stored.
type document struct {
	ID      string          `json:"_id"`
	Ignored []string        `json:"_ignored"` // fields whose values were stored and not indexed
	Source  json.RawMessage `json:"_source"`
}

// startBulk starts a node with no data on a port of its own, which ends with the test, and skips the test where it is not built.
func startBulk(t *testing.T, node string) *bulk {
	t.Helper()
	built := "../build/receivers/" + node
	// What is good for minutes: quick to start, on few cores.
	cmd := exec.Command("java", "-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", built+"/classes:"+built+"/lib/*", "Receiver", built, t.TempDir())
	b := &bulk{service: startService(t, node, built+"/built", cmd)}
	b.until(t, "its port", func() bool {
		var err error
		b.port, err = strconv.Atoi(strings.TrimSpace(b.out.String()))
		return err == nil
	})
	return b
}

// call sends a request with JSON, or with JSON lines, and decodes the answer into out. An answer that something is not there, or not yet, leaves
// out as it is.
func (b *bulk) call(t *testing.T, method, path string, body []byte, out any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("http://127.0.0.1:%d/%s", b.port, path), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it has been read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case response.StatusCode == http.StatusNotFound, response.StatusCode == http.StatusServiceUnavailable:
	case response.StatusCode >= 300:
		t.Fatalf("%s %s: %s: %.1000s", method, path, response.Status, text)
	default:
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatalf("%s %s: %v: %.1000s", method, path, err, text)
		}
	}
}

// template installs an index template from a file.
func (b *bulk) template(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b.call(t, http.MethodPut, "_index_template/cloudtrail", text, new(any))
}

// refresh makes everything that was stored so far visible to searches.
func (b *bulk) refresh(t *testing.T) {
	t.Helper()
	b.call(t, http.MethodPost, "_refresh", nil, new(any))
}

// count returns how many documents of an index or data stream, of those that were there at the last refresh, answer a query, which is JSON, or all
// of them if it is empty. It is 0 if there is no such index.
func (b *bulk) count(t *testing.T, index, query string) int {
	t.Helper()
	var answer struct{ Count int }
	if query != "" {
		query = `{"query":` + query + `}`
	}
	b.call(t, http.MethodPost, index+"/_count", []byte(query), &answer)
	return answer.Count
}

// has reports whether an index or data stream has as many documents as that. It takes its time, since refreshing as often as can be slows a node down.
func (b *bulk) has(t *testing.T, index string, n int) bool {
	t.Helper()
	time.Sleep(250 * time.Millisecond)
	b.refresh(t)
	return b.count(t, index, "") >= n
}

// documents returns all documents of an index or data stream.
func (b *bulk) documents(t *testing.T, index string) []document {
	t.Helper()
	const most = 10_000
	b.refresh(t)
	var answer struct {
		Hits struct {
			Total struct{ Value int }
			Hits  []document
		}
	}
	b.call(t, http.MethodPost, fmt.Sprintf("%s/_search?track_total_hits=true&size=%d", index, most), nil, &answer)
	if n := answer.Hits.Total.Value; n != len(answer.Hits.Hits) {
		t.Fatalf("%s has %d documents, and a search gives %d", index, n, len(answer.Hits.Hits))
	}
	return answer.Hits.Hits
}

// mapping returns the properties in the mapping of an index or data stream, which must have one index behind it.
func (b *bulk) mapping(t *testing.T, index string) map[string]any {
	t.Helper()
	var answer map[string]struct {
		Mappings struct{ Properties map[string]any }
	}
	b.call(t, http.MethodGet, index+"/_mapping", nil, &answer)
	if len(answer) != 1 {
		t.Fatalf("%s has %d indices", index, len(answer))
	}
	for _, m := range answer {
		return m.Mappings.Properties
	}
	return nil
}

// refused returns how many items of bulk requests the node has not stored since it started, by their class of HTTP status. Elasticsearch does not
// count them.
func (b *bulk) refused(t *testing.T) map[string]int {
	t.Helper()
	var answer struct {
		Nodes map[string]struct {
			Indices struct {
				Indexing struct {
					Status map[string]int `json:"doc_status"`
				}
			}
		}
	}
	b.call(t, http.MethodGet, "_nodes/stats/indices/indexing", nil, &answer)
	all := make(map[string]int)
	for _, node := range answer.Nodes {
		for class, n := range node.Indices.Indexing.Status {
			if class != "2xx" {
				all[class] += n
			}
		}
	}
	return all
}

// TestOpenSearch sends all events to OpenSearch by both outputs.
func TestOpenSearch(t *testing.T) { testBulk(t, openSearch, "opensearch", "es") }

// TestElasticsearch sends all events to Elasticsearch.
func TestElasticsearch(t *testing.T) { testBulk(t, elasticsearch, "es") }

// testBulk sends all events through the rules to a data stream with the template that we ship for a node, and compares what is stored, field by
// field and with types, with what the forward output of the same run has sent.
func testBulk(t *testing.T, node string, outputs ...string) {
	plugin(t)
	b := startBulk(t, node)
	b.template(t, templates[node])
	for _, output := range outputs {
		t.Run(output, func(t *testing.T) {
			pattern, events := corpora(t)
			forward, index := listen(t), "logs-cloudtrail-"+output
			h := start(t, tailConfig(pattern, asFilter, "builtin")+fmt.Sprintf(`
    - {name: forward, match: ct, host: 127.0.0.1, port: %d}
    - name: %s
      match: ct
      host: 127.0.0.1
      port: %d
      index: %s
      suppress_type_name: on
      generate_id: on
      buffer_size: false
      trace_error: on
`, forward.port(), output, b.port, index), nil)
			h.until(t, fmt.Sprintf("%d records", events), func() bool { return forward.count() >= events && b.has(t, index, events) })
			h.stop(t)
			want := forward.sent(t)
			got := make(map[string]int)
			for _, d := range b.documents(t, index) {
				got[withoutTime(t, d)]++
				checkIgnored(t, d)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what is stored (-want +got):\n%.4000s", diff)
			}
			checkHits(t, b, index, want)
			if refused := b.refused(t); len(refused) != 0 {
				t.Errorf("items of bulk requests were refused: %v", refused)
			}
			if line := h.logged("[ warn] [output:") + h.logged("[error] [output:") + h.logged("failed to flush chunk"); line != "" {
				t.Errorf("the host says %s", line)
			}
		})
	}
}

// withoutTime returns the source of a document without the time that the output, or format ecs, has added, which is that of the event.
func withoutTime(t *testing.T, d document) string {
	t.Helper()
	var source map[string]any
	decoder := json.NewDecoder(bytes.NewReader(d.Source))
	decoder.UseNumber()
	if err := decoder.Decode(&source); err != nil {
		t.Fatal(err)
	}
	event, _ := source["eventTime"].(string)
	stored, _ := source["@timestamp"].(string)
	if at, err := time.Parse("2006-01-02T15:04:05Z", event); err == nil && stored != "" {
		if got, err := time.Parse(time.RFC3339, stored); err != nil || !got.Equal(at) {
			t.Errorf("@timestamp is %s of an event at %s", stored, event)
		}
	}
	delete(source, "@timestamp")
	return canonical(t, encode(t, source))
}

// checkIgnored demands that values are left out of the index only where they are not what CloudTrail writes, or no addresses.
func checkIgnored(t *testing.T, d document) {
	t.Helper()
	var source struct {
		EventTime       string
		SourceIPAddress string
		UserIdentity    struct {
			SessionContext struct {
				Attributes struct{ CreationDate string }
			}
		}
	}
	if err := json.Unmarshal(d.Source, &source); err != nil {
		t.Fatal(err)
	}
	notTime := func(text string) bool {
		_, err := time.Parse(time.RFC3339, text)
		return err != nil
	}
	for _, field := range d.Ignored {
		sound := map[string]bool{
			"eventTime":          notTime(source.EventTime),
			"sourceIPAddress.ip": net.ParseIP(source.SourceIPAddress) == nil,
			"userIdentity.sessionContext.attributes.creationDate": notTime(source.UserIdentity.SessionContext.Attributes.CreationDate),
		}[field]
		if !sound {
			t.Errorf("%s is not indexed: %.1000s", field, d.Source)
		}
	}
}

// checkHits searches for each rule that has matched, and for what is inside an object of which the template knows no fields.
func checkHits(t *testing.T, b *bulk, index string, want map[string]int) {
	t.Helper()
	type record struct {
		RequestParameters struct{ BucketName any }
		Sigma             struct{ Rules []struct{ ID string } }
	}
	const rule, bucket = "sigma.rules.id", "requestParameters.bucketName"
	counts := map[string]map[string]int{rule: {}, bucket: {}}
	for text, n := range want {
		var r record
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			continue // parameters that are no object
		}
		for _, hit := range r.Sigma.Rules {
			counts[rule][hit.ID] += n
		}
		if name, ok := r.RequestParameters.BucketName.(string); ok {
			counts[bucket][name] += n
		}
	}
	for field, values := range counts {
		if len(values) == 0 {
			t.Errorf("nothing to search for in %s", field)
		}
		for value, n := range values {
			if got := b.count(t, index, fmt.Sprintf(`{"term":{%q:%q}}`, field, value)); got != n {
				t.Errorf("%d documents have %s in %s, want %d", got, value, field, n)
			}
		}
	}
}

// TestTemplates stores records one by one that no service writes, or seldom: what the README files beside the templates say is refused, and nothing
// else.
func TestTemplates(t *testing.T) {
	long := func(n int) string { return `{"policy":"` + strings.Repeat("x", n) + `"}` }
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + `1` + strings.Repeat(`}`, n) }
	const both, none = openSearch + elasticsearch, ""
	for node, file := range templates {
		t.Run(node, func(t *testing.T) {
			b := startBulk(t, node)
			b.template(t, file)
			for record, storedBy := range map[string]string{
				`{"requestParameters":null,"responseElements":{},"additionalEventData":[]}`:                          both,
				`{"requestParameters":{"a":null,"b":[null],"c":{"d":[]},"x.y":2,"x":{"y":{}}}}`:                      both,
				`{"requestParameters":[{"a":1},{"a":[1,[2,{"b":"x"}]]}],"responseElements":{"n":1e300}}`:             both,
				`{"requestParameters":{"role":"x"}}`:                                                                 both,
				`{"requestParameters":{"role":{"arn":"x"}}}`:                                                         both,
				`{"requestParameters":` + deep(20) + `}`:                                                             both,
				`{"requestParameters":` + deep(100) + `}`:                                                            both,
				`{"errorMessage":"` + strings.Repeat("\\u00fc", 40_000) + `"}`:                                       both,
				`{"eventTime":"...","sourceIPAddress":"cloudformation.amazonaws.com","userIdentity":null}`:           both,
				`{"sessionCredentialFromConsole":"true","eventVersion":1.08,"unheard":{"of":1},"detail":{"a":[{}]}}`: both,
				`{"unheard":"of"}`:                           both,
				`{"requestParameters":` + long(32_000) + `}`: both,
				`{"requestParameters":` + long(33_000) + `}`: elasticsearch,
				`{"requestParameters":"x"}`:                  none,
				`{"userIdentity":"x"}`:                       none,
				`{"readOnly":"..."}`:                         none,
				`{"eventName":{"a":1}}`:                      none,
			} {
				if stored, why := b.stores(t, "logs-cloudtrail-default", record); stored != strings.Contains(storedBy, node) {
					t.Errorf("%.200s: stored %v, %v", record, stored, why)
				}
			}
			if diff := cmp.Diff(properties(t, file), b.mapping(t, "logs-cloudtrail-default")); diff != "" {
				t.Errorf("the mapping has changed (-template +node):\n%s", diff)
			}
		})
	}
}

// stores sends a record to a data stream, and reports whether it is stored, and why not.
func (b *bulk) stores(t *testing.T, index, record string) (stored bool, why any) {
	t.Helper()
	line := `{"@timestamp":"2026-11-20T10:00:00Z",` + strings.TrimPrefix(record, "{")
	var answer struct {
		Items []map[string]struct {
			Status int
			Error  any
		}
	}
	b.call(t, http.MethodPost, index+"/_bulk", []byte("{\"create\":{}}\n"+line+"\n"), &answer)
	if len(answer.Items) != 1 {
		t.Fatalf("%d items for %.200s", len(answer.Items), record)
	}
	item := answer.Items[0]["create"]
	return item.Status == http.StatusCreated, item.Error
}

// properties returns the properties in the mapping of an index template.
func properties(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Template struct {
			Mappings struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return template.Template.Mappings.Properties
}
