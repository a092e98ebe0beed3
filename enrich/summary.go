package enrich

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// mostSummary is how many characters a summary has at most.
	mostSummary = 300
	// mostValue is how many of them one value of a record may have, so that none pushes the others out.
	mostValue = 120
)

// Summary returns one line of at most 300 characters that says who did what to which, from where: for those who read it in a chat or on a pager. The
// verb says how it ended: called, was denied (the call was not allowed), tried (it failed for another reason). What the record lacks is left out.
//
// Values of the record have no line breaks, no control characters and none that change the direction of writing, and stand in quotation marks where they have
// spaces, so that none reads as our words. Markup of chats is not escaped: each has its own. more is put behind the line, within the limit: what there is
// beside this record.
func Summary(record Record, more string) string {
	f := facts{record}
	var b strings.Builder
	b.WriteString(f.who())
	if f.text("eventName") == "ConsoleLogin" {
		b.WriteString(f.signIn())
	} else {
		b.WriteString(f.call())
	}
	if address := f.address(); address != "" {
		b.WriteString(" from " + address)
	}
	if account := firstOf(f.text, "recipientAccountId", "userIdentity.accountId"); account != "" {
		b.WriteString(" in " + account)
		if region := f.text("awsRegion"); region != "" {
			b.WriteString("/" + region)
		}
	}
	if code := firstOf(f.text, "errorCode", "errorMessage"); code != "" {
		b.WriteString(": " + code)
	}
	return clip(b.String(), mostSummary-utf8.RuneCountInString(more)) + more
}

// facts are what a record says of itself, in words for people.
type facts struct{ record Record }

// text returns the value of a field, made fit to stand in a sentence.
func (f facts) text(field string) string { return phrase(f.record(field)) }

// who names the caller, of another account than the one where it happened with that.
func (f facts) who() string {
	kind := f.record("userIdentity.type")
	who := f.caller(kind)
	own, here := f.text("userIdentity.accountId"), f.text("recipientAccountId")
	if own != "" && here != "" && own != here && kind != "Root" && kind != "AWSAccount" {
		who += " of " + own
	}
	if service := f.text("userIdentity.invokedBy"); service != "" && kind != "AWSService" {
		who += " via " + service
	}
	return who
}

// caller names the caller by its kind. Where the record does not say the kind, its ARN may.
func (f facts) caller(kind string) string {
	name, arn := f.text("userIdentity.userName"), f.record("userIdentity.arn")
	account := f.text("userIdentity.accountId")
	switch {
	case kind == "Root":
		return join("root of", account, "root")
	case f.record("userIdentity.userName") == hiddenName:
		return "a user name that is not known"
	case kind == "IAMUser", kind == "" && strings.Contains(arn, ":user/"):
		return join("user", cmp.Or(name, phrase(lastPart(arn)), f.text("userIdentity.principalId")), "a user")
	case kind == "AssumedRole", kind == "" && strings.Contains(arn, ":assumed-role/"):
		return f.role()
	case kind == "FederatedUser":
		return join("federated user", cmp.Or(phrase(lastPart(arn)), name), "a federated user")
	case kind == "AWSService":
		return join("AWS service", f.text("userIdentity.invokedBy"), "an AWS service")
	case kind == "AWSAccount" && account == "ANONYMOUS_PRINCIPAL":
		return "an anonymous caller"
	case kind == "AWSAccount":
		who := join("account", account, "another account")
		if id := f.text("userIdentity.principalId"); id != "" && id != account {
			who += " (" + id + ")"
		}
		return who
	}
	return f.other(kind, name)
}

// hiddenName is what CloudTrail writes where a sign-in names no user that it knows: it may be a password in the wrong place.
const hiddenName = "HIDDEN_DUE_TO_SECURITY_REASONS"

// role names an assumed role and its session.
func (f facts) role() string {
	role := f.text("userIdentity.sessionContext.sessionIssuer.userName")
	arn := f.record("userIdentity.arn") // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
	if role == "" {
		if _, rest, found := strings.Cut(arn, ":assumed-role/"); found {
			name, _, _ := strings.Cut(rest, "/")
			role = phrase(name)
		}
	}
	session := lastPart(arn)
	if _, id, found := strings.Cut(f.record("userIdentity.principalId"), ":"); session == "" && found {
		session = id
	}
	who := join("role", role, "a role")
	if session != "" {
		who += " (session " + phrase(session) + ")"
	}
	return who
}

// other names callers of the kinds that are left, and those of whom the record says little.
func (f facts) other(kind, name string) string {
	id := cmp.Or(name, firstOf(f.text, "userIdentity.arn", "userIdentity.onBehalfOf.userId", "userIdentity.principalId"))
	switch {
	case id == "" && (f.record("userIdentity.invokedBy") != "" || f.record("eventType") == "AwsServiceEvent"):
		return "AWS" // acts by itself
	case id == "":
		return join("account", f.text("userIdentity.accountId"), "somebody")
	case kind == "" || kind == "Unknown":
		return id
	}
	return id + " (" + phrase(kind) + ")"
}

// call says what was called, on what, and whether it came to pass.
func (f facts) call() string {
	name := f.text("eventName")
	if source := strings.TrimSuffix(f.text("eventSource"), ".amazonaws.com"); source != "" {
		name = source + ":" + name
	}
	text := " called " + name
	switch code := f.record("errorCode"); {
	case isDenial(code):
		text = " was denied " + name
	case code != "" || f.record("errorMessage") != "":
		text = " tried " + name
	}
	on := target(f.record)
	if on != "" {
		text += " on " + phrase(on)
	}
	if policy := firstOf(f.record, "requestParameters.policyArn", "requestParameters.policyName"); policy != on && policy != "" {
		text += " with policy " + phrase(cmp.Or(lastPart(policy), policy))
	}
	if group := f.record("requestParameters.groupName"); group != on && group != "" {
		text += " with group " + phrase(group)
	}
	return text
}

// signIn says whether somebody got into the console. How is only said of those whom AWS itself has asked for their MFA.
func (f facts) signIn() string {
	if f.record("responseElements.ConsoleLogin") == "Failure" {
		return " failed to sign in to the console"
	}
	text := " signed in to the console"
	if kind := f.record("userIdentity.type"); kind != "Root" && kind != "IAMUser" {
		return text
	}
	switch f.record("additionalEventData.MFAUsed") {
	case "Yes":
		return text + " with MFA"
	case "No":
		return text + " without MFA"
	}
	return text
}

// address is where the call came from, unless that says no more than who made it.
func (f facts) address() string {
	address := f.text("sourceIPAddress")
	if address == f.text("userIdentity.invokedBy") {
		return ""
	}
	return address
}

// isDenial reports whether an errorCode says that the caller was not allowed to.
func isDenial(code string) bool {
	for _, part := range []string{"AccessDenied", "Unauthorized", "NotAuthorized", "Forbidden"} {
		if strings.Contains(code, part) {
			return true
		}
	}
	return false
}

// unknown is what a principal without a name is called.
const unknown = "unknown"

// principal names who acted, as a reader knows them.
func principal(record Record) string {
	return cmp.Or(firstOf(record,
		"userIdentity.userName", "userIdentity.sessionContext.sessionIssuer.userName", "userIdentity.arn", "userIdentity.invokedBy",
		"userIdentity.principalId", "userIdentity.accountId",
	), unknown)
}

// target names what was acted upon: the first resource that the record names, or the parameter that as a rule names one.
func target(record Record) string {
	const parameters = "requestParameters."
	if arn := record("resources.ARN"); arn != "" {
		return arn
	}
	for _, name := range [...]string{
		"userName", "roleName", "groupName", "policyArn", "bucketName", "functionName", "secretId", "keyId", "name", "trailName", "detectorId", "groupId",
		"instanceId", "instancesSet.items.instanceId", "instanceIds", "target", "snapshotId", "imageId", "dBInstanceIdentifier", "dBClusterIdentifier",
		"dBSnapshotIdentifier", "dBClusterSnapshotIdentifier", "roleArn", "volumeId", "resourceArn", "topicArn", "queueUrl", "sAMLProviderArn", "serialNumber",
		"virtualMFADeviceName", "logGroupName", "configurationRecorderName", "deliveryChannelName", "resolverQueryLogConfigId", "networkAclId", "routeTableId",
		"vpcId", "DeleteFlowLogsRequest.FlowLogId.content", "fileSystemId", "stackName", "domainName", "repositoryName", "loadBalancerName", "targetGroupArn",
		"restApiId", "clusterName", "modelId", "documentName",
	} {
		if text := record(parameters + name); text != "" {
			return text
		}
	}
	return record("responseElements.instancesSet.items.instanceId") // what was made has a name only now
}

// lastPart returns what stands behind the last slash, or "" where there is none.
func lastPart(arn string) string {
	i := strings.LastIndexByte(arn, '/')
	if i < 0 {
		return ""
	}
	return arn[i+1:]
}

// join puts a name behind what it is, or returns what there is to say without one.
func join(what, name, without string) string {
	if name == "" {
		return without
	}
	return what + " " + name
}

// phrase makes a value of a record fit to stand in a sentence: on one line, harmless, not too long, and in quotation marks where it has spaces or such marks.
func phrase(value string) string {
	value = strings.Join(strings.Fields(strings.Map(harmless, strings.ToValidUTF8(value, "\uFFFD"))), " ")
	if strings.ContainsAny(value, ` "`) && value != "AWS Internal" {
		return `"` + clip(strings.ReplaceAll(value, `"`, "'"), mostValue-2) + `"`
	}
	return clip(value, mostValue)
}

// harmless drops what is not to be seen: marks of direction, characters without width. What ends lines and what moves a cursor becomes a space.
func harmless(r rune) rune {
	switch {
	case unicode.IsControl(r) || unicode.IsSpace(r):
		return ' '
	case !unicode.IsPrint(r):
		return -1
	}
	return r
}

// clip shortens text to n characters.
func clip(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}
