package enrich

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// says returns the summary of a record with these fields: name, value, name, value.
func says(fields ...string) string {
	return Summary(func(field string) string {
		for i := 0; i+1 < len(fields); i += 2 {
			if fields[i] == field {
				return fields[i+1]
			}
		}
		return ""
	}, "")
}

const (
	kind, arn, account, by = "userIdentity.type", "userIdentity.arn", "userIdentity.accountId", "userIdentity.invokedBy"
	source, name, from     = "eventSource", "eventName", "sourceIPAddress"
	here, region, code     = "recipientAccountId", "awsRegion", "errorCode"
)

func TestSummary(t *testing.T) {
	stop := []string{source, "cloudtrail.amazonaws.com", name, "StopLogging"}
	f := func(want string, fields ...string) {
		t.Helper()
		if got := says(append(fields, stop...)...); got != want {
			t.Errorf("%s, want\n%s", got, want)
		}
	}
	f("user bob called cloudtrail:StopLogging on org-trail from 203.0.113.7 in 111122223333/eu-west-1", kind, "IAMUser", "userIdentity.userName", "bob",
		"requestParameters.name", "org-trail", from, "203.0.113.7", account, "111122223333", here, "111122223333", region, "eu-west-1")
	f("user bob called cloudtrail:StopLogging", kind, "IAMUser", arn, "arn:aws:iam::111122223333:user/path/bob")
	f("user bob called cloudtrail:StopLogging", arn, "arn:aws:iam::111122223333:user/bob")
	f("user AIDAEXAMPLE called cloudtrail:StopLogging", kind, "IAMUser", "userIdentity.principalId", "AIDAEXAMPLE")
	f("a user called cloudtrail:StopLogging", kind, "IAMUser")
	f("user bob of 444455556666 called cloudtrail:StopLogging in 111122223333", kind, "IAMUser", "userIdentity.userName", "bob", account, "444455556666", here, "111122223333")
	f("root of 111122223333 called cloudtrail:StopLogging in 111122223333", kind, "Root", account, "111122223333", here, "111122223333")
	f("root called cloudtrail:StopLogging", kind, "Root")
	f("role deploy (session ci-4711) called cloudtrail:StopLogging", kind, "AssumedRole", "userIdentity.sessionContext.sessionIssuer.userName", "deploy",
		arn, "arn:aws:sts::111122223333:assumed-role/deploy/ci-4711")
	f("role deploy (session ci-4711) called cloudtrail:StopLogging", arn, "arn:aws:sts::111122223333:assumed-role/deploy/ci-4711")
	f("role deploy (session ci) called cloudtrail:StopLogging", kind, "AssumedRole", "userIdentity.sessionContext.sessionIssuer.userName", "deploy", "userIdentity.principalId", "AROAEXAMPLE:ci")
	f("a role called cloudtrail:StopLogging", kind, "AssumedRole")
	f("role deploy (session ci) via cloudformation.amazonaws.com called cloudtrail:StopLogging", arn, "arn:aws:sts::111122223333:assumed-role/deploy/ci",
		by, "cloudformation.amazonaws.com", from, "cloudformation.amazonaws.com")
	f("federated user alice called cloudtrail:StopLogging", kind, "FederatedUser", arn, "arn:aws:sts::111122223333:federated-user/alice")
	f("AWS service ec2.amazonaws.com called cloudtrail:StopLogging", kind, "AWSService", by, "ec2.amazonaws.com", from, "ec2.amazonaws.com")
	f("an AWS service called cloudtrail:StopLogging", kind, "AWSService")
	f("account 444455556666 (AIDAEXAMPLE) called cloudtrail:StopLogging in 111122223333", kind, "AWSAccount", account, "444455556666", "userIdentity.principalId", "AIDAEXAMPLE", here, "111122223333")
	f("account 444455556666 called cloudtrail:StopLogging in 444455556666", kind, "AWSAccount", account, "444455556666", "userIdentity.principalId", "444455556666")
	f("an anonymous caller called cloudtrail:StopLogging in 111122223333", kind, "AWSAccount", account, "ANONYMOUS_PRINCIPAL", here, "111122223333")
	f("alice (SAMLUser) called cloudtrail:StopLogging", kind, "SAMLUser", "userIdentity.userName", "alice", "userIdentity.principalId", "x:alice")
	f("90679d (IdentityCenterUser) called cloudtrail:StopLogging", kind, "IdentityCenterUser", "userIdentity.onBehalfOf.userId", "90679d")
	f("alice called cloudtrail:StopLogging", kind, "Unknown", "userIdentity.userName", "alice")
	f("AWS via ssm.amazonaws.com called cloudtrail:StopLogging in 111122223333", by, "ssm.amazonaws.com", account, "111122223333")
	f("AWS called cloudtrail:StopLogging", "eventType", "AwsServiceEvent")
	f("account 111122223333 called cloudtrail:StopLogging in 111122223333", account, "111122223333")
	f("somebody called cloudtrail:StopLogging from AWS Internal", from, "AWS Internal")
	f("user bob was denied cloudtrail:StopLogging in 111122223333: AccessDeniedException", kind, "IAMUser", "userIdentity.userName", "bob", here, "111122223333", code, "AccessDeniedException")
	f("somebody was denied cloudtrail:StopLogging: Client.UnauthorizedOperation", code, "Client.UnauthorizedOperation")
	f("somebody tried cloudtrail:StopLogging: TrailNotFoundException", code, "TrailNotFoundException")
	f(`somebody tried cloudtrail:StopLogging: "no such trail"`, "errorMessage", "no such trail")
	f("somebody called cloudtrail:StopLogging on bob with policy AdministratorAccess", "requestParameters.userName", "bob", "requestParameters.policyArn", "arn:aws:iam::aws:policy/AdministratorAccess")
	f("somebody called cloudtrail:StopLogging on bob with policy inline with group admins", "requestParameters.userName", "bob", "requestParameters.policyName", "inline", "requestParameters.groupName", "admins")
	f("somebody called cloudtrail:StopLogging on arn:aws:iam::aws:policy/X", "requestParameters.policyArn", "arn:aws:iam::aws:policy/X")
	f("somebody called cloudtrail:StopLogging on i-1", "responseElements.instancesSet.items.instanceId", "i-1")
}

func TestSummarySignIn(t *testing.T) {
	const outcome, mfa = "responseElements.ConsoleLogin", "additionalEventData.MFAUsed"
	f := func(want string, fields ...string) {
		t.Helper()
		if got := says(append(fields, source, "signin.amazonaws.com", name, "ConsoleLogin")...); got != want {
			t.Errorf("%s, want\n%s", got, want)
		}
	}
	f("root of 1 signed in to the console with MFA from 192.0.2.1 in 1", kind, "Root", account, "1", outcome, "Success", mfa, "Yes", from, "192.0.2.1")
	f("user bob signed in to the console without MFA", kind, "IAMUser", "userIdentity.userName", "bob", outcome, "Success", mfa, "No")
	f("role r (session s) signed in to the console", arn, "arn:aws:sts::1:assumed-role/r/s", kind, "AssumedRole", outcome, "Success", mfa, "No")
	f(`user bob failed to sign in to the console: "Failed authentication"`, kind, "IAMUser", "userIdentity.userName", "bob", outcome, "Failure", mfa, "No", "errorMessage", "Failed authentication")
	f(`a user name that is not known failed to sign in to the console: "No username found"`, kind, "IAMUser", "userIdentity.userName", "HIDDEN_DUE_TO_SECURITY_REASONS", outcome, "Failure", "errorMessage", "No username found")
}

// TestSummaryHostile: what callers choose cannot break the line, speak in our words, or push the rest out.
func TestSummaryHostile(t *testing.T) {
	const on, denied = "requestParameters.name", "somebody was denied iam:CreateUser"
	call := []string{source, "iam.amazonaws.com", name, "CreateUser", from, "192.0.2.1", code, "AccessDenied"}
	f := func(want string, fields ...string) {
		t.Helper()
		got := says(append(fields, call...)...)
		if got != want {
			t.Errorf("%q, want\n%q", got, want)
		}
	}
	f(denied+` on "a b c d" from 192.0.2.1: AccessDenied`, on, "a\nb\r\n\tc\u2028d")
	f(denied+` on "x from 10.0.0.1: all is well" from 192.0.2.1: AccessDenied`, on, "x from 10.0.0.1: all is well")
	f(denied+` on "x' from 10.0.0.1" from 192.0.2.1: AccessDenied`, on, `x" from 10.0.0.1`)
	f(denied+` on [31mred from 192.0.2.1: AccessDenied`, on, "\x1b[31mred\x00\u009b")
	f(denied+` on evil from 192.0.2.1: AccessDenied`, on, "e\u202ev\u200bi\ufeffl")
	f(denied+" on \ufffdx from 192.0.2.1: AccessDenied", on, "\xffx")
	f(denied+" on "+strings.Repeat("ü", 119)+"… from 192.0.2.1: AccessDenied", on, strings.Repeat("ü", 5000))
	f(denied+` on "`+strings.Repeat("x ", 58)+`x…" from 192.0.2.1: AccessDenied`, on, strings.Repeat("x ", 5000))
	long := strings.Repeat("x", 5000)
	got := says("userIdentity.userName", long, kind, long, source, long, name, long, on, long, from, long, here, long, region, long, code, long)
	if n := utf8.RuneCountInString(got); n != mostSummary || !strings.HasSuffix(got, "…") {
		t.Errorf("%d characters: %s", n, got)
	}
	if got := Summary(func(string) string { return long }, " and 2 more"); utf8.RuneCountInString(got) != mostSummary || !strings.HasSuffix(got, "… and 2 more") {
		t.Errorf("%s", got)
	}
}
