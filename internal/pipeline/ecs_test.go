package pipeline

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/record"

	"github.com/google/go-cmp/cmp"
)

// elastic makes of a CloudTrail record what Elastic's integration makes of it, as far as rules can ask for it, without event.original: paths and
// values. It is written after the integration's ingest pipeline and not after our table.
func elastic(rec *record.Object) map[string]any {
	out := make(map[string]any)
	at := func(path string) any {
		v := withoutEmpty(rec)
		for key := range strings.SplitSeq(path, ".") {
			o, ok := v.(*record.Object)
			if !ok {
				return nil
			}
			v, _ = o.Get(key)
		}
		return v
	}
	rename := func(from, to string) {
		if v := at(from); v != nil && out[to] == nil {
			out[to] = v
		}
	}
	rename("eventTime", "@timestamp")
	const ct, user, session = "aws.cloudtrail.", "aws.cloudtrail.user_identity.", "aws.cloudtrail.user_identity.session_context."
	for _, r := range [][2]string{
		{"eventVersion", ct + "event_version"},
		{"userIdentity.type", user + "type"},
		{"userIdentity.userName", "user.name"},
		{"userIdentity.principalId", "user.id"},
		{"userIdentity.arn", user + "arn"},
		{"userIdentity.accountId", "cloud.account.id"},
		{"userIdentity.accessKeyId", user + "access_key_id"},
		{"userIdentity.sessionContext.attributes.mfaAuthenticated", session + "mfa_authenticated"},
		{"userIdentity.sessionContext.attributes.creationDate", session + "creation_date"},
		{"userIdentity.sessionContext.sessionIssuer.type", session + "session_issuer.type"},
		{"userIdentity.sessionContext.sessionIssuer.userName", "user.name"},
		{"userIdentity.sessionContext.sessionIssuer.principalId", session + "session_issuer.principal_id"},
		{"userIdentity.sessionContext.sessionIssuer.arn", session + "session_issuer.arn"},
		{"userIdentity.sessionContext.sessionIssuer.accountId", session + "session_issuer.account_id"},
		{"userIdentity.invokedBy", user + "invoked_by"},
		{"eventSource", "event.provider"},
		{"eventName", "event.action"},
		{"eventCategory", ct + "event_category"},
		{"awsRegion", "cloud.region"},
		{"sourceIPAddress", "source.address"},
		{"userAgent", "user_agent.original"},
		{"errorCode", ct + "error_code"},
		{"errorMessage", ct + "error_message"},
		{"requestID", ct + "request_id"},
		{"eventID", "event.id"},
		{"eventType", ct + "event_type"},
		{"apiVersion", ct + "api_version"},
		{"managementEvent", ct + "management_event"},
		{"readOnly", ct + "read_only"},
		{"recipientAccountId", ct + "recipient_account_id"},
		{"sessionCredentialFromConsole", ct + "session_credential_from_console"}, // by fields.yml
		{"vpcEndpointId", ct + "vpc_endpoint_id"},
		{"tlsDetails.cipherSuite", "tls.cipher"},
		{"tlsDetails.clientProvidedHostHeader", "tls.client.server_name"},
	} {
		rename(r[0], r[1])
	}
	if address, ok := out["source.address"].(string); ok && strings.Trim(address, "0123456789.") == "" {
		out["source.ip"] = address
	}
	for from, to := range map[string]string{
		"requestParameters": "request_parameters", "responseElements": "response_elements", "additionalEventData": "additional_eventdata",
		"serviceEventDetails": "service_event_details",
	} {
		if v := at(from); v != nil {
			text := javaText(v)
			out[ct+to] = text
			if len(text) < 32766 {
				out[ct+"flattened."+to] = v
			}
		}
	}
	if list, ok := at("resources").([]any); ok {
		out[ct+"resources"] = elasticResources(list)
	}
	return out
}

func elasticResources(list []any) []any {
	var out []any
	for _, e := range list {
		if o, ok := e.(*record.Object); ok {
			var members []record.Member
			for _, m := range o.Members() {
				if name, renamed := map[string]string{"ARN": "arn", "accountId": "account_id"}[m.Key]; renamed {
					m.Key = name
				}
				members = append(members, m)
			}
			out = append(out, record.NewObject(members...))
		}
	}
	return out
}

// withoutEmpty drops what the pipeline drops: nulls, empty texts, and what is empty without them. A list keeps its place.
func withoutEmpty(v any) any {
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
	case *record.Object:
		var members []record.Member
		for _, m := range v.Members() {
			if m.Value = withoutEmpty(m.Value); m.Value != nil {
				members = append(members, m)
			}
		}
		if len(members) == 0 {
			return nil
		}
		return record.NewObject(members...)
	case []any:
		var list []any
		for _, e := range v {
			if e = withoutEmpty(e); e != nil {
				list = append(list, e)
			}
		}
		if len(list) == 0 {
			return nil
		}
		return list
	}
	return v
}

// javaText is what toString makes of maps and lists in the pipeline's language.
func javaText(v any) string {
	var parts []string
	switch v := v.(type) {
	case *record.Object:
		for _, m := range v.Members() {
			parts = append(parts, m.Key+"="+javaText(m.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for _, e := range v {
			parts = append(parts, javaText(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return v
	}
	return string(record.AppendJSON(nil, v))
}

// dotted writes paths as they are, one key each; nested makes objects of them.
func dotted(paths map[string]any) *record.Object {
	var members []record.Member
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		members = append(members, record.Member{Key: path, Value: paths[path]})
	}
	return record.NewObject(members...)
}

func nested(paths map[string]any) *record.Object {
	inner := make(map[string]map[string]any)
	var members []record.Member
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		head, rest, deep := strings.Cut(path, ".")
		switch {
		case !deep:
			members = append(members, record.Member{Key: head, Value: paths[path]})
		case inner[head] == nil:
			inner[head] = map[string]any{rest: paths[path]}
		default:
			inner[head][rest] = paths[path]
		}
	}
	for _, head := range slices.Sorted(maps.Keys(inner)) {
		members = append(members, record.Member{Key: head, Value: nested(inner[head])})
	}
	return record.NewObject(members...)
}

// pack makes an event of an object.
func pack(t *testing.T, o *record.Object) []byte {
	t.Helper()
	packed, err := record.AppendMsgpack(nil, record.AppendJSON(nil, o))
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// titles judges an event and returns the rules that hit its records, and how many records there are of each form.
func titles(t *testing.T, e *Engine, packed []byte) (hits []string, own, mapped int) {
	t.Helper()
	j := e.NewJudge().Event(packed, time.Time{})
	for _, v := range j.Verdicts {
		if v.Found().Form == nil {
			own++
		} else {
			mapped++
		}
		for _, i := range v.Hits {
			hits = append(hits, e.Rules().Rules[i].Title)
		}
	}
	slices.Sort(hits)
	return hits, own, mapped
}

// ecsEngine has the bundled pack and SigmaHQ's rules, and judges ECS.
func ecsEngine(t *testing.T) *Engine {
	t.Helper()
	if _, err := os.Stat(sharedRules); err != nil {
		t.Skipf("skipped: %s is not there", sharedRules)
	}
	e, err := New(conf.Settings{Rules: Builtin + "," + sharedRules, MinLevel: "informational", Key: "sigma", Fields: "ecs", Exclude: bundledCorrelations(t)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestECSOnSharedEvents holds that the rules say the same of every shared event and of what Elastic's integration makes of it, with objects and
// with dotted keys.
func TestECSOnSharedEvents(t *testing.T) {
	if _, err := os.Stat(sharedEvents); err != nil {
		t.Skipf("skipped: %s is not there", sharedEvents)
	}
	e := ecsEngine(t)
	var judged, elsewhere, verdicts int
	differing := make(map[string]int)
	events(t, sharedEvents+"/*.ndjson", func(text []byte) {
		packed, err := record.AppendMsgpack(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := record.Decode(packed, 0)
		found, _ := record.Find(body, nil)
		for _, f := range found {
			if !strings.HasSuffix(f.Text("eventSource"), ".amazonaws.com") {
				elsewhere++
				continue
			}
			judged++
			want, _, _ := titles(t, e, pack(t, f.Record))
			verdicts += len(want)
			for name, form := range map[string]*record.Object{"nested": nested(elastic(f.Record)), "dotted": dotted(elastic(f.Record))} {
				got, own, mapped := titles(t, e, pack(t, form))
				if own != 0 || mapped != 1 {
					t.Fatalf("%s: %d records of our form, %d of ECS: %s", name, own, mapped, record.AppendJSON(nil, form))
				}
				for _, title := range want {
					if !slices.Contains(got, title) {
						differing[name+" lacks "+title]++
					}
				}
				for _, title := range got {
					if !slices.Contains(want, title) {
						differing[name+" adds "+title]++
					}
				}
			}
		}
	})
	if diff := cmp.Diff(map[string]int{}, differing); diff != "" {
		t.Error(diff)
	}
	if judged < 1840 || elsewhere > 9 || verdicts < 1430 {
		t.Errorf("%d records, %d verdicts", judged, verdicts)
	}
	t.Logf("%d records, %d hits on each form; %d records of other sources than AWS are none in ECS", judged, verdicts, elsewhere)
}

// leaves calls f with the path of every scalar in v that is reached without an array, and of every array.
func leaves(v any, path string, f func(path string, v any)) {
	o, ok := v.(*record.Object)
	if !ok {
		f(path, v)
		return
	}
	for _, m := range o.Members() {
		inner := m.Key
		if path != "" {
			inner = path + "." + m.Key
		}
		leaves(m.Value, inner, f)
	}
}

// TestECSFields holds that every value of the shared records is found under its field's name, and which fields have no place.
func TestECSFields(t *testing.T) {
	if _, err := os.Stat(sharedEvents); err != nil {
		t.Skipf("skipped: %s is not there", sharedEvents)
	}
	form := record.ECS()
	values, tooLarge := 0, 0
	nowhere := make(map[string]bool)
	check := func(f record.Found) {
		ecs := nested(elastic(f.Record))
		leaves(withoutEmpty(f.Record), "", func(path string, v any) {
			top, inner, _ := strings.Cut(path, ".")
			has, detached := form.Has(path)
			switch {
			case !has && (top == "userIdentity" || top == "tlsDetails"):
				nowhere[top+"."+strings.Split(inner, ".")[0]] = true
				return
			case !has:
				nowhere[top] = true
				return
			case path == "resources": // its elements have other names
				return
			case detached && len(ecs.At(form.Fields.Paths(top)[0])) == 0:
				tooLarge++
				return
			}
			values++
			want := string(record.AppendJSON(nil, v))
			var got []string
			for _, p := range form.Fields.Paths(path) {
				for _, v := range ecs.At(p) {
					got = append(got, string(record.AppendJSON(nil, v)))
				}
			}
			issued := path == "userIdentity.sessionContext.sessionIssuer.userName" && f.Text("userIdentity.userName") != ""
			if !slices.Contains(got, want) && !issued {
				t.Errorf("%s: %.200s, and not %.200s", path, got, want)
			}
		})
	}
	events(t, sharedEvents+"/*.ndjson", func(text []byte) {
		packed, err := record.AppendMsgpack(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := record.Decode(packed, 0)
		found, _ := record.Find(body, nil)
		for _, f := range found {
			check(f)
		}
	})
	// The first line is CloudTrail's, the others are what shippers have added and what somebody has misspelt.
	maps.DeleteFunc(nowhere, func(field string, _ bool) bool { return strings.HasPrefix(field, "p_") })
	lost := []string{
		"sharedEventID", "tlsDetails.tlsVersion", "userIdentity.identityProvider", "userIdentity.sessionContext", "vpcEndpointAccountId",
		"%ingest", "eventId", "tags", "timestamp", "utctimestamp",
		"userIdentity.accesKeyId", "userIdentity.accesskeyid", "userIdentity.accountid", "userIdentity.principalid", "userIdentity.sessioncontext",
	}
	slices.Sort(lost)
	if diff := cmp.Diff(lost, slices.Sorted(maps.Keys(nowhere))); diff != "" {
		t.Error(diff)
	}
	if values < 54_000 || tooLarge > 13 {
		t.Errorf("%d values, %d in objects that were too large", values, tooLarge)
	}
	t.Logf("%d values, %d in objects that were too large", values, tooLarge)
}
