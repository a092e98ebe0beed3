package mixes

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"sigmatrail/internal/record"
)

// DataEvents returns the mix data: events of objects and functions as trails of a busy account are full of, 85 of 100 a PutObject by a service
// of AWS. The shapes are those of the corpora's records, the texts are made up, with a fixed seed. It needs no corpus.
func DataEvents(shuffled bool) Mix {
	return newMix("data", newDataEvents(3).records(2000), shuffled)
}

// DataFile returns what CloudTrail delivers, {"Records":[…]}, with n events of the kinds of DataEvents. Each seed gives others.
func DataFile(seed uint64, n int) []byte {
	text := []byte(`{"Records":[`)
	for i, r := range newDataEvents(seed).records(n) {
		if i > 0 {
			text = append(text, ',')
		}
		text = record.AppendJSON(text, r)
	}
	return append(text, "]}"...)
}

type dataEvents struct{ *rand.Rand }

func newDataEvents(seed uint64) dataEvents { return dataEvents{rand.New(rand.NewPCG(seed, 4))} }

// records makes n events.
func (d dataEvents) records(n int) []*record.Object {
	records := make([]*record.Object, n)
	for i := range records {
		switch n := d.IntN(100); {
		case n < 85:
			records[i] = d.delivery()
		case n < 93:
			records[i] = d.read()
		case n < 97:
			records[i] = d.deletion()
		default:
			records[i] = d.invocation()
		}
	}
	return records
}

// object makes an object of keys and values in turn.
func object(pairs ...any) *record.Object {
	members := make([]record.Member, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		key, _ := pairs[i].(string)
		members = append(members, record.Member{Key: key, Value: pairs[i+1]})
	}
	return record.NewObject(members...)
}

// text returns n characters that look like an identifier of AWS.
func (d dataEvents) text(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var b strings.Builder
	for range n {
		b.WriteByte(letters[d.IntN(len(letters))])
	}
	return b.String()
}

func (d dataEvents) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(d.IntN(256)) //nolint:gosec // a byte
	}
	return b
}

func (d dataEvents) uuid() string {
	h := hex.EncodeToString(d.bytes(16))
	return fmt.Sprintf("%s-%s-4%s-8%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:])
}

func (d dataEvents) pick(list ...string) string { return list[d.IntN(len(list))] }

func (d dataEvents) account() string { return d.pick("111122223333", "444455556666", "012345678901") }

func (d dataEvents) bucket() string {
	return d.pick("central-audit-logs", "flow-archive-eu", "build-artefacts", "web-access-logs", "data-lake-raw")
}

func (d dataEvents) time() time.Time {
	return time.Date(2026, 9, 14, 0, 0, d.IntN(86400), 0, time.UTC)
}

// event makes a record of what all have in common and what differs.
func (d dataEvents) event(identity *record.Object, source, name, address, agent string, request, response, additional any, readOnly bool, resources ...any) *record.Object {
	account := d.account()
	pairs := []any{
		"eventVersion", "1.11", "userIdentity", identity, "eventTime", d.time().Format(time.RFC3339), "eventSource", source, "eventName", name, "awsRegion", "eu-central-1",
		"sourceIPAddress", address, "userAgent", agent, "requestParameters", request, "responseElements", response, "additionalEventData", additional,
		"requestID", d.text(16), "eventID", d.uuid(), "readOnly", readOnly, "resources", resources, "eventType", "AwsApiCall", "managementEvent", false,
		"recipientAccountId", account,
	}
	if identity.Text("type") == "AWSService" {
		pairs = append(pairs, "sharedEventID", d.uuid())
	} else {
		pairs = append(pairs, "vpcEndpointId", "vpce-"+hex.EncodeToString(d.bytes(8)))
	}
	return object(append(pairs, "eventCategory", "Data")...)
}

// transfer is the additional data of S3. Its counts of bytes are floats, as S3 writes them.
func (d dataEvents) transfer(in, out float64) *record.Object {
	return object(
		"SignatureVersion", "SigV4", "CipherSuite", "TLS_AES_128_GCM_SHA256", "bytesTransferredIn", in, "SSEApplied", "SSE_S3", "AuthenticationMethod", "AuthHeader",
		"x-amz-id-2", base64.StdEncoding.EncodeToString(d.bytes(56)), "bytesTransferredOut", out,
	)
}

func (d dataEvents) resources(bucket, key string) []any {
	return []any{
		object("type", "AWS::S3::Object", "ARN", "arn:aws:s3:::"+bucket+"/"+key),
		object("accountId", d.account(), "type", "AWS::S3::Bucket", "ARN", "arn:aws:s3:::"+bucket),
	}
}

// delivery is a log file that a service of AWS writes to a bucket.
func (d dataEvents) delivery() *record.Object {
	service, bucket := d.pick("cloudtrail.amazonaws.com", "delivery.logs.amazonaws.com", "config.amazonaws.com", "logging.s3.amazonaws.com"), d.bucket()
	key := fmt.Sprintf("AWSLogs/%s/%s/eu-central-1/%s/%s.gz", d.account(), strings.TrimSuffix(service, ".amazonaws.com"), d.time().Format("2006/01/02"), d.text(24))
	return d.event(
		object("type", "AWSService", "invokedBy", service), "s3.amazonaws.com", "PutObject", service, service,
		object("bucketName", bucket, "Host", bucket+".s3.eu-central-1.amazonaws.com", "x-amz-acl", "bucket-owner-full-control", "x-amz-server-side-encryption", "AES256", "key", key),
		object("x-amz-server-side-encryption", "AES256", "x-amz-version-id", d.text(32)), d.transfer(float64(d.IntN(90_000)), 0), false, d.resources(bucket, key)...)
}

// role is an identity with a session, the largest part of most records.
func (d dataEvents) role(name string) *record.Object {
	account, principal := d.account(), "AROA"+d.text(17)
	return object(
		"type", "AssumedRole", "principalId", principal+":"+name, "arn", "arn:aws:sts::"+account+":assumed-role/"+name+"/"+name, "accountId", account, "accessKeyId", "ASIA"+d.text(16),
		"sessionContext", object(
			"sessionIssuer", object("type", "Role", "principalId", principal, "arn", "arn:aws:iam::"+account+":role/"+name, "accountId", account, "userName", name),
			"attributes", object("creationDate", d.time().Format(time.RFC3339), "mfaAuthenticated", "false"),
		),
	)
}

func (d dataEvents) address() string {
	return fmt.Sprintf("10.%d.%d.%d", d.IntN(256), d.IntN(256), d.IntN(256))
}

// read is an object that a program reads.
func (d dataEvents) read() *record.Object {
	bucket, key := d.bucket(), "tables/orders/part-"+d.text(12)+".parquet"
	return d.event(
		d.role(d.pick("etl-worker", "report-builder")), "s3.amazonaws.com", d.pick("GetObject", "HeadObject"), d.address(), "[Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux#6.1.0 lang/python#3.13.1]",
		object("bucketName", bucket, "Host", bucket+".s3.eu-central-1.amazonaws.com", "key", key), nil, d.transfer(0, float64(d.IntN(5_000_000))), true, d.resources(bucket, key)...)
}

// deletion is an object that a user removes.
func (d dataEvents) deletion() *record.Object {
	account, bucket, key := d.account(), d.bucket(), "tmp/"+d.text(20)
	user := object("type", "IAMUser", "principalId", "AIDA"+d.text(17), "arn", "arn:aws:iam::"+account+":user/janitor", "accountId", account, "accessKeyId", "AKIA"+d.text(16), "userName", "janitor")
	return d.event(
		user, "s3.amazonaws.com", "DeleteObject", d.address(), "[aws-cli/2.28.1 md/awscrt#0.27.6 ua/2.1 os/linux#6.1.0 md/command#s3.rm]",
		object("bucketName", bucket, "Host", bucket+".s3.eu-central-1.amazonaws.com", "key", key), nil, d.transfer(0, 0), false, d.resources(bucket, key)...)
}

// invocation is a function that is called.
func (d dataEvents) invocation() *record.Object {
	function := "arn:aws:lambda:eu-central-1:" + d.account() + ":function:" + d.pick("resize-image", "notify")
	return d.event(
		d.role("api-gateway-caller"), "lambda.amazonaws.com", "Invoke", d.address(), "aws-sdk-java/2.33.0 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.0 lang/java#21.0.8",
		object("functionName", function, "invocationType", "RequestResponse", "clientContext", d.text(40)), nil, object("customerEniId", "eni-"+hex.EncodeToString(d.bytes(8))), false,
		object("accountId", d.account(), "type", "AWS::Lambda::Function", "ARN", function))
}
