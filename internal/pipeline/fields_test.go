package pipeline

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigmatrail/conf"
	"sigmatrail/internal/record"
	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

// engineOf makes an engine of one rule with a detection, which is one search identifier s.
func engineOf(t *testing.T, fields, item string) *Engine {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rule.yml")
	text := "title: T\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  s:\n    " + item + "\n  condition: s\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := New(conf.Settings{Rules: file, MinLevel: "low", Key: "sigma", Fields: fields})
	if err != nil {
		t.Fatalf("%s: %v", item, err)
	}
	return e
}

// TestECSItems holds what items say of ECS records, with objects, with dotted keys, and with some of both.
func TestECSItems(t *testing.T) {
	records := []string{
		`{"@timestamp":"2026-11-20T08:00:01.000Z","event":{"action":"A","provider":"ec2.amazonaws.com","id":"1"},"cloud":{"account":{"id":"012345678901"},` +
			`"region":"eu-west-1"},"user":{"name":"bob","id":"AIDA"},"source":{"address":"198.51.100.7","ip":"198.51.100.7"},"aws":{"cloudtrail":{"read_only":false,` +
			`"user_identity":{"type":"IAMUser","arn":"arn:aws:iam::012345678901:user/bob","session_context":{"mfa_authenticated":"false"}},` +
			`"resources":[{"arn":"arn:a","account_id":"1","type":"AWS::S3::Object"}],"request_parameters":"{n=7}",` +
			`"flattened":{"request_parameters":{"n":7,"ipPermissions":{"items":[{"toPort":22,"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}]}}}}}}`,
		`{"@timestamp":"2026-11-20T08:00:01.000Z","event.action":"A","event.provider":"ec2.amazonaws.com","event.id":"1","cloud.account.id":"012345678901",` +
			`"cloud.region":"eu-west-1","user.name":"bob","user.id":"AIDA","source.address":"198.51.100.7","source.ip":"198.51.100.7","aws.cloudtrail.read_only":false,` +
			`"aws.cloudtrail.user_identity.type":"IAMUser","aws.cloudtrail.user_identity.arn":"arn:aws:iam::012345678901:user/bob",` +
			`"aws.cloudtrail.user_identity.session_context.mfa_authenticated":"false","aws.cloudtrail.resources":[{"arn":"arn:a","account_id":"1","type":"AWS::S3::Object"}],` +
			`"aws.cloudtrail.request_parameters":"{n=7}","aws.cloudtrail.flattened.request_parameters.n":7,` +
			`"aws.cloudtrail.flattened.request_parameters":{"ipPermissions":{"items":[{"toPort":22,"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}]}}}`,
		`{"@timestamp":"2026-11-20T08:00:01.000Z","event":{"action":"A","id":"1"},"event.provider":"ec2.amazonaws.com","cloud.account":{"id":"012345678901"},` +
			`"cloud":{"region":"eu-west-1"},"user":{"name":"bob"},"user.id":"AIDA","source.address":"198.51.100.7","aws":{"cloudtrail.read_only":false,` +
			`"cloudtrail":{"user_identity.type":"IAMUser","user_identity":{"arn":"arn:aws:iam::012345678901:user/bob","session_context.mfa_authenticated":"false"},` +
			`"resources":{"arn":"arn:a","account_id":"1","type":"AWS::S3::Object"},"request_parameters":"{n=7}"},` +
			`"cloudtrail.flattened":{"request_parameters":{"n":7,"ipPermissions":[{"toPort":22,"ipRanges":[{"cidrIp":"0.0.0.0/0"}]}]}}}}`,
	}
	for item, want := range map[string]bool{
		"eventName: a":                         true,
		"eventName: B":                         false,
		"eventSource|startswith: ec2.":         true,
		"eventTime|hour: 8":                    true,
		"eventTime|hour: 9":                    false,
		"awsRegion: eu-west-1":                 true,
		"eventID: 1":                           true,
		"sourceIPAddress|cidr: 198.51.0/16":    true,
		"sourceIPAddress|neq: 198.51.100.7":    false,
		"userIdentity.accountId: 012345678901": true,
		"userIdentity.userName: bob":           true,
		"userIdentity.type: Root":              false,
		"userIdentity.arn|endswith: /bob":      true,
		"userIdentity|contains: user/bob":      true,
		"userIdentity.sessionContext.attributes.mfaAuthenticated: 'false'":     true,
		"userIdentity.sessionContext.attributes.mfaAuthenticated|exists: true": true,
		"userIdentity.arn|fieldref|endswith: userIdentity.userName":            true,
		"userIdentity.principalId|fieldref: userIdentity.userName":             false,
		"readOnly: false":                       true,
		"resources.ARN: arn:a":                  true,
		"resources.accountId: 1":                true,
		"resources.type|endswith: Object":       true,
		"requestParameters.n|gte: 7":            true,
		"requestParameters|contains: 0.0.0.0/0": true,
		"requestParameters|contains: nothing":   false,
		"requestParameters|exists: true":        true,
		// The short paths of security groups reach today's shapes in this form, too.
		"requestParameters.cidrIp: 0.0.0.0/0": true,
		"requestParameters.toPort|lt: 23":     true,
		"requestParameters.fromPort: null":    true,
		"errorCode: null":                     true,
		"errorCode|exists: false":             true,
		"responseElements.x: y":               false,
		// Keywords look at the record as it is.
		"'|all': [event_name, user/bob]": false,
		"'|all': [cloudtrail, user/bob]": true,
	} {
		item = strings.Replace(item, "198.51.0/16", "198.51.0.0/16", 1)
		e := engineOf(t, "ecs", item)
		for i, text := range records {
			body, err := record.AppendMsgpack(nil, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			hits, own, mapped := titles(t, e, body)
			if own != 0 || mapped != 1 {
				t.Fatalf("record %d: %d records of our form, %d of ECS", i, own, mapped)
			}
			if i == 1 && (strings.HasPrefix(item, "userIdentity|") || strings.HasPrefix(item, "'|all'")) {
				continue // with dotted keys there is no object to search, and the keys are another text
			}
			if (len(hits) > 0) != want {
				t.Errorf("%s on record %d: %v", item, i, !want)
			}
		}
	}
}

// TestECSOriginal: the original is judged where it is there, with all that the form has lost.
func TestECSOriginal(t *testing.T) {
	const body = `{"event":{"action":"A","provider":"s3.amazonaws.com"%s},"aws":{"cloudtrail":{"event_version":"1.11"}}}`
	original := `,"original":` + strconv.Quote(`{"eventVersion":"1.11","eventSource":"s3.amazonaws.com","eventName":"A","requestParameters":{"a":null}}`)
	e := engineOf(t, "ecs", "requestParameters.a|exists: true")
	for text, want := range map[string]int{"": 0, original: 1} {
		parsed, err := record.AppendMsgpack(nil, []byte(strings.Replace(body, "%s", text, 1)))
		if err != nil {
			t.Fatal(err)
		}
		hits, own, mapped := titles(t, e, parsed)
		if len(hits) != want || own != want || mapped != 1-want {
			t.Errorf("%q: %v, %d, %d", text, hits, own, mapped)
		}
	}
}

// TestProcessECS sends ECS through the door of the host: hits are written behind the other members, records without one stay, and what is
// neither form is foreign.
func TestProcessECS(t *testing.T) {
	const (
		hit   = `{"event":{"action":"StopLogging","provider":"cloudtrail.amazonaws.com","id":"e1"},"aws":{"cloudtrail":{"n":1}}}`
		miss  = `{"event":{"action":"GetTrailStatus","provider":"cloudtrail.amazonaws.com","id":"e2"}}`
		other = `{"event":{"action":"StopLogging","provider":"Security"}}`
		both  = `{"Records":[` + miss + `,` + hit + `]}`
	)
	e := engine(t, func(s *conf.Settings) { s.Fields = "ecs" })
	var data []byte
	for _, body := range []string{hit, miss, other, both, stop} {
		data = append(data, event(t, body)...)
	}
	want := []string{
		with(hit, stopped), miss, other, with(both, strings.Replace(stopped, `]}],`, `],"event_ids":["e1"]}],`, 1)), with(stop, stopped),
	}
	if diff := cmp.Diff(want, bodies(t, process(t, e, data))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Tally{Events: 5, Matched: 3, Unmatched: 1, Foreign: 1, Records: 5, Hits: 3}, e.Tally()); diff != "" {
		t.Error(diff)
	}
	checkProcess(t, e, data)
	for _, body := range []string{hit, miss, other, both} {
		checkDoors(t, e, []byte(body))
	}
	checkAccounts(t, e)
	// Without the setting none of the ECS records is one.
	plain := engine(t, nil)
	process(t, plain, data)
	if n := plain.Tally(); n.Foreign != 4 || n.Matched != 1 {
		t.Errorf("%+v", n)
	}
}

func TestFieldsFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	own := write("own.yml", "records: {eventName: op, eventSource: [service, svc], requestParameters.*: args.*}\n")
	wrapped := write("wrapped.yml", "records: {'*': ct.*}\n")
	based := write("based.yml", "base: ecs\nrecords: {userIdentity.identityProvider: idp, eventID: id}\n")
	names := write("names.yml", "taxonomies: {acme: {op: eventName}}\n")
	for _, test := range []struct {
		file, item, body string
		want             int // hits, or -1 where there is no record
	}{
		{own, "requestParameters.a: 1", `{"op":"A","svc":"s3.amazonaws.com","args":{"a":1}}`, 1},
		{own, "requestParameters|contains: x", `{"op":"A","svc":"s3.amazonaws.com","args":{"a":"x"}}`, 1},
		{own, "requestParameters.toPort: 22", `{"op":"A","service":"ec2.amazonaws.com","args":{"ipPermissions":[{"toPort":22}]}}`, 1},
		{own, "eventName: A", `{"op":"A","svc":"other"}`, -1},
		{own, "eventName: A", `{"event":{"action":"A","provider":"s3.amazonaws.com"}}`, -1},
		{wrapped, "requestParameters.toPort: 22", `{"ct":{"eventName":"A","eventSource":"ec2.amazonaws.com","requestParameters":{"ipPermissions":[{"toPort":22}]}}}`, 1},
		{based, "userIdentity.identityProvider: x", `{"event":{"action":"A","provider":"s3.amazonaws.com"},"idp":"x"}`, 1},
		{based, "eventID: x", `{"event":{"action":"A","provider":"s3.amazonaws.com","id":"x"},"id":"y"}`, 0},
		{names, "eventName: A", `{"event":{"action":"A","provider":"s3.amazonaws.com"}}`, -1},
		{names, "eventName: A", one, 1},
	} {
		e := engineOf(t, test.file, test.item)
		body, err := record.AppendMsgpack(nil, []byte(test.body))
		if err != nil {
			t.Fatal(err)
		}
		hits, own, mapped := titles(t, e, body)
		got := len(hits)
		if own+mapped == 0 {
			got = -1
		}
		if got != test.want {
			t.Errorf("%s, %s, %s: %d", filepath.Base(test.file), test.item, test.body, got)
		}
	}
}

const one = `{"eventVersion":"1.11","eventSource":"s3.amazonaws.com","eventName":"A"}`

func TestFieldsWarnings(t *testing.T) {
	f := func(fields, item string, want ...rules.Code) {
		t.Helper()
		var got []rules.Code
		for _, p := range engineOf(t, fields, item).Rules().Problems {
			got = append(got, p.Code)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s, %s: %v", fields, item, got)
		}
	}
	f("ecs", "requestParameters.a: null", rules.FieldLossy)
	f("ecs", "requestParameters.a: x")
	f("ecs", "errorCode: null")
	f("ecs", "errorCode: ''", rules.FieldLossy)
	f("ecs", "tlsDetails.tlsVersion: TLSv1.3", rules.FieldUnmapped)
	f("cloudtrail", "requestParameters.a: null")
	f("cloudtrail", "tlsDetails.tlsVersion: ''")
	file := filepath.Join(t.TempDir(), "f.yml")
	if err := os.WriteFile(file, []byte("records: {eventName: a, eventSource: b}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f(file, "eventName: ''")
	f(file, "errorCode: x", rules.FieldUnmapped)
}

func TestFieldsRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.yml")
	if err := os.WriteFile(file, []byte("record: {}\nbase: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for setting, want := range map[string]string{
		"esc": `fields: "esc" is neither cloudtrail nor ecs, nor a file that can be read: open esc: no such file`,
		file:  "fields: " + file + `:1:1: a file of field mappings has no "record"`,
	} {
		_, err := New(conf.Settings{Rules: Builtin, MinLevel: "low", Key: "sigma", Fields: setting})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", setting, err)
		}
	}
	if _, err := RuleOptions(conf.Settings{Fields: file}); err == nil || !strings.Contains(err.Error(), ":2:7: ") {
		t.Errorf("the second mistake is not named: %v", err)
	}
	if o, err := RuleOptions(conf.Settings{Fields: "ecs"}); err != nil || o.Form == nil || o.Form.Place("eventName") != rules.Sparse {
		t.Errorf("%v %v", o, err)
	}
	if m := mappingOf("f", &rules.FieldMappings{Base: rules.BaseECS, Records: map[string][]string{"eventName": {"x"}}}); m.Name != "f" || record.ECS().Name != "ecs" {
		t.Errorf("%v", m)
	}
}
