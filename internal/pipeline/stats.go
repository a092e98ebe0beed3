package pipeline

import (
	"time"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
	"sigmatrail/matcher"
)

// Stats returns how large the compiled rules are, as they look at CloudTrail's own records; those of another form are looked at in the same way.
func (p *Program) Stats() matcher.Stats { return p.own.program.Stats() }

// Found returns how the rule of that index is found.
func (p *Program) Found(rule int) matcher.RuleStats { return p.own.program.Rule(rule) }

// SearchCost is what searching one field for texts costs on a record whose value is not the last record's.
type SearchCost struct {
	Field string
	// Texts is how many texts are searched for, Length how long the value was that the cost was measured on.
	Texts, Length int
	// Walks is the cost in bare walks: how often the record could have been walked over in that time.
	Walks float64
}

// SampleRecord is what costs are measured on: a record of usual size.
const SampleRecord = `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:deploy","arn":"arn:aws:sts::111122223333:assumed-role/` +
	`deployment/deploy","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE",` +
	`"arn":"arn:aws:iam::111122223333:role/deployment","accountId":"111122223333","userName":"deployment"},"attributes":{"creationDate":"2026-11-20T08:00:00Z",` +
	`"mfaAuthenticated":"false"}}},"eventTime":"2026-11-20T08:00:05Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"eu-west-1",` +
	`"sourceIPAddress":"203.0.113.7","userAgent":"aws-cli/2.15.30 md/Botocore#1.34.69 ua/2.0 os/linux#6.1.0 md/arch#x86_64 lang/python#3.11.8 md/pyimpl#CPython ` +
	`cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#ec2.describe-instances","errorCode":"Client.UnauthorizedOperation","errorMessage":"You are ` +
	`not authorized to perform this operation. User: arn:aws:sts::111122223333:assumed-role/deployment/deploy is not authorized to perform: ` +
	`ec2:DescribeInstances","requestParameters":{"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0"}]},"filterSet":{}},"responseElements":null,` +
	`"requestID":"00000000-0000-4000-8000-000000000001","eventID":"00000000-0000-4000-8000-000000000002","readOnly":true,"eventType":"AwsApiCall",` +
	`"managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}`

// SearchCosts measures the searches that are made on every record, here and now, on SampleRecord, or on a text of usual length where that lacks the field.
func (p *Program) SearchCosts() []SearchCost {
	packed, err := record.AppendMsgpack(nil, []byte(SampleRecord))
	if err != nil {
		return nil // unreachable
	}
	v := Verdict{place: record.Place{Data: packed}}
	walk := perCall(func() { chunk.Skip(packed, 0) })
	var list []SearchCost
	for _, s := range p.own.program.Searches() {
		text := v.Text(s.Field)
		if text == "" {
			const usual = 100
			text = SampleRecord[:usual]
		}
		value := []byte(text)
		list = append(list, SearchCost{Field: s.Field, Texts: s.Texts, Length: len(text), Walks: perCall(func() { s.Run(value) }) / walk})
	}
	return list
}

// perCall returns how long f takes at its fastest, in nanoseconds.
func perCall(f func()) float64 {
	const rounds, calls = 20, 200
	best := time.Duration(1 << 62)
	for range rounds {
		start := time.Now()
		for range calls {
			f()
		}
		best = min(best, time.Since(start))
	}
	return max(float64(best.Nanoseconds()), 1) / calls
}
