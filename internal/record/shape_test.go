package record

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	one = `{"eventVersion":"1.11","eventSource":"s3.amazonaws.com","eventName":"A","eventID":"1"}`
	two = `{"eventVersion":"1.11","eventSource":"s3.amazonaws.com","eventName":"B","eventID":"2"}`
)

func quoted(text string) string { return string(appendJSONString(nil, text)) }

func TestFind(t *testing.T) {
	for _, test := range []struct {
		name, body string
		content    Content
		want       string // eventNames
	}{
		{"the body", one, CloudTrail, "A"},
		{"EventBridge", `{"detail-type":"AWS API Call via CloudTrail","source":"aws.s3","detail":` + one + `}`, CloudTrail, "A"},
		{"HEC object", `{"time":1,"event":` + one + `}`, CloudTrail, "A"},
		{"HEC text", `{"time":1,"event":` + quoted(one) + `}`, CloudTrail, "A"},
		{"CloudTrail Lake", `{"eventData":` + one + `}`, CloudTrail, "A"},
		{"container log", `{"log":` + quoted(one+"\n") + `,"stream":"stdout"}`, CloudTrail, "A"},
		{"syslog", `{"message":` + quoted(" "+one) + `}`, CloudTrail, "A"},
		{"Splunk", `{"_raw":` + quoted(one) + `}`, CloudTrail, "A"},
		{"ECS", `{"event":{"original":` + quoted(one) + `}}`, CloudTrail, "A"},
		{"ECS, dotted", `{"event.original":` + quoted(one) + `}`, CloudTrail, "A"},
		{"LookupEvents", `{"EventId":"1","CloudTrailEvent":` + quoted(one) + `}`, CloudTrail, "A"},
		{"SNS", `{"Type":"Notification","Message":` + quoted(one) + `}`, CloudTrail, "A"},
		{"SNS with EventBridge", `{"Message":` + quoted(`{"detail":`+one+`}`) + `}`, CloudTrail, "A"},
		{"CloudWatch Logs", `{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","message":` + quoted(one) + `},{"message":"x"},{"message":` + quoted(two) + `}]}`, CloudTrail, "A B"},
		{"S3 object", `{"Records":[` + one + `,1,{},` + two + `]}`, CloudTrail, "A B"},
		{"S3 object as text", `{"log":` + quoted(`{"Records":[`+one+`]}`) + `}`, CloudTrail, "A"},
		{"Kafka", `{"topic":"t","partition":0,"offset":1,"payload":` + quoted(one) + `}`, CloudTrail, "A"},
		{"Kafka, parsed", `{"topic":"t","payload":` + one + `}`, CloudTrail, "A"},
		{"Filebeat", `{"@timestamp":"x","agent":{"type":"filebeat"},"message":` + quoted(one) + `,"json":` + two + `}`, CloudTrail, "B"},
		{"Logstash", `{"@timestamp":"x","@version":"1","host":{"name":"h"},"tags":["t"],` + one[1:], CloudTrail, "A"},
		{"Logstash, original", `{"@timestamp":"x","event":{"original":` + quoted(one) + `},"tags":["_jsonparsefailure"]}`, CloudTrail, "A"},
		{"SQS", `{"MessageId":"1","Body":` + quoted(one) + `}`, CloudTrail, "A"},
		{"Lambda's SQS event with SNS and EventBridge", `{"Records":[{"messageId":"1","body":` + quoted(`{"Message":`+quoted(`{"detail":`+one+`}`)+`}`) + `}]}`, CloudTrail, "A"},
		{"LookupEvents, all", `{"Events":[{"EventId":"1","CloudTrailEvent":` + quoted(one) + `},{"EventId":"2","CloudTrailEvent":` + quoted(two) + `}]}`, CloudTrail, "A B"},
		{"Firehose is not looked into", `{"requestId":"1","timestamp":1,"records":[{"data":"eyJldmVudE5hbWUiOiJBIn0="}]}`, Foreign, ""},
		{"without version", `{"eventSource":"s3.amazonaws.com","eventName":"A"}`, CloudTrail, "A"},
		{"another source with version", `{"eventVersion":"1","eventSource":"example.com","eventName":"A"}`, CloudTrail, "A"},
		{"eventName that is no text", `{"eventSource":"s3.amazonaws.com","eventName":7}`, CloudTrail, ""},
		{"another source", `{"eventSource":"example.com","eventName":"A"}`, Foreign, ""},
		{"a source that only looks alike", `{"eventSource":"s3.amazonaws.com.example.com","eventName":"A"}`, Foreign, ""},
		{"S3 notification", `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"x"}]}`, Foreign, ""},
		{"no map", `[` + one + `]`, Foreign, ""},
		{"text that is no JSON", `{"log":"{not json"}`, Foreign, ""},
		{"text that is another JSON", `{"log":"{\"a\":1}","message":` + quoted(one) + `}`, CloudTrail, "A"},
		{"nothing", `{}`, Foreign, ""},
		{"digest", `{"awsAccountId":"1","digestStartTime":"x","digestEndTime":"y","digestS3Bucket":"b","digestS3Object":"o","logFiles":[]}`, Digest, ""},
		{"the body comes before its envelope", `{"eventVersion":"1","eventSource":"s3.amazonaws.com","eventName":"A","detail":` + two + `}`, CloudTrail, "A"},
	} {
		found, content := Find(value(t, test.body), nil)
		var names []string
		for _, f := range found {
			names = append(names, f.Record.Text("eventName"))
		}
		if got := strings.Join(names, " "); got != test.want || content != test.content {
			t.Errorf("%s: %q, content %d", test.name, got, content)
		}
	}
}

// TestFindDepth: envelopes within envelopes are followed only so far, whatever their number.
func TestFindDepth(t *testing.T) {
	body := one
	for range maxWraps - 1 {
		body = `{"message":` + quoted(body) + `}`
	}
	if found, _ := Find(value(t, body), nil); len(found) != 1 {
		t.Errorf("%d records", len(found))
	}
	if found, _ := Find(value(t, `{"message":`+quoted(body)+`}`), nil); len(found) != 0 {
		t.Errorf("%d records in one envelope more", len(found))
	}
}

func TestTime(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		`"2026-11-20T12:00:00Z"`:                              noon,
		`"2026-11-20T12:00:00"`:                               noon,
		`"2026-11-20 12:00:00"`:                               noon,
		`"2026-11-20T14:00:00+02:00"`:                         noon,
		`"2026-11-20 14:00:00+0200"`:                          noon,
		`"2026-11-20T12:00:00.123456789Z"`:                    noon.Add(123456789),
		`"2026-11-20T12:00:00.5"`:                             noon.Add(time.Second / 2),
		`" 2026-11-20T12:00:00Z "`:                            noon,
		strconv.FormatInt(noon.Unix(), 10):                    noon,
		fmt.Sprintf("%q", strconv.FormatInt(noon.Unix(), 10)): noon,
		strconv.FormatInt(noon.UnixMilli()+7, 10):             noon.Add(7 * time.Millisecond),
		strconv.FormatInt(noon.Unix(), 10) + ".25":            noon.Add(time.Second / 4),
	} {
		got, ok := Found{Record: value(t, `{"eventTime":`+text+`}`).(*Object)}.Time()
		if !ok || !got.Equal(want) {
			t.Errorf("%s: %v %v", text, got, ok)
		}
	}
	both := `{"@timestamp":"2026-11-20T12:00:00.000Z","eventTime":`
	for text, want := range map[string]time.Time{
		`{"@timestamp":"2026-11-20T12:00:00.000Z"}`: noon, both + `"yesterday"}`: noon, both + `"2026-11-20T13:00:00Z"}`: noon.Add(time.Hour),
	} {
		if got, ok := (Found{Record: value(t, text).(*Object)}).Time(); !ok || !got.Equal(want) {
			t.Errorf("%s: %v %v", text, got, ok)
		}
	}
	for _, text := range []string{`null`, `"yesterday"`, `""`, `true`, `-5`, `1e300`, `"NaN"`, `{}`} {
		if got, ok := (Found{Record: value(t, `{"eventTime":`+text+`}`).(*Object)}).Time(); ok {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestAliases(t *testing.T) {
	for short, paths := range DefaultAliases() {
		if paths[0] != short {
			t.Errorf("%s does not mean itself first, but %s", short, paths[0])
		}
		seen := make(map[string]bool)
		for _, p := range paths {
			if seen[p] {
				t.Errorf("%s: %s twice", short, p)
			}
			seen[p] = true
		}
	}
}
