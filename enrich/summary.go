package enrich

import "strings"

// Summary returns one line that says who did what to which, from where: for chats and pagers.
func Summary(record Record) string {
	var b strings.Builder
	b.WriteString(principal(record))
	if kind := record("userIdentity.type"); kind != "" {
		b.WriteString(" (" + kind + ")")
	}
	b.WriteString(" called " + record("eventName"))
	if source := record("eventSource"); source != "" {
		b.WriteString(" of " + strings.TrimSuffix(source, ".amazonaws.com"))
	}
	if on := target(record); on != "" {
		b.WriteString(" on " + on)
	}
	if address := record("sourceIPAddress"); address != "" {
		b.WriteString(" from " + address)
	}
	if account := record("recipientAccountId"); account != "" {
		b.WriteString(" in " + account)
		if region := record("awsRegion"); region != "" {
			b.WriteString("/" + region)
		}
	}
	if code := record("errorCode"); code != "" {
		b.WriteString(": " + code)
	}
	return strings.Join(strings.Fields(b.String()), " ") // what a record holds may have line breaks
}

// unknown is what a principal without a name is called.
const unknown = "unknown"

// principal names who acted, as a reader knows them.
func principal(record Record) string {
	if name := firstOf(record,
		"userIdentity.userName", "userIdentity.sessionContext.sessionIssuer.userName", "userIdentity.arn", "userIdentity.invokedBy",
		"userIdentity.principalId", "userIdentity.accountId",
	); name != "" {
		return name
	}
	return unknown
}

// target names what was acted upon: the first resource that the record names, or the parameter that as a rule names one.
func target(record Record) string {
	return firstOf(record,
		"resources.ARN", "requestParameters.userName", "requestParameters.roleName", "requestParameters.groupName", "requestParameters.policyArn",
		"requestParameters.bucketName", "requestParameters.functionName", "requestParameters.secretId", "requestParameters.keyId",
		"requestParameters.name", "requestParameters.trailName", "requestParameters.detectorId", "requestParameters.groupId",
		"requestParameters.instanceId", "requestParameters.instancesSet.items.instanceId", "requestParameters.snapshotId", "requestParameters.imageId",
		"requestParameters.dBInstanceIdentifier", "requestParameters.dBSnapshotIdentifier", "requestParameters.roleArn", "requestParameters.volumeId",
	)
}
