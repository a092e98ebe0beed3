package awslint

// What follows is written by hand, from AWS's documentation and from records: no model of an SDK has it. What is missing here costs a false warning,
// and every such warning says "not known".

// furtherSources returns the services that send events and that the table of operations lacks: they have no public interface, or it is closed.
func furtherSources() []string {
	return []string{
		"alexaforbusiness", "aws-portal", "backup-storage", "billingconsole", "cloud9", "cloudhsm", "cloudshell", "codestar", "codewhisperer", "cognito-sync",
		"consolidatedbilling", "customer-verification", "datapipeline", "dbqms", "deepcomposer", "deeplens", "deepracer", "discovery", "ec2messages",
		"elastictranscoder", "evidently", "freertos", "gamesparks", "groundtruthlabeling", "honeycode", "identity-sync", "inspector", "iot1click", "iotanalytics",
		"iotevents", "iotfleethub", "iotroborunner", "lookoutmetrics", "lookoutvision", "macie", "mgh", "mobileanalytics", "mobilehub", "monitron", "nimble",
		"opsworks", "opsworks-cm", "panorama", "payments", "privatenetworks", "purchase-orders", "q", "qldb", "qldb-session", "rdsdata", "robomaker", "s3-object-lambda",
		"s3express", "sms", "sqlworkbench", "ssmmessages", "sso-directory", "sumerian", "support-console", "tiros", "user-subscriptions", "vendor-insights", "wam",
		"worklink",
	}
}

// openSources returns the services in the table whose consoles, or whose own work, leave events that nobody has listed: of their names only what looks
// like a typing mistake is told.
func openSources() []string {
	return []string{"aws-marketplace", "cassandra", "health", "kafka", "quicksight", "signin", "sso", "support", "trustedadvisor", "workdocs", "workmail", "workspaces"}
}

// recordedSources returns, by names that services have in SDKs and in speech, the services under which their events are recorded, which have the
// events of both.
func recordedSources() map[string]string {
	return map[string]string{
		"amp": "aps", "api.ecr": "ecr", "api.sagemaker": "sagemaker", "apigatewayv2": "apigateway", "cloudwatch": "monitoring", "cloudwatchlogs": "logs", "docdb": "rds",
		"efs": "elasticfilesystem", "elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing", "emr": "elasticmapreduce", "eventbridge": "events", "keyspaces": "cassandra",
		"mq": "amazonmq", "msk": "kafka", "mwaa": "airflow", "neptune": "rds", "opensearch": "es", "pinpoint": "mobiletargeting", "sesv2": "ses", "sfn": "states", "sso-admin": "sso",
		"stepfunctions": "states",
	}
}

// guests returns, by services whose own event source may stand in records as well, the services under which their events are recorded, too.
func guests() map[string]string {
	return map[string]string{"application-autoscaling": "autoscaling", "autoscaling-plans": "autoscaling"}
}

// otherEvents returns, by service, the events that are no operations in the table: sign-ins, what services do by themselves, what only consoles and
// agents call, operations that are recorded under another name, and some that SDKs no longer have.
func otherEvents() map[string]string {
	return map[string]string{
		"signin": "ConsoleLogin ConsoleLogout CheckMfa SwitchRole ExitRole RenewRole GetSigninToken PasswordRecoveryRequested PasswordRecoveryCompleted " +
			"PasswordUpdated EmailUpdated UserAuthentication CredentialChallenge CredentialVerification",
		"kms":                  "RotateKey DeleteKey DeleteExpiredKeyMaterial SynchronizeMultiRegionKey",
		"ec2":                  "SharedSnapshotVolumeCreated SharedSnapshotCopyInitiated BidEvictedEvent",
		"events":               "CreateManagedRule",
		"lambda":               "LambdaESMDisabled",
		"payment-cryptography": "SynchronizeMultiRegionKey",
		"s3": "GetAccelerateConfiguration PutAccelerateConfiguration GetBucketObjectLockConfiguration PutBucketObjectLockConfiguration GetBucketPublicAccessBlock " +
			"PutBucketPublicAccessBlock DeleteBucketPublicAccessBlock GetAccountPublicAccessBlock PutAccountPublicAccessBlock DeleteAccountPublicAccessBlock " +
			"PostObject OptionsObject Presign JobCreated JobStatusChanged",
		"iam": "GetAccountEmailAddress GetAccountName UpdateAccountEmailAddress UpdateAccountName GetCloudFrontPublicKey ListCloudFrontPublicKeys " +
			"UploadCloudFrontPublicKey UpdateCloudFrontPublicKey DeleteCloudFrontPublicKey",
		"secretsmanager": "RotationStarted RotationAbandoned RotationFailed RotationSucceeded TestRotationStarted TestRotationSucceeded TestRotationFailed " +
			"StartSecretVersionDelete CancelSecretVersionDelete EndSecretVersionDelete",
		"backup": "BackupDeleted BackupJobStarted BackupJobCompleted BackupSelectionDeletedDueToSLRDeletion BackupTransitionedToCold CopyJobStarted " +
			"CopyJobCompleted ReportJobStarted ReportJobCompleted RestoreStarted RestoreCompleted",
		"controltower": "CreateManagedAccount UpdateManagedAccount EnableGuardrail DisableGuardrail SetupLandingZone RegisterOrganizationalUnit " +
			"DeregisterOrganizationalUnit PrecheckOrganizationalUnit",
		"organizations":     "CreateAccountResult CloseAccountResult AccountJoinedOrganization AccountDepartedOrganization",
		"ecr":               "PolicyExecutionEvent ReplicateImage BatchImportUpstreamImage",
		"ecs":               "Poll StartTelemetrySession",
		"eks":               "AccessKubernetesApi",
		"codecommit":        "GitPull GitPush",
		"elasticfilesystem": "NewClientConnection UpdateClientConnection",
		"ssm": "UpdateInstanceInformation ListInstanceAssociations UpdateInstanceAssociationStatus RegisterManagedInstance RequestManagedInstanceRoleToken " +
			"UpdateManagedInstancePublicKey GetManifest PutConfigurePackageResult",
		"ec2-instance-connect": "OpenTunnel",
		"bedrock":              "PutFoundationModelEntitlement",
		"sso":                  "AssociateDirectory DisassociateDirectory Authenticate Federate",
		"sso-directory":        "EnableExternalIdPConfigurationForDirectory DisableExternalIdPConfigurationForDirectory CreateUser DeleteUser CreateGroup DeleteGroup AddMemberToGroup",
		"ssmmessages":          "CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel",
		"ec2messages":          "SendHeartbeat GetMessages AcknowledgeMessage DeleteMessage FailMessage GetEndpoint SendReply",
		"cognito-idp": "Login_GET Login_POST Logout_GET Token_POST OAuth2_Authorize_GET OAuth2Response_GET UserInfo_GET SignUp_GET SignUp_POST " +
			"ForgotPassword_GET ForgotPassword_POST ConfirmForgotPassword_GET ConfirmForgotPassword_POST Error_GET",
	}
}
