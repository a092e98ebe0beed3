package coverage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

// parse returns the rule with tags and a detection.
func parse(t *testing.T, tags, detection string) *rules.Rule {
	t.Helper()
	text := "title: T\nlevel: low\ntags: [" + tags + "]\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n" + detection
	list, problems := rules.Parse("r.yml", []byte(text), rules.Options{})
	if len(list) != 1 || len(problems.Errors()) > 0 {
		t.Fatalf("%s%d rules, %v", text, len(list), problems)
	}
	return list[0]
}

// TestNeeds: what rules may match, and what CloudTrail must record for it.
func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		detection   string
		calls       string
		needs, some string
	}{
		{"  a: {eventSource: ec2.amazonaws.com, eventName: RunInstances}\n  condition: a\n", "ec2.amazonaws.com/RunInstances", "management:write", ""},
		{
			"  a: {eventSource: ec2.amazonaws.com, eventName: [RunInstances, DescribeInstances]}\n  condition: a\n",
			"ec2.amazonaws.com/RunInstances ec2.amazonaws.com/DescribeInstances", "", "management:write management:read",
		},
		// Of what is in two search identifiers both holds; what is ruled out says nothing.
		{
			"  a: {eventSource: [iam.amazonaws.com, sts.amazonaws.com]}\n  b: {eventName: AssumeRole}\n  c: {eventSource: iam.amazonaws.com}\n  condition: a and b and not c\n",
			"iam.amazonaws.com/AssumeRole sts.amazonaws.com/AssumeRole", "management:read global-services", "",
		},
		{
			"  a: {eventName: [GetObject, PutObject]}\n  b: {eventName|startswith: Put, eventSource: s3.amazonaws.com}\n  condition: a and b\n",
			"s3.amazonaws.com/PutObject", "data:AWS::S3::Object", "",
		},
		{
			"  a: {eventSource: s3.amazonaws.com, eventName: PutBucketAcl}\n  b: {eventSource: s3.amazonaws.com, eventName: PutObjectAcl}\n  condition: 1 of them\n",
			"s3.amazonaws.com/PutBucketAcl s3.amazonaws.com/PutObjectAcl", "", "management:write data:AWS::S3::Object",
		},
		// An open name, and none.
		{
			"  a: {eventSource: dynamodb.amazonaws.com, eventName|startswith: Get}\n  condition: a\n", "dynamodb.amazonaws.com/Get*", "",
			"management:read data:AWS::DynamoDB::Stream data:AWS::DynamoDB::Table",
		},
		{
			"  a: {eventSource: lambda.amazonaws.com, eventName|endswith: Invoke}\n  condition: a\n", "lambda.amazonaws.com/*Invoke", "",
			"management:write management:read data:AWS::Lambda::Function",
		},
		{"  a: {userIdentity.type: Root}\n  condition: a\n", "*/*", "", "management:write management:read data"},
		{"  a: {eventSource: kms.amazonaws.com}\n  condition: a\n", "kms.amazonaws.com/*", "not-excluded:kms.amazonaws.com", "management:write management:read"},
		{"  a: {eventSource: sts.amazonaws.com, eventName: AssumeRoot}\n  condition: a\n", "sts.amazonaws.com/AssumeRoot", "global-services", "management:write management:read"},
		// A name that holds by itself, and one that several services have.
		{"  a: {eventName: ConsoleLogin}\n  condition: a\n", "*/ConsoleLogin", "management:write sign-in", ""},
		{"  a: {eventName: SelectObjectContent}\n  condition: a\n", "*/SelectObjectContent", "", "management:read data:AWS::S3::Object"},
		{"  a: {eventName: GetRecords}\n  condition: a\n", "*/GetRecords", "management:read", ""},
		// The kinds that records name themselves.
		{"  a: {eventCategory: Insight}\n  condition: a\n", "*/*", "insights", ""},
		{"  a: {eventType: AwsVpceEvent, eventSource: s3.amazonaws.com}\n  condition: a\n", "s3.amazonaws.com/*", "network-activity", ""},
		{"  a: {eventCategory: Data, eventSource: lambda.amazonaws.com}\n  condition: a\n", "lambda.amazonaws.com/*", "data:AWS::Lambda::Function", ""},
		{"  a: {eventCategory: Management, eventSource: s3.amazonaws.com, eventName|startswith: Put}\n  condition: a\n", "s3.amazonaws.com/Put*", "management:write", ""},
		// What another alternative includes is not named again, and what nothing can have is not named.
		{"  a: {eventName: A}\n  b: {eventName: B}\n  c: {eventName: [A, C]}\n  condition: (a or b) and c\n", "*/A", "management:write", ""},
		{"  a: {eventName: A}\n  b: {eventName: [A, B], eventSource: x.amazonaws.com}\n  condition: 1 of them\n", "*/A x.amazonaws.com/B", "management:write", ""},
	} {
		r := parse(t, "", c.detection)
		var calls []string
		for _, call := range Calls(r) {
			calls = append(calls, call.Source+"/"+call.Name)
		}
		n := NeedsOf(r)
		text := func(list []Requirement) string { return strings.Trim(fmt.Sprint(list), "[]") }
		got := []string{strings.Join(calls, " "), text(n.All), text(n.Some)}
		if diff := cmp.Diff([]string{c.calls, c.needs, c.some}, got); diff != "" {
			t.Errorf("%s%s", c.detection, diff)
		}
	}
}

// TestManyAlternatives: a rule of which the alternatives are too many to list has fewer demands, and its calls are not fewer.
func TestManyAlternatives(t *testing.T) {
	detection, condition := "", "  condition: s"
	for i := range 12 {
		detection += fmt.Sprintf("  a%d: {eventName|contains: A%d}\n  b%d: {eventSource|contains: b%d}\n", i, i, i, i)
		condition += fmt.Sprintf(" and (a%d or b%d)", i, i)
	}
	calls := Calls(parse(t, "", "  s: {eventCategory: Management}\n"+detection+condition+"\n"))
	if len(calls) == 0 || calls[0].Category != "Management" {
		t.Errorf("%v", calls)
	}
}

// TestEnable: every requirement says what to do.
func TestEnable(t *testing.T) {
	all := []Requirement{ManagementWrite, ManagementRead, AnyData, Insights, NetworkActivity, GlobalServices, SignIn}
	for _, d := range dataOperations() {
		all = append(all, Requirement(dataPrefix+d.resource))
	}
	for _, service := range excludable() {
		all = append(all, Requirement(excludedPrefix+service))
	}
	said := make(map[string]Requirement)
	for _, r := range all {
		text := r.Enable()
		if other, again := said[text]; text == "" || again && other != r || r.rank() < 0 {
			t.Errorf("%s: %q, rank %d", r, text, r.rank())
		}
		said[text] = r
	}
}

// TestMatrix: where rules stand.
func TestMatrix(t *testing.T) {
	const detection = "  a: {eventName: A}\n  condition: a\n"
	for _, c := range []struct{ tags, want string }{
		{"attack.persistence, attack.t1098.001", "persistence: T1098.001"},
		{"attack.t1098.001", "persistence: T1098.001; privilege-escalation: T1098.001"},
		// Tactics of the rule that the technique does not serve stay without one, and so do those without a technique.
		{"attack.impact, attack.persistence, attack.t1098", "persistence: T1098; impact:"},
		{"attack.collection", "collection:"},
		// What ATT&CK has replaced, and divided.
		{"attack.defense_evasion, attack.t1562.008", "defense-impairment: T1685.002"},
		{"attack.t1562.008, attack.t1685.002", "defense-impairment: T1685.002"},
		{"attack.t9999, attack.g0001, detection.dfir", "unmapped"},
		{"", "unmapped"},
	} {
		m := NewMatrix([]*rules.Rule{parse(t, c.tags, detection)})
		var got []string
		for _, tactic := range m.Tactics {
			if len(tactic.Rules) == 0 {
				continue
			}
			text := tactic.Shortname + ":"
			for _, cell := range tactic.Techniques {
				text += " " + cell.ID
			}
			got = append(got, text)
		}
		if len(m.Unmapped) > 0 {
			got = append(got, "unmapped")
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s: %s, want %s", c.tags, text, c.want)
		}
	}
}

// TestSharedEvents holds what is said of operations to what records say of themselves.
func TestSharedEvents(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/events/*.ndjson")
	if len(files) == 0 {
		t.Skip("skipped: ../shared/data/events is not there")
	}
	// Records that somebody has made up for tests say what CloudTrail does not.
	madeUp := map[string]bool{"cloudtrail.amazonaws.com/DescribeTrail": true, "cloudtrail.amazonaws.com/StartLogging": true, "wafv2.amazonaws.com/ListWebACLs": true}
	seen := make(map[string]bool)
	data := 0
	for _, file := range files {
		for _, e := range eventsOf(t, file) {
			c := Call{Source: e.Source, Name: e.Name}
			key := c.Source + "/" + c.Name
			if madeUp[key] || e.ReadOnly == nil {
				continue
			}
			if reads, writes := readOnly(c); reads != *e.ReadOnly || writes == reads {
				t.Errorf("%s: reads %t, the record says %t", key, reads, *e.ReadOnly)
			}
			types, management := resourceTypes(c)
			switch {
			case e.Category == "Data" && (len(types) == 0 || management):
				t.Errorf("%s: not known as a data event", key)
			case e.Category == "Data":
				data++
			case e.Category == "Management" && !management:
				t.Errorf("%s: not known as a management event", key)
			}
			seen[key] = true
		}
	}
	if len(seen) < 230 || data == 0 {
		t.Errorf("%d operations, %d data events", len(seen), data)
	}
	t.Logf("%d operations", len(seen))
}

// recorded is what a record says of itself.
type recorded struct {
	Source   string    `json:"eventSource"`
	Name     string    `json:"eventName"`
	Category string    `json:"eventCategory"`
	ReadOnly *bool     `json:"readOnly"`
	Event    *recorded `json:"event"`
	Detail   *recorded `json:"detail"`
}

// eventsOf returns the records of a file, one a line, which may be in an envelope.
func eventsOf(t *testing.T, file string) (list []recorded) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var r recorded
		if json.Unmarshal(line, &r) != nil {
			continue // a form that this test does not need
		}
		for r.Name == "" && (r.Event != nil || r.Detail != nil) {
			if r.Event != nil {
				r = *r.Event
			} else {
				r = *r.Detail
			}
		}
		if r.Name != "" {
			list = append(list, r)
		}
	}
	return list
}
