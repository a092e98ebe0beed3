package ruletest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

// article is a public article on rules for CloudTrail. Its snippets are taken out of it when the test runs, and are not part of the project.
type article []string // lines

// plain turns the spaces of web pages into those of editors.
func plain(text string) string { return strings.ReplaceAll(text, "\u00a0", " ") }

// snippet returns the lines from one to the next that is another, as they stand, with the strange spaces of the page.
func (a article) snippet(t *testing.T, first, last string) string {
	t.Helper()
	is := func(i int, text string) bool { return strings.TrimRight(plain(a[i]), " ") == text }
	for i := range a {
		if !is(i, first) {
			continue
		}
		for j := i + 1; j < len(a) && !is(j, first); j++ {
			if is(j, last) {
				return strings.Join(a[i:j+1], "\n") + "\n"
			}
		}
	}
	t.Fatalf("the article has no snippet from %q to %q", first, last)
	return ""
}

// said loads texts as files of their own, and returns what is said of each as file:line:code, and the whole of the messages.
func said(texts ...string) (set *rules.Set, codes []string, messages string) {
	files := make([]rules.File, 0, len(texts))
	for i, text := range texts {
		files = append(files, rules.File{Name: string(rune('a' + i)), Text: []byte(text)})
	}
	set = rules.ParseFiles(files, rules.Options{})
	var b strings.Builder
	for _, p := range set.Problems {
		codes = append(codes, fmt.Sprintf("%s:%d:%s", p.File, p.Line, p.Code))
		b.WriteString(p.Excerpt())
	}
	return set, codes, b.String()
}

// verdict tells whether any rule of the set matches an event, given as JSON.
func verdict(t *testing.T, set *rules.Set, event string) bool {
	t.Helper()
	packed, err := record.AppendMsgpack(nil, []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := record.Decode(packed, 0)
	return len(oracle.New(set.Rules, record.DefaultAliases(), "sigma").Match(body.(*record.Object), time.Time{})) > 0
}

const head = "title: Of our own\nlevel: low\nlogsource:\n  product: aws\n  service: cloudtrail\n"

// articleCase is one snippet: what is said of it as a reader pastes it, and when its spaces are plain; what mends it, and the verdicts before
// and after.
type articleCase struct {
	name, first, last string
	pasted, plain     []string // file:line:code
	says              []string // parts of what is said of the plain form
	mend              func(text string) string
	mended            []string // what is still said
	// hits and misses are of the mended form; wrong hits only the mended one.
	hits, misses, wrong []string
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

var articleCases = []articleCase{
	{
		name: "logging disabled", first: "title: AWS CloudTrail Disable Logging", last: "  - Valid Trail changes",
		pasted: []string{"a:2:yaml-space", "a:2:id-not-uuid"}, plain: []string{"a:2:id-not-uuid"},
		mend: func(text string) string { return text }, mended: []string{"a:2:id-not-uuid"},
		hits:   []string{`{"eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging"}`, `{"eventSource":"cloudtrail.amazonaws.com","eventName":"UpdateTrail"}`},
		misses: []string{`{"eventSource":"cloudtrail.amazonaws.com","eventName":"StartLogging"}`, `{"eventSource":"iam.amazonaws.com","eventName":"DeleteTrail"}`},
	},
	{
		name: "root key", first: "title: AWS Root Access Key Creation", last: "  - attack.t1098",
		pasted: []string{"a:2:yaml-space", "a:2:id-not-uuid", "a:8:value-suspicious"}, plain: []string{"a:2:id-not-uuid", "a:8:value-suspicious"},
		says: []string{`"iahttp://m.amazonaws.com"`, `did you mean "iam.amazonaws.com"?`},
		mend: func(text string) string { return strings.Replace(text, "iahttp://m.", "iam.", 1) }, mended: []string{"a:2:id-not-uuid"},
		wrong:  []string{`{"eventSource":"iam.amazonaws.com","eventName":"CreateAccessKey","userIdentity":{"type":"Root"}}`},
		misses: []string{`{"eventSource":"iam.amazonaws.com","eventName":"CreateAccessKey","userIdentity":{"type":"IAMUser"}}`},
	},
	{
		name: "port 22", first: "title: AWS Security Group SSH Open", last: "  - Legitimate bastion host setup",
		pasted: []string{"a:2:yaml-space", "a:2:id-not-uuid"}, plain: []string{"a:2:id-not-uuid"},
		mend: func(text string) string { return text }, mended: []string{"a:2:id-not-uuid"},
		hits: []string{
			`{"eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress","requestParameters":{"toPort":22}}`,
			`{"eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress","requestParameters":{"ipPermissions":{"items":[{"fromPort":22,"toPort":22}]}}}`,
		},
		misses: []string{`{"eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress","requestParameters":{"ipPermissions":{"items":[{"fromPort":22,"toPort":23}]}}}`},
	},
	{
		name: "a detection alone", first: "detection:", last: "  condition: s3_bucket_delete and not filter_legit",
		pasted: []string{"a:1:missing-field", "a:2:yaml-space"}, plain: []string{"a:1:missing-field"},
		says:   []string{"no title and no logsource", "title: ", "product: aws", "service: cloudtrail", "level: "},
		mend:   func(text string) string { return head + text },
		hits:   []string{`{"eventSource":"s3.amazonaws.com","eventName":"DeleteBucket","requestParameters":{"bucketName":"payroll"}}`, `{"eventSource":"s3.amazonaws.com","eventName":"DeleteBucket"}`},
		misses: []string{`{"eventSource":"s3.amazonaws.com","eventName":"DeleteBucket","requestParameters":{"bucketName":"Backup-1"}}`},
	},
	{
		name: "a pipe between two fields", first: "detection:", last: "  condition: ec2_export and failure",
		pasted: []string{"a:2:yaml-space", "a:6:yaml-syntax"}, plain: []string{"a:6:yaml-syntax"},
		says: []string{"a:6:20", "two fields on one line", "- errorCode: '*'\n   - errorMessage: '*'"},
		mend: func(text string) string {
			return head + strings.Replace(text, "errorCode: '*' | errorMessage: '*'", "- errorCode: '*'\n    - errorMessage: '*'", 1)
		},
		hits: []string{
			`{"eventSource":"ec2.amazonaws.com","eventName":"CreateInstanceExportTask","errorCode":"Client.UnauthorizedOperation"}`,
			`{"eventSource":"ec2.amazonaws.com","eventName":"CreateInstanceExportTask","errorMessage":"no"}`,
		},
		misses: []string{`{"eventSource":"ec2.amazonaws.com","eventName":"CreateInstanceExportTask"}`, `{"eventSource":"ec2.amazonaws.com","eventName":"CreateInstanceExportTask","errorCode":null}`},
	},
	{
		name: "a filter alone", first: "filter_legit:", last: "  requestParameters.bucketName|startswith: 'temp-backup-'",
		pasted: []string{"a:1:missing-field", "a:1:attribute-misplaced", "a:2:yaml-space"}, plain: []string{"a:1:missing-field", "a:1:attribute-misplaced"},
		says: []string{"belongs under detection", "condition: selection and not filter_legit"},
		mend: func(text string) string {
			return head + "detection:\n  selection: {eventName: DeleteBucket}\n" + indent(text) + "  condition: selection and not filter_legit\n"
		},
		hits: []string{
			`{"eventName":"DeleteBucket","userIdentity":{"arn":"arn:aws:iam::123:role/backup-role"},"requestParameters":{"bucketName":"payroll"}}`,
			`{"eventName":"DeleteBucket","userIdentity":{"arn":"arn:aws:iam::123:user/x"},"requestParameters":{"bucketName":"temp-backup-1"}}`,
		},
		misses: []string{`{"eventName":"DeleteBucket","userIdentity":{"arn":"arn:aws:iam::123:role/backup-role/s"},"requestParameters":{"bucketName":"temp-backup-1"}}`},
	},
}

// TestArticle holds what the article's reader gets for each of its rules as it stands there, and that its mended form judges as it is meant.
func TestArticle(t *testing.T) {
	names, _ := filepath.Glob("../../../shared/seed/*.txt")
	if len(names) == 0 {
		t.Skip("skipped: ../shared/seed is not there")
	}
	src, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	text := article(strings.Split(string(src), "\n"))
	snippets := 0
	for _, c := range articleCases {
		t.Run(c.name, func(t *testing.T) { c.run(t, text.snippet(t, c.first, c.last)) })
		snippets++
	}
	rootKey := plain(text.snippet(t, "title: AWS Root Access Key Creation", "  - attack.t1098"))
	ports := plain(text.snippet(t, "title: AWS Security Group SSH Open", "  - Legitimate bastion host setup"))
	t.Run("correlation", func(t *testing.T) {
		correlationCase(t, text.snippet(t, "correlation:", "  condition: all"), rootKey, ports)
	})
	t.Run("old aggregation", func(t *testing.T) {
		aggregationCase(t, text.snippet(t, "timespan: 30m", "condition: value_count(selection, 1, 30m) > 1"), ports)
	})
	snippets += 2
	tops := 0 // every line at which a snippet of YAML begins
	for _, line := range text {
		if line = plain(line); strings.HasPrefix(line, "title: ") || strings.HasPrefix(line, "correlation:") || strings.HasPrefix(line, "filter_legit:") || strings.HasPrefix(line, "timespan:") {
			tops++
		} else if strings.HasPrefix(line, "detection:") {
			tops++
		}
	}
	if tops -= 3; snippets != 8 || tops != snippets { // three of the detections are in whole rules
		t.Errorf("%d snippets ran, the article has %d", snippets, tops)
	}
	t.Logf("%d snippets", snippets)
}

func (c articleCase) run(t *testing.T, text string) {
	if _, codes, messages := said(text); !slices.Equal(codes, c.pasted) {
		t.Errorf("pasted: %s%s", cmp.Diff(c.pasted, codes), messages)
	}
	set, codes, messages := said(plain(text))
	if !slices.Equal(codes, c.plain) {
		t.Errorf("with plain spaces: %s%s", cmp.Diff(c.plain, codes), messages)
	}
	for _, part := range c.says {
		if !strings.Contains(messages, part) {
			t.Errorf("nothing says %q:\n%s", part, messages)
		}
	}
	for _, event := range c.wrong {
		if verdict(t, set, event) {
			t.Errorf("the form that is wrong hits %s", event)
		}
	}
	set, codes, messages = said(c.mend(plain(text)))
	if len(set.Rules) != 1 || !slices.Equal(codes, c.mended) {
		t.Fatalf("mended: %d rules, %s%s", len(set.Rules), cmp.Diff(c.mended, codes), messages)
	}
	for _, event := range slices.Concat(c.hits, c.wrong) {
		if !verdict(t, set, event) {
			t.Errorf("misses %s", event)
		}
	}
	for _, event := range c.misses {
		if verdict(t, set, event) {
			t.Errorf("hits %s", event)
		}
	}
}

// correlationCase: alone it lacks a title and the rules; with both it is there, with warnings.
func correlationCase(t *testing.T, text, rootKey, ports string) {
	t.Helper()
	_, codes, messages := said(plain(text))
	want := []string{
		"a:1:missing-field", "a:2:correlation-ungrouped", "a:4:correlation-reference", "a:5:correlation-reference", "a:7:correlation-all",
	}
	if !slices.Equal(codes, want) {
		t.Errorf("alone: %s%s", cmp.Diff(want, codes), messages)
	}
	set, codes, messages := said("title: Root key, then port 22\n"+plain(text), rootKey, ports)
	want = []string{"a:3:correlation-ungrouped", "a:8:correlation-all", "b:2:id-not-uuid", "b:8:value-suspicious", "c:2:id-not-uuid"}
	if len(set.Correlations) != 1 || len(set.Rules) != 2 || !slices.Equal(codes, want) {
		t.Errorf("with its rules: %d correlations, %s%s", len(set.Correlations), cmp.Diff(want, codes), messages)
	}
	if c := set.Correlations[0]; c.Type != "temporal_ordered" || c.Timespan != time.Hour || len(c.Rules) != 2 {
		t.Errorf("%+v", c)
	}
}

// aggregationCase: the correlation rule that is proposed for it is sound.
func aggregationCase(t *testing.T, text, rule string) {
	t.Helper()
	if _, codes, messages := said(text); !slices.Equal(codes, []string{"a:1:missing-field", "a:2:yaml-space", "a:2:condition-aggregation"}) {
		t.Errorf("pasted: %v\n%s", codes, messages)
	}
	// Inside a rule it is answered in the same way.
	for _, whole := range []string{plain(text), head + "detection:\n  selection: {eventName: A}\n" + indent(plain(text))} {
		set, _, messages := said(whole)
		i := slices.IndexFunc(set.Problems, func(p rules.Problem) bool { return p.Code == rules.ConditionAggregation })
		if i < 0 {
			t.Fatalf("not recognised:\n%s", messages)
		}
		_, proposed, _ := strings.Cut(set.Problems[i].Hint, "---\n")
		set, _, messages = said(strings.Replace(proposed, "[ID of this rule]", "[aws-sg-ssh-open]", 1), rule)
		if len(set.Correlations) != 1 || len(set.Problems.Errors()) > 0 {
			t.Fatalf("the proposed correlation is not sound:\n%s\n%s", proposed, messages)
		}
		if c := set.Correlations[0]; c.Type != "event_count" || c.Timespan != 30*time.Minute || len(c.Bounds) != 1 || c.Bounds[0].Op != "gt" {
			t.Errorf("%+v", c)
		}
	}
}

// TestWildcardField: the article also says that nested fields are written requestParameters.*; that is answered with what finds the same.
func TestWildcardField(t *testing.T) {
	const event = `{"eventName":"A","requestParameters":{"policy":{"name":"AdministratorAccess"}}}`
	for _, field := range []string{"requestParameters.*", "responseElements.*"} {
		_, codes, messages := said(head + "detection:\n  selection:\n    " + field + ": Administrator\n  condition: selection\n")
		outer := strings.TrimSuffix(field, ".*")
		if !slices.Equal(codes, []string{"a:8:field-invalid"}) || !strings.Contains(messages, "write "+outer+"|contains") {
			t.Errorf("%v\n%s", codes, messages)
		}
		set, codes, messages := said(head + "detection:\n  selection:\n    " + outer + "|contains: Administrator\n  condition: selection\n")
		if len(codes) > 0 || verdict(t, set, event) != (outer == "requestParameters") || verdict(t, set, `{"eventName":"A"}`) {
			t.Errorf("mended: %v\n%s", codes, messages)
		}
	}
}
