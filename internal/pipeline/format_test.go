package pipeline

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
	"sigmatrail/internal/rulegen"
	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

// atBothDoors returns what both doors make of an event, which must be the same.
func atBothDoors(t testing.TB, e *Engine, body string) string {
	t.Helper()
	packed, err := record.AppendMsgpack(nil, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	var counts Counts
	j := e.NewJudge().Event(packed, time.Unix(0x65000000, 0).UTC()) // as event frames it
	counts.Add(&j)
	text, err := e.AppendJSON(nil, []byte(body), &j, &counts)
	if err != nil {
		t.Fatal(err)
	}
	before := e.Tally()
	out := process(t, e, event(t, body))
	if out == nil {
		out = event(t, body)
	}
	after := e.Tally()
	if got := after.Displaced - before.Displaced; got != counts.Displaced {
		t.Errorf("%s: %d values displaced in msgpack, %d in JSON", body, got, counts.Displaced)
	}
	if inChunk := bodies(t, out)[0]; inChunk != string(text) {
		t.Errorf("%s:\nmsgpack %s\nJSON    %s", body, inChunk, text)
	}
	return string(text)
}

func formatted(t testing.TB, format string, base bool) *Engine {
	t.Helper()
	return engine(t, func(s *conf.Settings) { s.Format, s.EcsBase = format, base })
}

// What format ecs writes for a hit of the rule Stop.
const (
	ecsEvent  = `"kind":"alert","severity":73`
	ecsRule   = `"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11","name":"Stop","author":["Somebody"],"ruleset":"Sigma"`
	ecsThreat = `"framework":"MITRE ATT&CK","technique":{"id":["T1685"],"name":["Disable or Modify Tools"],"subtechnique":{"id":["T1685.002"],"name":["Disable or Modify Cloud Log"]}}`
	ecsTags   = `"tags":["attack.t1685.002"]`
	shortStop = `"sigma":{"level":"high","rules":[{"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11","level":"high"}]}`
)

// extended puts members behind those of an object.
func extended(body string, members ...string) string {
	return strings.TrimSuffix(body, "}") + "," + strings.Join(members, ",") + "}"
}

func inside(key, members string) string { return `"` + key + `":{` + members + `}` }

func TestFormatECS(t *testing.T) {
	e := formatted(t, "ecs", false)
	full := []string{inside("event", ecsEvent), inside("rule", ecsRule), inside("threat", ecsThreat), ecsTags, shortStop}
	for _, test := range []struct{ name, body, want string }{
		{"no hit", quiet, quiet},
		{"a hit", stop, extended(stop, full...)},
		{"in an envelope", `{"detail":` + stop + `}`, extended(`{"detail":`+stop+`}`, full...)},
		{
			"maps that are there", extended(stop, inside("event", `"module":"aws"`), inside("threat", `"indicator":{"ip":1.5}`), `"tags":["mine"]`),
			extended(stop, inside("event", `"module":"aws",`+ecsEvent), inside("threat", `"indicator":{"ip":1.5},`+ecsThreat), `"tags":["mine","attack.t1685.002"]`,
				inside("rule", ecsRule), shortStop),
		},
		{
			"other values", extended(stop, inside("event", `"kind":"event","severity":73`), inside("rule", `"id":"17","author":"x"`), `"tags":"mine"`),
			extended(stop, inside("event", `"kind_original":"event","severity":73,"kind":"alert"`),
				inside("rule", `"id":["17","5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11"],"author":["x","Somebody"],"name":"Stop","ruleset":"Sigma"`),
				`"tags":["mine","attack.t1685.002"]`, inside("threat", ecsThreat), shortStop),
		},
		{
			"no maps where maps belong", extended(stop, `"rule":"drop all"`, `"threat":null`, `"tags":{"a":1}`),
			extended(stop, `"rule_original":"drop all"`, `"tags_original":{"a":1}`, inside("rule", ecsRule), inside("threat", ecsThreat), ecsTags, inside("event", ecsEvent), shortStop),
		},
		{
			"dotted keys", extended(stop, `"event.kind":"alert"`, `"threat.technique":{"id":"T1"}`, `"rule.name":"Mine"`),
			extended(stop, `"event.kind":"alert"`, `"threat.technique":{"id":["T1","T1685"],"name":["Disable or Modify Tools"],"subtechnique":{"id":["T1685.002"],"name":["Disable or Modify Cloud Log"]}}`,
				`"rule.name":["Mine","Stop"]`, inside("event", `"severity":73`), inside("rule", strings.Replace(ecsRule, `"name":"Stop",`, "", 1)),
				inside("threat", `"framework":"MITRE ATT&CK"`), ecsTags, shortStop),
		},
		{"a second pass", extended(stop, full...), extended(stop, full...)},
		{
			"behind a tier with a higher level", extended(stop, inside("event", `"kind":"alert","severity":99`), `"sigma":{"level":"critical","rules":[{"id":"x","level":"critical"}]}`),
			extended(stop, inside("event", `"kind":"alert","severity":99`), inside("rule", ecsRule), inside("threat", ecsThreat), ecsTags,
				`"sigma":{"level":"critical","rules":[{"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11","level":"high"},{"id":"x","level":"critical"}]}`),
		},
		{
			"behind a tier with a lower level", extended(stop, inside("event", `"kind":"alert","severity":21`), `"sigma":{"level":"low","rules":[{"id":"x","level":"low"}]}`),
			extended(stop, inside("event", `"kind":"alert","severity":73`), inside("rule", ecsRule), inside("threat", ecsThreat), ecsTags,
				`"sigma":{"level":"high","rules":[{"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11","level":"high"},{"id":"x","level":"low"}]}`),
		},
		{"somebody else's value under the key", extended(stop, `"sigma":6`), extended(stop, append([]string{`"sigma_original":6`}, full...)...)},
		{
			"two rules", denied,
			extended(denied, inside("event", ecsEvent),
				inside("rule", `"id":["5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11","5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12"],"name":["Stop","Denied"],"author":["Somebody"],"ruleset":"Sigma"`),
				inside("threat", ecsThreat), ecsTags,
				`"sigma":{"level":"high","rules":[{"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11","level":"high"},{"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12","level":"low"}]}`),
		},
	} {
		if diff := cmp.Diff(test.want, atBothDoors(t, e, test.body)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestFormatECSBase(t *testing.T) {
	e := formatted(t, "ecs", true)
	base := func(body string) map[string]any {
		var v map[string]any
		if err := json.Unmarshal([]byte(atBothDoors(t, e, body)), &v); err != nil {
			t.Fatal(err)
		}
		for _, ours := range []string{"rule", "threat", "tags", "sigma"} {
			delete(v, ours)
		}
		var was map[string]any
		if err := json.Unmarshal([]byte(body), &was); err != nil {
			t.Fatal(err)
		}
		for key, value := range was {
			if cmp.Equal(v[key], value) {
				delete(v, key)
			}
		}
		return v
	}
	object := func(text string) (v map[string]any) {
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(text, err)
		}
		return v
	}
	rest := `"eventTime":"2026-11-20T08:00:00Z","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.7","userAgent":"cli","errorCode":"AccessDenied","errorMessage":"no",` +
		`"userIdentity":{"type":"AssumedRole","principalId":"AROA:s","accountId":"111122223333","sessionContext":{"sessionIssuer":{"userName":"admin"}}}`
	for _, test := range []struct{ name, body, want string }{
		{
			"everything", extended(stop, rest),
			`{"@timestamp":"2026-11-20T08:00:00Z","event":{"kind":"alert","severity":73,"action":"StopLogging","provider":"cloudtrail.amazonaws.com","id":"e1","outcome":"failure"},
			"cloud":{"provider":"aws","region":"eu-west-1","account":{"id":"111122223333"}},"source":{"address":"198.51.100.7","ip":"198.51.100.7"},
			"user":{"id":"AROA:s","name":"admin"},"user_agent":{"original":"cli"},"error":{"code":"AccessDenied","message":"no"}}`,
		},
		{
			"what is there stays", extended(stop, `"sourceIPAddress":"s3.amazonaws.com"`, `"eventTime":"yesterday"`, `"cloud":{"provider":"mine"}`, `"event":{"action":"a","id":7}`, `"recipientAccountId":"1"`),
			`{"event":{"kind":"alert","severity":73,"action":"a","provider":"cloudtrail.amazonaws.com","id":7,"outcome":"success"},
			"cloud":{"provider":"mine","account":{"id":"1"}},"source":{"address":"s3.amazonaws.com"}}`,
		},
		{
			"a failed sign-in", extended(stop, `"responseElements":{"ConsoleLogin":"Failure"}`),
			`{"event":{"kind":"alert","severity":73,"action":"StopLogging","provider":"cloudtrail.amazonaws.com","id":"e1","outcome":"failure"},"cloud":{"provider":"aws"}}`,
		},
		{
			"in an envelope", `{"detail":` + extended(stop, `"userAgent":"cli"`) + `}`,
			`{"event":{"kind":"alert","severity":73,"action":"StopLogging","provider":"cloudtrail.amazonaws.com","id":"e1","outcome":"success"},"cloud":{"provider":"aws"},"user_agent":{"original":"cli"}}`,
		},
		{
			"dotted keys", extended(stop, `"userIdentity.userName":"bob"`),
			`{"event":{"kind":"alert","severity":73,"action":"StopLogging","provider":"cloudtrail.amazonaws.com","id":"e1","outcome":"success"},"cloud":{"provider":"aws"},"user":{"name":"bob"}}`,
		},
		{"several records", `{"Records":[` + stop + `,` + stop + `]}`, `{"event":{"kind":"alert","severity":73}}`},
	} {
		if diff := cmp.Diff(object(test.want), base(test.body)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// What format flat writes for a hit of the rule Stop, but for what the record says.
const (
	flatHead = `"signature":"Stop","signature_id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11","severity":"high","type":"alert","mitre_technique_id":"T1685.002",` +
		`"annotations.mitre_attack.mitre_technique_id":["T1685.002"],"annotations.mitre_attack.mitre_technique":["Disable or Modify Cloud Log"],"risk_score":73`
	flatRisk = `"risk_object":"unknown","risk_object_type":"other","risk_message":"Stop: somebody called cloudtrail:StopLogging"`
	flatTail = `"sigma_level":"high","sigma_rule_ids":["5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11"],"sigma_rule_titles":["Stop"],"sigma_rule_authors":["Somebody"],` +
		`"sigma_tags":["attack.t1685.002"],"sigma_techniques":["T1685.002"]`
)

func TestFormatFlat(t *testing.T) {
	e := formatted(t, "flat", false)
	all := []string{flatHead, flatTail, flatRisk, shortStop}
	for _, test := range []struct{ name, body, want string }{
		{"no hit", quiet, quiet},
		{"a hit", stop, extended(stop, all...)},
		{
			"names that are there", extended(stop, `"severity":3`, `"signature":null`, `"sigma_tags":"mine"`),
			extended(stop, `"severity":3`, `"signature":null`, `"sigma_tags":"mine"`,
				strings.NewReplacer(`"signature":"Stop",`, "", `"severity":"high",`, "").Replace(flatHead),
				strings.Replace(flatTail, `"sigma_tags":["attack.t1685.002"],`, "", 1), flatRisk, shortStop),
		},
		{
			"a user", extended(stop, `"userIdentity":{"userName":"bob"}`),
			extended(stop, `"userIdentity":{"userName":"bob"}`, flatHead, flatTail, strings.NewReplacer("unknown", "bob", "other", "user", "somebody", "bob").Replace(flatRisk), shortStop),
		},
		{
			"a service", extended(stop, `"userIdentity":{"type":"AWSService","invokedBy":"config.amazonaws.com"}`),
			extended(stop, `"userIdentity":{"type":"AWSService","invokedBy":"config.amazonaws.com"}`, flatHead, flatTail,
				`"risk_object":"config.amazonaws.com","risk_object_type":"other","risk_message":"Stop: AWS service config.amazonaws.com called cloudtrail:StopLogging"`, shortStop),
		},
		{"a second pass", extended(stop, all...), extended(stop, all...)},
		{
			"several records", `{"Records":[` + stop + `,` + stop + `]}`,
			extended(`{"Records":[`+stop+`,`+stop+`]}`, flatHead, flatTail, strings.Replace(shortStop, `"level":"high"}]`, `"level":"high","event_ids":["e1","e1"]}]`, 1)),
		},
	} {
		if diff := cmp.Diff(test.want, atBothDoors(t, e, test.body)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestFormatsAgree: on whatever records, what was there stays as it was or is kept under another name, both doors write the same, the level is under our
// key, and a second pass changes nothing.
func TestFormatsAgree(t *testing.T) {
	var list []*rules.Rule
	for n := range uint64(120) {
		r, err := generated(rulegen.RuleFromBytes(rulegen.Seed(n)))
		if err != nil {
			t.Fatal(err)
		}
		keywords := func(s *rules.Search) bool {
			return slices.ContainsFunc(s.Groups, func(g rules.Group) bool {
				return slices.ContainsFunc(g.Items, func(i *rules.Item) bool { return i.Field == "" })
			})
		}
		if !slices.ContainsFunc(r.Searches, keywords) { // which would find what a format writes at the top
			list = append(list, r)
		}
	}
	hits := 0
	for _, format := range []string{"sigma", "ecs", "flat"} {
		s := conf.Default()
		s.Format, s.EcsBase = format, true
		e, err := NewEngine(s, mustRungs(t, list).engine.Program)
		if err != nil {
			t.Fatal(err)
		}
		for n := range uint64(600) {
			v, _ := record.Decode(recognisable(rulegen.RecordFromBytes(rulegen.Seed(n))), 0)
			text := string(record.AppendJSON(nil, v))
			if packed, err := record.AppendMsgpack(nil, []byte(text)); err != nil || !bytes.Equal(record.AppendJSON(nil, mustDecode(packed)), []byte(text)) {
				continue // what JSON cannot say
			}
			once := atBothDoors(t, e, text)
			if once == text {
				continue
			}
			hits++
			checkKept(t, text, once)
			if twice := atBothDoors(t, e, once); !sameMembers(once, twice) {
				t.Fatalf("%s: a second pass makes\n%s of\n%s", format, twice, once)
			}
		}
	}
	if hits < 300 {
		t.Errorf("%d hits", hits)
	}
	t.Logf("%d hits", hits)
}

func mustDecode(packed []byte) any {
	v, _ := record.Decode(packed, 0)
	return v
}

// checkKept holds that each member of before is in after: as it was, under another name, or with more in it.
func checkKept(t *testing.T, before, after string) {
	t.Helper()
	was, is := mustObject(t, before), mustObject(t, after)
	for _, m := range was.Members() {
		now, ok := is.Get(m.Key)
		old, moved := is.Get(m.Key + "_original")
		grown := slices.Contains([]string{"event", "rule", "threat", "tags", "cloud", "source", "user", "user_agent", "error", "sigma"}, m.Key)
		want := string(record.AppendJSON(nil, m.Value))
		same, renamed := ok && string(record.AppendJSON(nil, now)) == want, moved && string(record.AppendJSON(nil, old)) == want
		if !same && !grown && !renamed {
			t.Fatalf("%q was %v and is %v in %s", m.Key, m.Value, now, after)
		}
	}
	if own, _ := is.Get("sigma"); own.(*record.Object).Text("level") == "" {
		t.Fatalf("no level in %s", after)
	}
}

func mustObject(t *testing.T, text string) *record.Object {
	t.Helper()
	packed, err := record.AppendMsgpack(nil, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return mustDecode(packed).(*record.Object)
}

// sameMembers compares objects but for the order of their members at the top.
func sameMembers(a, b string) bool {
	var x, y map[string]json.RawMessage
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && maps.EqualFunc(x, y, func(v, w json.RawMessage) bool { return bytes.Equal(v, w) })
}

// FuzzFormats holds that formats write sound events in the same frames, whatever the bytes.
func FuzzFormats(f *testing.F) {
	var engines []*Engine
	for _, format := range []string{"ecs", "flat"} {
		engines = append(engines, formatted(f, format, true))
	}
	engines = append(engines, engine(f, func(s *conf.Settings) {
		s.Flatten, s.Summary, s.Suppress = "requestParameters,userIdentity,eventID", true, "1h"
	}))
	for _, body := range []string{stop, denied, quiet, extended(stop, `"event":{"kind":1}`, `"rule":[]`, `"tags":"a"`, `"event.kind":{}`), `{"detail":` + stop + `}`, extended(stop, `"requestParameters":{"a":[{"b":1},{"b":2}]}`)} {
		f.Add(event(f, body))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, e := range engines {
			out := process(t, e, data)
			checkAccounts(t, e)
			if out == nil {
				continue
			}
			var in, now chunk.Event
			was, is := chunk.NewWalker(data), chunk.NewWalker(out)
			for was.Next(&in) {
				if !is.Next(&now) || in.Kind != now.Kind {
					t.Fatalf("event %+v became %+v", in, now)
				}
				if in.Kind == chunk.Log && !bytes.Equal(data[in.Start:in.BodyStart], out[now.Start:now.BodyStart]) {
					t.Fatalf("the frame of event %+v became that of %+v", in, now)
				}
			}
			if is.Next(&now) {
				t.Fatalf("%+v is new", now)
			}
		}
	})
}
