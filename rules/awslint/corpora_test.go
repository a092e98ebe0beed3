package awslint

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
	"sigmatrail/rules/cloudtrail"
)

// TestSigmaHQ holds what is found in SigmaHQ's rules for CloudTrail: every finding was looked at, and is right.
func TestSigmaHQ(t *testing.T) {
	const dir = "../../../shared/data/rules/sigmahq/rules/cloud/aws/cloudtrail"
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("SigmaHQ's rules are not beside the checkout: %v", err)
	}
	files, err := rules.Read(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	set := rules.ParseFiles(files, rules.Options{})
	const count = 57
	if len(set.Rules) != count {
		t.Fatalf("%d rules", len(set.Rules))
	}
	problems, err := Check(set, files)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range problems {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(p.File), "aws_"), ".yml")
		got = append(got, fmt.Sprintf("%s:%d %s %s", name, p.Line, p.Severity, p.Code))
	}
	want := []string{
		"cloudtrail_bucket_deleted:21 warning aws-error-success",
		"cloudtrail_guardduty_detector_deleted_or_updated:39 warning aws-error-success",
		"cloudtrail_ssm_malicious_usage:24 warning aws-error-success",
		"cloudtrail_vpc_flow_logs_deleted:22 warning aws-error-success",
		"delete_saml_provider:26 warning aws-field-unknown",                           // status
		"elasticache_security_group_modified_or_deleted:23 warning aws-event-unknown", // …Egress
		"elasticache_security_group_modified_or_deleted:24 warning aws-event-unknown",
		"iam_backdoor_users_keys:25 warning fieldref-missing",
		"route_53_domain_transferred_lock_disabled:23 warning aws-event-unknown", // route53domains has it
		"route_53_domain_transferred_to_another_account:21 warning aws-event-unknown",
		"s3_data_management_tampering:28 warning aws-event-iam-action",
		"s3_data_management_tampering:29 warning aws-event-iam-action",
		"s3_data_management_tampering:30 warning aws-event-iam-action",
		"s3_data_management_tampering:31 warning aws-event-iam-action",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestPack: nothing is wrong with the bundled rules.
func TestPack(t *testing.T) {
	files, err := rules.Read("builtin", map[string]fs.FS{"builtin": cloudtrail.FS()})
	if err != nil {
		t.Fatal(err)
	}
	set := rules.ParseFiles(files, rules.Options{})
	const least = 42
	if len(set.Rules) < least {
		t.Fatalf("%d rules", len(set.Rules))
	}
	problems, err := Check(set, files)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if p.Severity != rules.Info {
			t.Error(p.Excerpt())
		}
	}
}

// TestTables: what was seen is known, but for what others have made up for the tests of their rules.
func TestTables(t *testing.T) {
	known, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	seen, err := loadShapes()
	if err != nil {
		t.Fatal(err)
	}
	const services, operations, events = 400, 20000, 300
	n := 0
	for _, s := range known.services {
		n += len(s.operations)
	}
	if len(known.services) < services || n < operations || len(seen.events) < events {
		t.Fatalf("%d services, %d operations, %d events", len(known.services), n, len(seen.events))
	}
	var unknown []string
	for key := range seen.events {
		source, name, _ := strings.Cut(key, " ")
		s := known.service(source)
		if s == nil || (!s.has(name) && !s.open) {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	madeUp := []string{
		"cloudtrail.amazonaws.com deleterule", "cloudtrail.amazonaws.com describetrail", "cloudtrail.amazonaws.com enableregion", "cloudwatch.amazonaws.com putlogevents",
		"ec2.amazonaws.com deletebucketpublicaccessblock", "ec2.amazonaws.com deletebucketreplication", "ec2.amazonaws.com putbucketversioning",
		"ec2.amazonaws.com registermanagedinstance", "iam.amazonaws.com describepolicy", "iam.amazonaws.com notcreateuser", "iam.amazonaws.com putpolicy",
		"lambda.amazonaws.com invokefunction", "s3.amazonaws.com listallmybuckets", "s3.amazonaws.com listbucket", "s3.amazonaws.com setqueueattributes",
	}
	if diff := cmp.Diff(madeUp, unknown); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestByHand: what is written by hand stands where it can be found, and in one table alone.
func TestByHand(t *testing.T) {
	known, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	for service, list := range iamActions() {
		for action, event := range list {
			s := known.services[service]
			if s == nil || s.has(action) {
				t.Errorf("%s:%s is an event", service, action)
			} else if event != noEvent && !s.has(event) {
				t.Errorf("%s:%s is for %s, which is none", service, action, event)
			}
		}
	}
	for operation, names := range s3Events() {
		for name := range strings.FieldsSeq(names) {
			if s := known.services["s3"]; !s.has(operation) || !s.has(name) || strings.EqualFold(operation, name) {
				t.Errorf("s3: %s, %s", operation, name)
			}
		}
	}
	for name := range strings.FieldsSeq(lambdaEvents) {
		if _, ok := known.services["lambda"].operations[strings.ToLower(withoutVersion(name))]; !ok || withoutVersion(name) == name {
			t.Errorf("lambda: %s", name)
		}
	}
	for name, actual := range recordedSources() {
		if known.services[actual] == nil || recordedSources()[actual] != "" {
			t.Errorf("%s is recorded as %s, which is none", name, actual)
		}
	}
	for _, name := range short() {
		if paths := record.DefaultAliases().Paths(name); len(paths) < 2 {
			t.Errorf("%s has no aliases: %v", name, paths)
		}
	}
	for name := range record.DefaultAliases() {
		if !slices.Contains(short(), name) {
			t.Errorf("%s has aliases", name)
		}
	}
	for _, field := range foreign() {
		if top, _, _ := strings.Cut(field, "."); !slices.Contains(rules.CloudTrailFields(), top) {
			t.Errorf("CloudTrail has no %s", field)
		}
	}
}
