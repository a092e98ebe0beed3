package cloudtrail_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// detonation is a technique of Stratus Red Team: which of the operations that it calls decides that it has been used, the least level that a rule
// must give it, and its technique of ATT&CK (or one whose sub-techniques will do): that of Stratus's own mapping in today's numbers, and where
// Stratus has none, or maps the whole procedure and not the operation, that of the operation.
type detonation struct {
	technique string
	deciding  []string
	level     rules.Level
	attack    string
}

var detonations = []detonation{
	{"aws.credential-access.ec2-get-password-data", []string{"GetPasswordData"}, rules.Medium, "T1552"},
	{"aws.credential-access.ec2-steal-instance-credentials", []string{"GetCallerIdentity", "DescribeInstances", "SendCommand"}, rules.Medium, "T1552.005"},
	{"aws.credential-access.secretsmanager-batch-retrieve-secrets", []string{"BatchGetSecretValue"}, rules.Medium, "T1555.006"},
	{"aws.credential-access.secretsmanager-retrieve-secrets", []string{"GetSecretValue"}, rules.Medium, "T1555.006"},
	{"aws.credential-access.ssm-retrieve-securestring-parameters", []string{"GetParameters"}, rules.Medium, "T1555.006"},
	{"aws.defense-evasion.cloudtrail-delete", []string{"DeleteTrail"}, rules.High, "T1685.002"},
	{"aws.defense-evasion.cloudtrail-event-selectors", []string{"PutEventSelectors"}, rules.Medium, "T1685.002"},
	{"aws.defense-evasion.cloudtrail-stop", []string{"StopLogging"}, rules.High, "T1685.002"},
	{"aws.defense-evasion.dns-delete-logs", []string{"DeleteResolverQueryLogConfig"}, rules.Medium, "T1685.002"},
	{"aws.defense-evasion.organizations-leave", []string{"LeaveOrganization"}, rules.Medium, "T1666"},
	{"aws.defense-evasion.vpc-remove-flow-logs", []string{"DeleteFlowLogs"}, rules.Medium, "T1685.002"},
	{"aws.discovery.ec2-download-user-data", []string{"DescribeInstanceAttribute"}, rules.Medium, "T1580"},
	{"aws.execution.ec2-launch-unusual-instances", []string{"RunInstances"}, rules.Medium, "T1496"},
	{"aws.execution.ec2-user-data", []string{"ModifyInstanceAttribute"}, rules.Medium, "T1059"},
	{"aws.execution.ssm-send-command", []string{"SendCommand"}, rules.Medium, "T1651"},
	{"aws.execution.ssm-start-session", []string{"StartSession"}, rules.Medium, "T1021"},
	{"aws.exfiltration.ec2-security-group-open-port-22-ingress", []string{"AuthorizeSecurityGroupIngress"}, rules.Medium, "T1686.001"},
	{"aws.exfiltration.ec2-share-ami", []string{"ModifyImageAttribute"}, rules.High, "T1537"},
	{"aws.exfiltration.ec2-share-ebs-snapshot", []string{"ModifySnapshotAttribute"}, rules.High, "T1537"},
	{"aws.exfiltration.rds-share-snapshot", []string{"ModifyDBSnapshotAttribute"}, rules.High, "T1537"},
	{"aws.impact.bedrock-invoke-model", []string{"InvokeModel", "PutUseCaseForModelAccess", "PutFoundationModelEntitlement", "CreateFoundationModelAgreement"}, rules.Medium, "T1496"},
	{"aws.initial-access.console-login-without-mfa", []string{"ConsoleLogin"}, rules.Medium, "T1078"},
	{"aws.lateral-movement.ec2-instance-connect", []string{"SendSSHPublicKey"}, rules.Medium, "T1021"},
	{"aws.lateral-movement.ec2-serial-console-send-ssh-public-key", []string{"SendSerialConsoleSSHPublicKey", "EnableSerialConsoleAccess"}, rules.Medium, "T1021"},
	{"aws.persistence.iam-backdoor-role", []string{"UpdateAssumeRolePolicy"}, rules.Medium, "T1098.003"},
	{"aws.persistence.iam-backdoor-user", []string{"CreateAccessKey"}, rules.Medium, "T1098.001"},
	{"aws.persistence.iam-create-admin-user", []string{"AttachUserPolicy"}, rules.Medium, "T1098.003"},
	{"aws.persistence.iam-create-backdoor-role", []string{"CreateRole"}, rules.Medium, "T1098.003"},
	{"aws.persistence.iam-create-user-login-profile", []string{"CreateLoginProfile"}, rules.Medium, "T1098.001"},
	{"aws.persistence.lambda-backdoor-function", []string{"AddPermission20150331v2"}, rules.Medium, "T1648"},
	{"aws.persistence.lambda-layer-extension", []string{"UpdateFunctionConfiguration20150331v2"}, rules.Medium, "T1648"},
	{"aws.persistence.lambda-overwrite-code", []string{"UpdateFunctionCode20150331v2"}, rules.Medium, "T1648"},
	{"aws.persistence.rolesanywhere-create-trust-anchor", []string{"CreateTrustAnchor"}, rules.Medium, "T1098.001"},
	{"aws.persistence.sts-federation-token", []string{"GetFederationToken"}, rules.Medium, "T1098.001"},
	{"aws.privilege-escalation.iam-update-user-login-profile", []string{"UpdateLoginProfile"}, rules.Medium, "T1098"},
}

// TestStratus runs the pack on what Stratus Red Team leaves in CloudTrail, and on the same with all names, ids, accounts, addresses and user agents
// exchanged for random ones: what hits must be about what is done, not about the tool.
func TestStratus(t *testing.T) {
	records := stratus(t)
	if len(records) != len(detonations) || len(detonations) != 35 {
		t.Errorf("%d techniques in the data, %d in the table; want 35", len(records), len(detonations))
	}
	j := newJudge(t)
	disguise := newDisguise()
	for _, a := range detonations {
		t.Run(a.technique, func(t *testing.T) {
			by := a.noticed(t, j, records[a.technique])
			if len(by) == 0 {
				t.Errorf("no rule of level %s or above, with %s, hits any of %q", a.level, a.attack, a.deciding)
			}
			var disguised [][]byte
			for _, text := range records[a.technique] {
				disguised = append(disguised, disguise.of(t, text))
			}
			if again := a.noticed(t, j, disguised); !slices.Equal(by, again) {
				t.Errorf("hit by %q, and disguised by %q", by, again)
			}
			t.Logf("%s %s: %s", a.level, a.attack, strings.Join(by, ", "))
		})
	}
}

// stratus reads the records of each technique, and holds the table of detonations to the shared list of what decides.
func stratus(t *testing.T) map[string][][]byte {
	t.Helper()
	names, err := os.ReadFile(filepath.Join(sharedEvents, "stratus-red-team.techniques.txt"))
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	deciding, err := os.ReadFile(filepath.Join(sharedEvents, "stratus-deciding.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range detonations {
		if row := fmt.Sprintf("\n%s\t%s\t%s\t", a.technique, strings.Join(a.deciding, ","), a.level); !bytes.Contains(deciding, []byte(row)) {
			t.Errorf("stratus-deciding.tsv has no row %q", row)
		}
	}
	technique := strings.Fields(string(names))
	records := make(map[string][][]byte)
	err = record.ReadFile(filepath.Join(sharedEvents, "stratus-red-team.ndjson"), record.Sink{Bad: func(err error) { t.Error(err) }, Item: func(i record.Item) error {
		name := technique[i.Line-1]
		records[name] = append(records[name], bytes.Clone(i.JSON))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// noticed returns the rules that hit a deciding record as the technique asks, sorted.
func (a detonation) noticed(t *testing.T, j *judge, records [][]byte) []string {
	t.Helper()
	names := make(map[string]bool)
	for _, text := range records {
		var r struct{ EventName string }
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(a.deciding, r.EventName) {
			continue
		}
		for _, rule := range j.hits(t, text) {
			if rule.Level >= a.level && slices.ContainsFunc(rule.Tags, a.tagged) {
				names[stem(rule)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// tagged reports whether a tag is the technique's, or a sub-technique of it.
func (a detonation) tagged(tag string) bool {
	id, _ := strings.CutPrefix(tag, "attack.")
	id = strings.ToUpper(id)
	return id == a.attack || strings.HasPrefix(id, a.attack+".")
}

// disguise exchanges what belongs to one account and one tool for something random, the same for the same.
type disguise struct {
	random *rand.Rand
	names  map[string]string
}

func newDisguise() *disguise { return &disguise{rand.New(rand.NewPCG(1, 2)), make(map[string]string)} }

// own are the members whose values the account has given, or has been given.
var own = []string{
	"accessKeyId", "arn", "ARN", "eventID", "functionName", "groupId", "instanceId", "layers", "policyName", "principalId", "requestID",
	"roleName", "roleSessionName", "snapshotId", "sourceIPAddress", "userAgent", "userName", "virtualMFADeviceName",
}

// parts are what is exchanged inside other texts: account ids, addresses, names that the tool gives.
var parts = regexp.MustCompile(`\b\d{12}\b|\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|[\w.-]*(?:stratus|malicious|backdoor)[\w.-]*`)

// of returns a record in disguise.
func (d *disguise) of(t *testing.T, text []byte) []byte {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var r map[string]any
	if err := decoder.Decode(&r); err != nil {
		t.Fatal(err)
	}
	agent := r["userAgent"]
	out, err := json.Marshal(d.value("", r))
	if err != nil || bytes.Contains(out, []byte("stratus")) || bytes.Contains(out, []byte(fmt.Sprint(agent))) {
		t.Fatalf("no disguise: %s, error %v", out, err)
	}
	return out
}

// value exchanges what is to be exchanged in the value of a member called key.
func (d *disguise) value(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			v[name] = d.value(name, inner)
		}
	case []any:
		for i := range v {
			v[i] = d.value(key, v[i])
		}
	case string:
		if strings.HasPrefix(v, "arn:") {
			return d.arn(v)
		}
		if slices.Contains(own, key) && v != "" {
			return d.name(v)
		}
		return parts.ReplaceAllStringFunc(v, d.name)
	}
	return v
}

// arn keeps an ARN one, and exchanges the account and the resource's name. What AWS has made itself keeps its own.
func (d *disguise) arn(v string) string {
	fields := strings.SplitN(v, ":", 6)
	if len(fields) < 6 || fields[4] == "" || fields[4] == "aws" {
		return parts.ReplaceAllStringFunc(v, d.name)
	}
	fields[4] = d.name(fields[4])
	if i := strings.IndexAny(fields[5], ":/"); i > 0 {
		fields[5] = fields[5][:i] + d.name(fields[5][i:])
	}
	return strings.Join(fields, ":")
}

// kinds are how ids begin that tell what they are of.
var kinds = regexp.MustCompile(`^(AKIA|ASIA|AIDA|AROA|ami-|i-|sg-|snap-|vol-)`)

// name is what a text is called from now on, each part of it between colons and slashes by itself. Digits stay digits, letters letters, and ids those
// of the same kind, so that forms are kept.
func (d *disguise) name(v string) string {
	if i := strings.LastIndexAny(v, ":/"); i >= 0 {
		return d.name(v[:i]) + v[i:i+1] + d.name(v[i+1:])
	}
	if known, ok := d.names[v]; ok {
		return known
	}
	if strings.Count(v, ".") == 3 && strings.Trim(v, "0123456789.") == "" {
		d.names[v] = fmt.Sprintf("203.0.113.%d", d.random.IntN(256))
		return d.names[v]
	}
	kind := kinds.FindString(v)
	d.names[v] = kind + strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return '1' + d.random.Int32N(9)
		case r >= 'a' && r <= 'z':
			return 'a' + d.random.Int32N(26)
		case r >= 'A' && r <= 'Z':
			return 'A' + d.random.Int32N(26)
		}
		return r
	}, v[len(kind):])
	return d.names[v]
}
