package coverage

import (
	"slices"
	"strings"
)

// readPrefixes are how the names of operations begin that change nothing. CloudTrail says so in each record, as readOnly.
func readPrefixes() []string {
	return []string{
		"BatchDescribe", "BatchGet", "Check", "Count", "Decrypt", "Describe", "Detect", "Download", "Encrypt", "Estimate", "Filter", "GenerateDataKey", "Get", "Head",
		"Introspect", "List", "Lookup", "Preview", "Query", "ReEncrypt", "Scan", "Search", "Select", "Simulate", "Test", "Validate", "View",
	}
}

// readExceptions are the operations of which the beginning of the name says the wrong thing: as records have them, whether they are read-only.
func readExceptions() map[string]bool {
	return map[string]bool{
		"AssumeRole": true, "AssumeRoleWithSAML": true, "AssumeRoleWithWebIdentity": true, "GetFederationToken": false,
		"Converse": true, "ConverseStream": true, "InvokeModel": true, "InvokeModelWithResponseStream": true,
		"GenerateMac": true, "GenerateRandom": true, "Sign": true, "Verify": true, "VerifyMac": true,
	}
}

// unsure are operations of which neither the name nor a record that could be had tells.
func unsure() []string {
	return []string{"AssumeRoot", "DecodeAuthorizationMessage", "GenerateCredentialReport", "GenerateServiceLastAccessedDetails"}
}

// readOnly reports whether a call reads, and whether it writes. Of those that may be either, as of many with an open name, both hold. To sign in is to write, whatever
// the name is.
func readOnly(c Call) (reads, writes bool) {
	if isSignIn(c) {
		return false, true
	}
	if known, exception := readExceptions()[c.Name]; exception {
		return known, !known
	}
	if slices.Contains(unsure(), c.Name) {
		return true, true
	}
	literal, open := c.Name, false
	if i := strings.IndexAny(c.Name, "*?"); i >= 0 {
		literal, open = c.Name[:i], true
	}
	begins := func(prefix string) bool { return strings.HasPrefix(literal, prefix) }
	switch {
	case slices.ContainsFunc(readPrefixes(), begins):
		return true, false
	case open && slices.ContainsFunc(readPrefixes(), func(prefix string) bool { return strings.HasPrefix(prefix, literal) }):
		return true, true
	}
	return false, true
}

// dataEvents are operations that CloudTrail records as data events, and only where it is told to, by the type of the resource under which advanced event
// selectors have them.
type dataEvents struct {
	source, resource string
	names            []string
}

// dataOperations is written by hand, of those services whose records rules are about, from the AWS CloudTrail User Guide, "Logging data events", and from
// what the guides of the services say of themselves: Amazon S3 ("Amazon S3 CloudTrail events"), AWS Lambda, Amazon DynamoDB, Amazon SNS, Amazon SQS,
// Amazon Kinesis Data Streams, Amazon EBS, Amazon Cognito, Amazon Bedrock, Amazon RDS (Data API), AWS AppConfig and AWS Systems Manager ("Logging … API
// calls using AWS CloudTrail").
func dataOperations() []dataEvents {
	return []dataEvents{
		{"s3.amazonaws.com", "AWS::S3::Object", []string{
			"AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload", "DeleteObject", "DeleteObjects", "DeleteObjectTagging", "GetObject",
			"GetObjectAcl", "GetObjectAttributes", "GetObjectLegalHold", "GetObjectRetention", "GetObjectTagging", "GetObjectTorrent", "HeadBucket", "HeadObject",
			"ListMultipartUploads", "ListObjects", "ListObjectVersions", "ListParts", "PostObject", "PutObject", "PutObjectAcl", "PutObjectLegalHold", "PutObjectRetention",
			"PutObjectTagging", "RestoreObject", "SelectObjectContent", "UploadPart", "UploadPartCopy",
		}},
		{"lambda.amazonaws.com", "AWS::Lambda::Function", []string{"Invoke", "InvokeAsync", "InvokeWithResponseStream"}},
		{"dynamodb.amazonaws.com", "AWS::DynamoDB::Table", []string{
			"BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "DeleteItem", "ExecuteStatement", "ExecuteTransaction", "GetItem", "PutItem", "Query", "Scan",
			"TransactGetItems", "TransactWriteItems", "UpdateItem",
		}},
		{"dynamodb.amazonaws.com", "AWS::DynamoDB::Stream", []string{"GetRecords", "GetShardIterator"}},
		{"sns.amazonaws.com", "AWS::SNS::Topic", []string{"Publish", "PublishBatch"}},
		{"sqs.amazonaws.com", "AWS::SQS::Queue", []string{
			"ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage", "DeleteMessageBatch", "GetQueueAttributes", "GetQueueUrl",
			"ListDeadLetterSourceQueues", "ReceiveMessage", "SendMessage", "SendMessageBatch",
		}},
		{"kinesis.amazonaws.com", "AWS::Kinesis::Stream", []string{"GetRecords", "GetShardIterator", "PutRecord", "PutRecords", "SubscribeToShard"}},
		{"ebs.amazonaws.com", "AWS::EC2::Snapshot", []string{"GetSnapshotBlock", "ListChangedBlocks", "ListSnapshotBlocks", "PutSnapshotBlock"}},
		{"cognito-identity.amazonaws.com", "AWS::Cognito::IdentityPool", []string{
			"GetCredentialsForIdentity", "GetId", "GetOpenIdToken", "GetOpenIdTokenForDeveloperIdentity", "UnlinkIdentity",
		}},
		{"bedrock.amazonaws.com", "AWS::Bedrock::AgentAlias", []string{"InvokeAgent"}},
		{"bedrock.amazonaws.com", "AWS::Bedrock::KnowledgeBase", []string{"Retrieve", "RetrieveAndGenerate"}},
		{"bedrock.amazonaws.com", "AWS::Bedrock::Model", []string{"GetAsyncInvoke", "InvokeModelWithBidirectionalStream", "StartAsyncInvoke"}},
		{"rdsdata.amazonaws.com", "AWS::RDS::DBCluster", []string{
			"BatchExecuteStatement", "BeginTransaction", "CommitTransaction", "ExecuteStatement", "RollbackTransaction",
		}},
		{"appconfig.amazonaws.com", "AWS::AppConfig::Configuration", []string{"GetLatestConfiguration", "StartConfigurationSession"}},
		{"ssm.amazonaws.com", "AWS::SSM::ManagedNode", []string{"RequestManagedInstanceRoleToken"}},
	}
}

// resourceTypes returns the types of resources whose data events a call may be, and whether it may be a management event too. An open name may be both; so
// is a name without a source, as other services may have it.
func resourceTypes(c Call) (types []string, management bool) {
	management = true
	for _, d := range dataOperations() {
		if !fits(c.Source, d.source) {
			continue
		}
		for _, name := range d.names {
			if !fits(c.Name, name) {
				continue
			}
			if c.Source == d.source && !strings.ContainsAny(c.Name, "*?") {
				management = false
			}
			if !slices.Contains(types, d.resource) {
				types = append(types, d.resource)
			}
		}
	}
	return types, management
}

// globalServices are those whose calls CloudTrail records in us-east-1 alone, wherever they come from (AWS CloudTrail User Guide, "Global service events"),
// and those that have no other endpoint. AWS STS has others, and records in us-east-1 what came to its global one.
func globalServices() []string {
	return []string{
		"account.amazonaws.com", "cloudfront.amazonaws.com", "iam.amazonaws.com", "organizations.amazonaws.com", "route53.amazonaws.com", "route53domains.amazonaws.com",
		"shield.amazonaws.com", "sts.amazonaws.com", "support.amazonaws.com", "waf.amazonaws.com",
	}
}

// signIn is the service at which users sign in to the console.
const signIn = "signin.amazonaws.com"

// isSignIn reports whether a call is one of signing in. The names of those are nobody else's, and many rules name no source.
func isSignIn(c Call) bool {
	names := []string{"CheckMfa", "ConsoleLogin", "CredentialChallenge", "CredentialVerification", "ExitRole", "GetSigninToken", "RenewRole", "SwitchRole"}
	return c.Source == signIn || c.Source == "*" && slices.Contains(names, c.Name)
}

// excludable are the services whose management events event selectors can leave out (AWS CloudTrail User Guide, "Logging management events").
func excludable() []string { return []string{"kms.amazonaws.com", "rdsdata.amazonaws.com"} }
