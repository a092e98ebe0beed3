package awslint

import (
	"slices"
	"strings"

	"sigmatrail/rules"
)

// members returns the members of CloudTrail's objects that are the same in all records; of those that are not here any member may be.
func members() map[string][]string {
	return map[string][]string{
		"": rules.CloudTrailFields(),
		"userIdentity": {
			"type", "principalId", "arn", "accountId", "accessKeyId", "userName", "invokedBy", "sessionContext", "identityProvider", "credentialId", "onBehalfOf",
			"inScopeOf", "invokedByDelegate",
		},
		"userIdentity.sessionContext": {
			"attributes", "sessionIssuer", "webIdFederationData", "sourceIdentity", "ec2RoleDelivery", "assumedRoot",
		},
		"userIdentity.sessionContext.attributes":          {"creationDate", "mfaAuthenticated"},
		"userIdentity.sessionContext.sessionIssuer":       {"type", "principalId", "arn", "accountId", "userName"},
		"userIdentity.sessionContext.webIdFederationData": {"federatedProvider", "attributes"},
		"userIdentity.onBehalfOf":                         {"userId", "identityStoreArn"},
		"userIdentity.inScopeOf":                          {"sourceArn", "sourceAccount", "issuerType", "credentialsIssuedTo"},
		"userIdentity.invokedByDelegate":                  {"accountId"},
		"tlsDetails":                                      {"tlsVersion", "cipherSuite", "clientProvidedHostHeader", "keyExchange"},
		"resources":                                       {"ARN", "arn", "ARNPrefix", "accountId", "type"},
		"addendum":                                        {"reason", "updatedFields", "originalRequestID", "originalEventID", "originalUTCEventTime"},
		"insightDetails":                                  {"state", "eventSource", "eventName", "insightType", "insightContext", "errorCode", "sourceEventCategory"},
	}
}

// objects are the fields that are always objects.
func objects() []string {
	return []string{
		"userIdentity", "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails", "tlsDetails", "addendum", "insightDetails",
		"userIdentity.sessionContext", "userIdentity.sessionContext.sessionIssuer", "userIdentity.sessionContext.attributes",
	}
}

// scalars are the fields that are never arrays, so that two items on one of them are about the same value.
func scalars() []string {
	list := []string{
		"eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage", "requestID", "eventID",
		"eventType", "apiVersion", "managementEvent", "readOnly", "recipientAccountId", "sharedEventID", "vpcEndpointId", "vpcEndpointAccountId", "eventCategory",
		"sessionCredentialFromConsole", "responseElements.ConsoleLogin", "additionalEventData.MFAUsed",
	}
	for object, names := range members() {
		if top, _, _ := strings.Cut(object, "."); top == "userIdentity" || top == "tlsDetails" {
			for _, name := range names {
				list = append(list, object+"."+name)
			}
		}
	}
	return slices.DeleteFunc(list, func(name string) bool {
		return slices.Contains(objects(), name) || members()[name] != nil || name == "userIdentity.sessionContext.webIdFederationData.attributes"
	})
}

// values returns the fields that have one of a few values.
func values() map[string][]string {
	yesNo := []string{"true", "false"}
	return map[string][]string{
		"managementEvent": yesNo, "readOnly": yesNo, "sessionCredentialFromConsole": yesNo, "userIdentity.sessionContext.attributes.mfaAuthenticated": yesNo,
		"additionalEventData.MFAUsed":   {"Yes", "No"},
		"responseElements.ConsoleLogin": {"Success", "Failure"},
		"eventType":                     {"AwsApiCall", "AwsServiceEvent", "AwsConsoleAction", "AwsConsoleSignIn", "AwsVpceEvent", "AwsVpceEvents", "AwsCloudTrailInsight"},
		"eventCategory":                 {"Management", "Data", "Insight", "NetworkActivity"},
		"userIdentity.type": {
			"Root", "IAMUser", "AssumedRole", "Role", "FederatedUser", "Directory", "AWSAccount", "AWSService", "IdentityCenterUser", "SAMLUser", "WebIdentityUser", "Unknown",
		},
	}
}

// foreign returns what fields are called elsewhere: in ECS, in OCSF, in Splunk, and by guess.
func foreign() map[string]string {
	return map[string]string{
		"event.action": "eventName", "event.name": "eventName", "event_name": "eventName", "action": "eventName", "api.operation": "eventName", "operation": "eventName",
		"event.provider": "eventSource", "event_source": "eventSource", "service": "eventSource", "api.service.name": "eventSource", "source": "eventSource",
		"src_ip": "sourceIPAddress", "src": "sourceIPAddress", "source.ip": "sourceIPAddress", "source.address": "sourceIPAddress", "ip": "sourceIPAddress",
		"source_ip": "sourceIPAddress", "src_endpoint.ip": "sourceIPAddress", "client_ip": "sourceIPAddress",
		"user_agent": "userAgent", "user_agent.original": "userAgent", "http.user_agent": "userAgent", "http_user_agent": "userAgent",
		"region": "awsRegion", "cloud.region": "awsRegion", "aws_region": "awsRegion", "account": "recipientAccountId", "account_id": "recipientAccountId",
		"accountId": "recipientAccountId", "cloud.account.id": "recipientAccountId", "vendor_account": "recipientAccountId",
		"user": "userIdentity.arn", "user.name": "userIdentity.userName", "user_name": "userIdentity.userName", "userName": "userIdentity.userName",
		"user_type": "userIdentity.type", "user.arn": "userIdentity.arn", "arn": "userIdentity.arn", "error": "errorCode", "error_code": "errorCode", "error.code": "errorCode",
		"error_message": "errorMessage", "error.message": "errorMessage", "event.time": "eventTime", "event_time": "eventTime", "time": "eventTime", "timestamp": "eventTime",
		"event.category": "eventCategory", "event.type": "eventType",
	}
}

// short are the fields for which the aliases of records stand in: they are at several places, whatever records were seen.
func short() []string {
	return []string{"requestParameters.toPort", "requestParameters.fromPort", "requestParameters.ipProtocol", "requestParameters.cidrIp"}
}
