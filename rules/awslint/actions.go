package awslint

import "strings"

// noEvent stands for the event of an action that leaves none of its own.
const noEvent = "-"

// iamActions returns, by service, actions of IAM policies that no event is called, each with the events of what they allow; noEvent where there is none.
func iamActions() map[string]map[string]string {
	return map[string]map[string]string{
		"s3": {
			"ListAllMyBuckets": "ListBuckets", "ListBucket": "ListObjects", "ListBucketVersions": "ListObjectVersions", "ListBucketMultipartUploads": "ListMultipartUploads",
			"ListMultipartUploadParts": "ListParts", "GetObjectVersion": "GetObject", "GetObjectVersionAcl": "GetObjectAcl", "GetObjectVersionTagging": "GetObjectTagging",
			"GetObjectVersionTorrent": "GetObjectTorrent", "GetObjectVersionAttributes": "GetObjectAttributes", "PutObjectVersionAcl": "PutObjectAcl",
			"PutObjectVersionTagging": "PutObjectTagging", "DeleteObjectVersion": "DeleteObject", "DeleteObjectVersionTagging": "DeleteObjectTagging",
			"GetEncryptionConfiguration": "GetBucketEncryption", "PutEncryptionConfiguration": "PutBucketEncryption", "GetLifecycleConfiguration": "GetBucketLifecycle",
			"PutLifecycleConfiguration": "PutBucketLifecycle", "GetReplicationConfiguration": "GetBucketReplication", "PutReplicationConfiguration": "PutBucketReplication",
			"GetAnalyticsConfiguration": "GetBucketAnalyticsConfiguration", "PutAnalyticsConfiguration": "PutBucketAnalyticsConfiguration",
			"GetInventoryConfiguration": "GetBucketInventoryConfiguration", "PutInventoryConfiguration": "PutBucketInventoryConfiguration",
			"GetMetricsConfiguration": "GetBucketMetricsConfiguration", "PutMetricsConfiguration": "PutBucketMetricsConfiguration",
			"GetIntelligentTieringConfiguration": "GetBucketIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration": "PutBucketIntelligentTieringConfiguration",
			"ReplicateObject": noEvent, "ReplicateDelete": noEvent, "ReplicateTags": noEvent, "ObjectOwnerOverrideToBucketOwner": noEvent, "BypassGovernanceRetention": noEvent,
			"InitiateReplication": "CreateJob", "GetObjectVersionForReplication": noEvent,
		},
		"lambda": {"InvokeFunction": "Invoke", "InvokeFunctionUrl": noEvent},
		"kms":    {"ReEncryptFrom": "ReEncrypt", "ReEncryptTo": "ReEncrypt"},
		"iam":    {"PassRole": noEvent},
		"dynamodb": {
			"ConditionCheckItem": "TransactWriteItems", "PartiQLSelect": "ExecuteStatement", "PartiQLInsert": "ExecuteStatement", "PartiQLUpdate": "ExecuteStatement",
			"PartiQLDelete": "ExecuteStatement",
		},
		"elasticfilesystem": {"ClientMount": "NewClientConnection", "ClientWrite": noEvent, "ClientRootAccess": noEvent},
		"es":                {"ESHttpGet": noEvent, "ESHttpPost": noEvent, "ESHttpPut": noEvent, "ESHttpDelete": noEvent, "ESHttpHead": noEvent, "ESHttpPatch": noEvent},
	}
}

// iamAction returns what an action of a service's IAM policies is recorded as.
func iamAction(service, name string) (recorded string, ok bool) {
	for action, event := range iamActions()[service] {
		if strings.EqualFold(action, name) {
			return event, true
		}
	}
	return "", false
}

// recordedAs returns the names under which an operation is recorded, if they are others: where it has both names in a list, a rule is right.
func recordedAs(service, name string) []string {
	switch service {
	case "s3":
		for operation, events := range s3Events() {
			if strings.EqualFold(operation, name) {
				return strings.Fields(events)
			}
		}
	case "lambda":
		for event := range strings.FieldsSeq(lambdaEvents) {
			if strings.EqualFold(withoutVersion(event), name) {
				return []string{event}
			}
		}
	}
	return nil
}

// s3Events returns what operations of S3 are recorded as.
func s3Events() map[string]string {
	return map[string]string{
		"PutBucketLifecycleConfiguration": "PutBucketLifecycle", "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
		"PutBucketNotificationConfiguration": "PutBucketNotification", "GetBucketNotificationConfiguration": "GetBucketNotification",
		"PutBucketAccelerateConfiguration": "PutAccelerateConfiguration", "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
		"PutObjectLockConfiguration": "PutBucketObjectLockConfiguration", "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
		"PutPublicAccessBlock": "PutBucketPublicAccessBlock PutAccountPublicAccessBlock", "GetPublicAccessBlock": "GetBucketPublicAccessBlock GetAccountPublicAccessBlock",
		"DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock DeleteAccountPublicAccessBlock",
	}
}

// lambdaEvents are the operations of Lambda that are recorded with the version of their interface; the younger ones are not.
const lambdaEvents = "CreateFunction20150331 DeleteFunction20150331 GetFunction20150331v2 GetFunctionConfiguration20150331v2 ListFunctions20150331 " +
	"UpdateFunctionCode20150331v2 UpdateFunctionConfiguration20150331v2 AddPermission20150331v2 RemovePermission20150331v2 GetPolicy20150331v2 " +
	"CreateEventSourceMapping20150331 UpdateEventSourceMapping20150331 DeleteEventSourceMapping20150331 ListEventSourceMappings20150331 " +
	"PublishVersion20150331 ListVersionsByFunction20150331 CreateAlias20150331 UpdateAlias20150331 DeleteAlias20150331 ListAliases20150331 " +
	"PublishLayerVersion20181031 DeleteLayerVersion20181031 PutFunctionConcurrency20171031 DeleteFunctionConcurrency20171031 " +
	"GetAlias20150331 TagResource20170331v2 UntagResource20170331v2 ListTags20170331"
