package record

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPaths(t *testing.T) {
	table := Aliases{
		"a":    {"a", "b"},
		"r.":   {"x.y."},
		"r.s.": {"z.", "w."},
		"r.s":  {"z"},
		"r.t":  {"u"},
	}
	f := func(field string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, table.Paths(field)); diff != "" {
			t.Errorf("%s: %s", field, diff)
		}
	}
	f("a", "a", "b")
	f("a.b", "a.b")
	f("other", "other")
	f("r", "r")
	f("r.q", "x.y.q")
	f("r.q.p", "x.y.q.p")
	f("r.s", "z")
	f("r.s.q", "z.q", "w.q")
	f("r.sq", "x.y.sq")
	f("r.t", "u")
	f("r.t.q", "x.y.t.q")
	f("rr.q", "rr.q")
	f("", "")
	table[""] = []string{"all."}
	f("other", "all.other")
	f("r.q", "x.y.q")
	if got := Aliases(nil).Paths("a"); len(got) != 1 || got[0] != "a" {
		t.Errorf("nil: %v", got)
	}
}

// TestMappedAliases: where an alias meets a mapping, each of its paths is mapped.
func TestMappedAliases(t *testing.T) {
	const head = "aws.cloudtrail.flattened."
	mapped, plain := ECS().Aliases(), DefaultAliases()
	for field, paths := range plain {
		got := mapped.Paths(field)
		if len(got) != len(paths) {
			t.Errorf("%s: %v", field, got)
		}
		for i := range got {
			if want := head + strings.Replace(paths[i], "requestParameters", "request_parameters", 1); got[i] != want {
				t.Errorf("%s: %s, want %s", field, got[i], want)
			}
		}
	}
	if diff := cmp.Diff([]string{head + "response_elements.a.b"}, mapped.Paths("responseElements.a.b")); diff != "" {
		t.Error(diff)
	}
}

func TestHas(t *testing.T) {
	m := ECS()
	f := func(field string, wantHas, wantDetached bool) {
		t.Helper()
		if has, detached := m.Has(field); has != wantHas || detached != wantDetached {
			t.Errorf("%s: %v %v", field, has, detached)
		}
	}
	f("eventName", true, false)
	f("requestParameters", true, true)
	f("requestParameters.toPort", true, true)
	f("resources.ARN", true, false)
	f("resources.type", true, false)
	f("userIdentity.identityProvider", false, false)
	f("tlsDetails.tlsVersion", false, false)
	f("status", false, false)
}

func TestFindMapped(t *testing.T) {
	const (
		objects = `{"event":{"action":"A","provider":"s3.amazonaws.com","id":"1"},"@timestamp":"2026-11-20T08:00:01.000Z"}`
		keys    = `{"event.action":"B","event.provider":"s3.amazonaws.com","event.id":"2"}`
	)
	withOriginal := func(text string) string {
		return `{"event":{"action":"A","provider":"s3.amazonaws.com","original":` + quoted(text) + `}}`
	}
	for _, test := range []struct {
		name, body string
		content    Content
		own        bool
		want       string // eventNames
	}{
		{"objects", objects, CloudTrail, false, "A"},
		{"dotted keys", keys, CloudTrail, false, "B"},
		{"both", `{"event":{"action":"A"},"event.provider":"s3.amazonaws.com"}`, CloudTrail, false, "A"},
		{"the original is preferred", withOriginal(two), CloudTrail, true, "B"},
		{"the original is cut short", withOriginal(two[:40]), CloudTrail, false, "A"},
		{"the original is another JSON", withOriginal(`{"a":1}`), CloudTrail, false, "A"},
		{"CloudTrail's own", one, CloudTrail, true, "A"},
		{"CloudTrail's own under an ECS envelope", `{"event":{"action":"x","provider":"x.amazonaws.com"},"message":` + quoted(one) + `}`, CloudTrail, true, "A"},
		{"as text", `{"log":` + quoted(objects) + `}`, CloudTrail, false, "A"},
		{"several", `{"Records":[` + objects + `,{"a":1},` + keys + `]}`, CloudTrail, false, "A B"},
		{"another product", `{"event":{"action":"A","provider":"Microsoft-Windows-Security-Auditing"}}`, Foreign, false, ""},
		{"a source that only looks alike", `{"event":{"action":"A","provider":"s3.amazonaws.com.example.com"}}`, Foreign, false, ""},
		{"without a name", `{"event":{"provider":"s3.amazonaws.com"}}`, Foreign, false, ""},
		{"without a source", `{"event":{"action":"A"},"aws":{"cloudtrail":{"event_version":"1.11"}}}`, Foreign, false, ""},
		{"nothing", `{}`, Foreign, false, ""},
		{"digest", `{"awsAccountId":"1","digestStartTime":"x","digestS3Bucket":"b","logFiles":[]}`, Digest, false, ""},
	} {
		found, content := Find(value(t, test.body), ECS())
		var names []string
		for _, f := range found {
			names = append(names, f.Text("eventName"))
			if (f.Form == nil) != test.own {
				t.Errorf("%s: form %v", test.name, f.Form)
			}
		}
		if got := strings.Join(names, " "); got != test.want || content != test.content {
			t.Errorf("%s: %q, content %d", test.name, got, content)
		}
		// Without the mapping the form is nothing that we know.
		if found, _ := Find(value(t, test.body), nil); (len(found) > 0) != test.own {
			t.Errorf("%s: without the mapping %d records", test.name, len(found))
		}
	}
}

func TestFoundReads(t *testing.T) {
	f := func(body, wantTime, wantID string) {
		t.Helper()
		found, _ := Find(value(t, body), ECS())
		if len(found) != 1 {
			t.Fatalf("%s: %d records", body, len(found))
		}
		got := ""
		if at, ok := found[0].Time(); ok {
			got = at.UTC().Format("15:04:05")
		}
		if got != wantTime || found[0].Text("eventID") != wantID || found[0].Text("errorCode") != "" {
			t.Errorf("%s: %q %q", body, got, found[0].Text("eventID"))
		}
	}
	f(`{"eventVersion":"1","eventSource":"s","eventName":"A","eventTime":"2026-11-20T08:00:01Z","eventID":"1"}`, "08:00:01", "1")
	f(`{"event.action":"A","event.provider":"s3.amazonaws.com","@timestamp":"2026-11-20T08:00:01.000Z","event":{"id":"2"}}`, "08:00:01", "2")
	f(`{"event.action":"A","event.provider":"s3.amazonaws.com","@timestamp":null,"event":{"id":3}}`, "", "")
}
