package record

// ECS returns the form that Elastic's integration gives CloudTrail records (elastic/integrations, packages/aws, data stream cloudtrail:
// elasticsearch/ingest_pipeline/default.yml and fields/fields.yml). The caller must not change the result.
//
// The form has no place for a field that is missing here: userIdentity.identityProvider and webIdFederationData, for example, are dropped,
// sharedEventID too (the pipeline looks for sharedEventId), and tlsDetails.tlsVersion is cut in two (TLSv1.3 becomes tls and 1.3).
func ECS() *Mapping {
	const (
		ct        = "aws.cloudtrail."
		flattened = ct + "flattened."
		identity  = ct + "user_identity."
		session   = identity + "session_context."
		issuer    = session + "session_issuer."
	)
	m := &Mapping{Name: "ecs", Sparse: true, Detached: []string{flattened}, Fields: Aliases{
		"eventName":   {"event.action"},
		"eventSource": {"event.provider"},
		"eventTime":   {"@timestamp"},
		"eventID":     {"event.id"},
		"awsRegion":   {"cloud.region"},
		"userAgent":   {"user_agent.original"},
		// source.ip is there if the address is one, and alone in what other shippers make.
		"sourceIPAddress": {"source.address", "source.ip"},

		"apiVersion":                   {ct + "api_version"},
		"errorCode":                    {ct + "error_code"},
		"errorMessage":                 {ct + "error_message"},
		"eventCategory":                {ct + "event_category"},
		"eventType":                    {ct + "event_type"},
		"eventVersion":                 {ct + "event_version"},
		"managementEvent":              {ct + "management_event"},
		"readOnly":                     {ct + "read_only"},
		"recipientAccountId":           {ct + "recipient_account_id"},
		"requestID":                    {ct + "request_id"},
		"sessionCredentialFromConsole": {ct + "session_credential_from_console"},
		"vpcEndpointId":                {ct + "vpc_endpoint_id"},

		"tlsDetails.cipherSuite":              {"tls.cipher"},
		"tlsDetails.clientProvidedHostHeader": {"tls.client.server_name"},

		"resources":           {ct + "resources"},
		"resources.":          {ct + "resources."},
		"resources.ARN":       {ct + "resources.arn", ct + "resources.ARN"},
		"resources.accountId": {ct + "resources.account_id", ct + "resources.accountId"},

		// The account of the caller; the one that the trail is in is recipientAccountId.
		"userIdentity.accountId":   {"cloud.account.id"},
		"userIdentity.accessKeyId": {identity + "access_key_id"},
		"userIdentity.arn":         {identity + "arn"},
		"userIdentity.invokedBy":   {identity + "invoked_by"},
		"userIdentity.principalId": {"user.id"},
		"userIdentity.type":        {identity + "type"},
		// One place for two: the issuer's name stands there where the caller has none, as behind an assumed role.
		"userIdentity.userName":                              {"user.name"},
		"userIdentity.sessionContext.sessionIssuer.userName": {"user.name"},

		"userIdentity.sessionContext.attributes.creationDate":     {session + "creation_date"},
		"userIdentity.sessionContext.attributes.mfaAuthenticated": {session + "mfa_authenticated"},
		"userIdentity.sessionContext.sessionIssuer.accountId":     {issuer + "account_id"},
		"userIdentity.sessionContext.sessionIssuer.arn":           {issuer + "arn"},
		"userIdentity.sessionContext.sessionIssuer.principalId":   {issuer + "principal_id"},
		"userIdentity.sessionContext.sessionIssuer.type":          {issuer + "type"},

		// What stood in these objects, under other names.
		"userIdentity":                              {identity[:len(identity)-1], "user.name", "user.id", "cloud.account.id"},
		"userIdentity.sessionContext":               {session[:len(session)-1]},
		"userIdentity.sessionContext.attributes":    {session + "mfa_authenticated", session + "creation_date"},
		"userIdentity.sessionContext.sessionIssuer": {issuer[:len(issuer)-1], "user.name"},
	}}
	// Objects of any content stay as they are under flattened. Beside that is their text, which is there even where the object was too large.
	for field, name := range map[string]string{
		"additionalEventData": "additional_eventdata",
		"insightDetails":      "insight_details",
		"requestParameters":   "request_parameters",
		"responseElements":    "response_elements",
		"serviceEventDetails": "service_event_details",
	} {
		m.Fields[field] = []string{flattened + name, ct + name}
		m.Fields[field+"."] = []string{flattened + name + "."}
	}
	return m
}
