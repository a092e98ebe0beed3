package conf

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, set map[string]string) (Settings, error) {
	t.Helper()
	return Parse(func(name string) (string, bool) {
		v, ok := set[name]
		return v, ok
	})
}

func TestDefaultsAreValid(t *testing.T) {
	s, err := parse(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Rules: "builtin", Fields: "cloudtrail", MinLevel: "informational", MinStatus: "unsupported", Key: "sigma", Format: "sigma",
		RevokedTechniques: "as_written", Emit: "all", FlattenSeparator: ".", Suppress: "off",
		SuppressBy:          "recipientAccountId,userIdentity.accountId,userIdentity.arn,userIdentity.principalId,userIdentity.userName,userIdentity.invokedBy",
		CorrelationLateness: 15 * time.Minute, CorrelationMaxGroups: 100000, CorrelationMaxEvents: 1000,
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, Default()); diff != "" {
		t.Error(diff)
	}
}

func TestParse(t *testing.T) {
	f := func(name, value, wantErr string, want any) {
		t.Helper()
		s, err := parse(t, map[string]string{name: value})
		if wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), wantErr) {
				t.Errorf("%s=%q: error %v, want one with %q", name, value, err, wantErr)
			}
			return
		}
		if err != nil {
			t.Errorf("%s=%q: %v", name, value, err)
			return
		}
		for _, o := range Options() {
			if o.Name == name {
				if got := reflect.ValueOf(s).Field(o.field).Interface(); got != want {
					t.Errorf("%s=%q: got %v, want %v", name, value, got, want)
				}
			}
		}
	}
	f("rules", " /etc/sigma , builtin ", "", "/etc/sigma , builtin")
	f("rules", "", "no rules named", nil)
	f("rules", "  ", "no rules named", nil)
	f("fields", "", "", "")
	f("fields", "/etc/sigma/fields.yml", "", "/etc/sigma/fields.yml")
	f("min_level", "high", "", "high")
	f("min_level", "HIGH", "", "high")
	f("min_level", "sever", `min_level: "sever" is not one of informational, low, medium, high, critical`, nil)
	f("format", "ECS", "", "ecs")
	f("format", "cim", `format: "cim" is not one of sigma, ecs, flat`, nil)
	f("evidence", "on", "", true)
	f("rule_fields", "falsepositives, x-own", "", "falsepositives, x-own")
	f("rule_fields", "detection", `rule_fields: "detection" says when a rule holds`, nil)
	f("rule_fields", "references,Evidence", `rule_fields: "Evidence" is what sigmatrail itself writes`, nil)
	f("rule_fields", "ID", `rule_fields: "ID": write id`, nil)
	f("revoked_techniques", "Both", "", "both")
	f("revoked_techniques", "new", `revoked_techniques: "new" is not one of as_written, both`, nil)
	f("flatten", " requestParameters, responseElements ", "", "requestParameters, responseElements")
	f("flatten", "requestParameters.items", `flatten: "requestParameters.items" is no top-level field: name "requestParameters"`, nil)
	f("flatten", "sigma", `flatten: "sigma" is the key under which hits are written`, nil)
	f("flatten_separator", "_", "", "_")
	f("flatten_separator", "·→··→··→", "", "·→··→··→")
	f("flatten_separator", ".........", `flatten_separator: "........." is longer than 8 characters`, nil)
	f("flatten_separator", "a b", `flatten_separator: "a b" has a space`, nil)
	f("flatten_separator", "\x1b[", "control character", nil)
	f("flatten_separator", "\xff", "invalid UTF-8", nil)
	f("summary", "on", "", true)
	f("suppress", "1h30m", "", "1h30m")
	f("suppress", "No", "", "No")
	f("suppress", "90", `suppress: "90" is no duration; use one such as 1h, 30m or 90s, or off`, nil)
	f("suppress", "1 day", "is no duration", nil)
	f("suppress", "-1h", "is shorter than a second", nil)
	f("suppress", "0s", "is shorter than a second", nil)
	f("suppress_by", "userIdentity.arn", "", "userIdentity.arn")
	f("strict", "on", "", true)
	f("strict", "Off", "", false)
	f("strict", "true", "", true)
	f("strict", "no", "", false)
	f("strict", "2", `strict: "2" is not a switch; use on or off`, nil)
	f("split", "on", "", true)
	f("emit", "Matches", "", "matches")
	f("emit", "hits", `emit: "hits" is not one of all, matches`, nil)
	f("reserve_key", "on", "", true)
	f("key", "detections", "", "detections")
	f("key", "", "key: the name is empty", nil)
	f("key", "a b", "has a space", nil)
	f("key", "a\x00", "control character", nil)
	f("key", "a\xff", "invalid UTF-8", nil)
	f("key", strings.Repeat("k", 129), "longer than 128", nil)
	f("key", "eventName", "is a field of CloudTrail records", nil)
	f("key", "detail", "is a field of CloudTrail records", nil)
}

// TestRuleFieldNames: each is named once, whatever stands around it.
func TestRuleFieldNames(t *testing.T) {
	s := Settings{RuleFields: " references,, x-own ,references,id"}
	if diff := cmp.Diff([]string{"references", "x-own", "id"}, s.RuleFieldNames()); diff != "" {
		t.Error(diff)
	}
	if names := (&Settings{RuleFields: " , "}).RuleFieldNames(); names != nil {
		t.Error(names)
	}
}

// TestLists: fields are named once each, whatever stands around them.
func TestLists(t *testing.T) {
	s, err := parse(t, map[string]string{"flatten": " requestParameters,, responseElements ,requestParameters", "suppress": "90s", "suppress_by": "a.b, c"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"requestParameters", "responseElements"}, s.FlattenFields()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a.b", "c"}, s.SuppressFields()); diff != "" {
		t.Error(diff)
	}
	if d, err := s.SuppressFor(); d != 90*time.Second || err != nil {
		t.Error(d, err)
	}
	for set, want := range map[string]string{"suppress_by": "suppress_by: no fields named", "flatten_separator": "flatten_separator: the text is empty"} {
		if _, err := parse(t, map[string]string{"suppress": "1h", "flatten": "a", set: " "}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := parse(t, map[string]string{"suppress_by": ","}); err != nil {
		t.Errorf("%v, and nothing is suppressed", err)
	}
}

func TestCorrelation(t *testing.T) {
	s, err := parse(t, map[string]string{"correlation_lateness": "90s", "correlation_max_groups": "0", "correlation_max_events": "7", "correlation_state": "/var/lib/x"})
	if err != nil || s.CorrelationLateness != 90*time.Second || s.CorrelationMaxGroups != 0 || s.CorrelationMaxEvents != 7 || s.CorrelationState != "/var/lib/x" {
		t.Errorf("%+v %v", s, err)
	}
	for name, value := range map[string]string{
		"correlation_lateness": "25h", "correlation_max_groups": "-1", "correlation_max_events": "-7",
	} {
		if _, err := parse(t, map[string]string{name: value}); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	s = Default()
	s.CorrelationLateness = -time.Second // as a flag may be
	if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), "correlation_lateness: -1s ") {
		t.Error(err)
	}
	if _, err := parse(t, map[string]string{"correlation_max_events": "many"}); err == nil || !strings.HasPrefix(err.Error(), "correlation_max_events: ") {
		t.Error(err)
	}
}

func TestParseReportsEveryMistake(t *testing.T) {
	_, err := parse(t, map[string]string{"min_level": "x", "strict": "y", "key": ""})
	for _, want := range []string{"min_level:", "strict:", "key:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
}

func TestOptions(t *testing.T) {
	var names []string
	for _, o := range Options() {
		names = append(names, o.Name+" --"+o.Flag())
		if o.Help == "" || !strings.HasSuffix(o.Help, ".") {
			t.Errorf("%s: help %q is not a sentence", o.Name, o.Help)
		}
		if strings.IndexFunc(o.Help, func(r rune) bool { return r > 126 || r < 32 }) >= 0 {
			t.Errorf("%s: help is not plain ASCII, which the C header needs", o.Name)
		}
	}
	want := []string{"rules --rules", "placeholders --placeholders", "fields --fields", "min_level --min-level", "min_status --min-status", "exclude --exclude", "level_overrides --level-overrides", "allow_narrowing_filters --allow-narrowing-filters", "key --key", "format --format", "ecs_base --ecs-base", "evidence --evidence", "rule_fields --rule-fields", "revoked_techniques --revoked-techniques", "split --split", "emit --emit", "reserve_key --reserve-key", "flatten --flatten", "flatten_separator --flatten-separator", "summary --summary", "suppress --suppress", "suppress_by --suppress-by", "correlation_lateness --correlation-lateness", "correlation_max_groups --correlation-max-groups", "correlation_max_events --correlation-max-events", "correlation_state --correlation-state", "strict --strict"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func TestHeaderAndMarkdownNameEveryOption(t *testing.T) {
	header, table := Header(), Markdown()
	for _, o := range Options() {
		if !strings.Contains(header, `OPTION("`+o.Name+`", "`+o.Default+`"`) {
			t.Errorf("header lacks %s:\n%s", o.Name, header)
		}
		flag := "`--" + o.Flag() + "`"
		if slices.Contains([]string{"split", "emit", "suppress", "suppress_by"}, o.Name) || strings.HasPrefix(o.Name, "correlation_") {
			flag = "none"
		}
		if !strings.Contains(table, "| `"+o.Name+"` | "+flag+" | "+shownDefault(o)+" |") {
			t.Errorf("table lacks %s:\n%s", o.Name, table)
		}
	}
}

func TestCString(t *testing.T) {
	if got, want := cString("a\"b\\c\nd"), `"a\"b\\c\nd"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func shownDefault(o Option) string {
	if o.Default == "" {
		return "none"
	}
	return "`" + o.Default + "`"
}
