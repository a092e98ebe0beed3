package record

import (
	"strings"
)

// Content says what an event holds.
type Content uint8

const (
	// Foreign is nothing that we know.
	Foreign Content = iota
	// CloudTrail is at least one CloudTrail record.
	CloudTrail
	// Digest is a CloudTrail digest file, which vouches for log files and holds no records.
	Digest
)

// Found is one record in an event.
type Found struct {
	Record *Object
	// Form is nil where the record is in CloudTrail's own form, and else the mapping by which it was found.
	Form *Mapping
}

// maxWraps bounds what may be around a record, itself counted: an SQS message that holds an SNS message that holds an EventBridge event is 4.
const maxWraps = 6

// Find returns the CloudTrail records in body, a value as Decode returns it, in their order: the body itself; the object under detail
// (EventBridge), event (HEC), eventData (CloudTrail Lake), payload (Fluent Bit's Kafka input) or json (Filebeat); JSON text in log, message, _raw,
// event, event.original, CloudTrailEvent, Message (SNS), payload, Body or body (SQS, and its events for Lambda); every logEvents[].message
// (CloudWatch Logs); every element of Records, or of Events (LookupEvents). The first of these that holds a record decides. JSON text that is none
// is passed over.
//
// Where none of these holds a record of CloudTrail's own form and m is not nil, they are gone through again for records of m's form. So the
// original, where a record of another form has kept it, is preferred.
func Find(body any, m *Mapping) ([]Found, Content) {
	found, content := (&finder{}).find(body, maxWraps)
	if content == Foreign && m != nil {
		return (&finder{form: m}).find(body, maxWraps)
	}
	return found, content
}

// finder looks for records of one form; nil is CloudTrail's own.
type finder struct{ form *Mapping }

func (f *finder) find(body any, wraps int) ([]Found, Content) {
	o, ok := body.(*Object)
	if !ok || wraps == 0 {
		return nil, Foreign
	}
	if f.isRecord(o) {
		return []Found{{Record: o, Form: f.form}}, CloudTrail
	}
	if isDigest(o) {
		return nil, Digest
	}
	for _, inner := range envelopes(o) {
		if found, content := f.find(inner, wraps-1); content != Foreign {
			return found, content
		}
	}
	for _, list := range lists(o) {
		if found := f.findAll(list, wraps-1); len(found) > 0 {
			return found, CloudTrail
		}
	}
	return nil, Foreign
}

func (f *finder) isRecord(o *Object) bool {
	if f.form != nil {
		return f.form.isRecord(o)
	}
	return IsRecord(o)
}

// IsRecord reports whether o is a record in CloudTrail's own form: it has an eventName, of whatever type, and an eventSource under
// amazonaws.com. Where eventVersion is present any eventSource will do, as CloudTrail Lake takes records of other sources.
func IsRecord(o *Object) bool {
	if _, ok := o.Get("eventName"); !ok {
		return false
	}
	source, ok := o.Get("eventSource")
	if !ok {
		return false
	}
	if _, versioned := o.Get("eventVersion"); versioned {
		return true
	}
	return isAWS(source)
}

// isAWS reports whether an event source is one of AWS.
func isAWS(source any) bool {
	text, _ := source.(string)
	return IsAWS([]byte(text))
}

// isDigest knows a digest file by the members that CloudTrail's documentation of their structure names.
func isDigest(o *Object) bool {
	for _, key := range []string{"awsAccountId", "digestStartTime", "digestS3Bucket", "logFiles"} {
		if _, ok := o.Get(key); !ok {
			return false
		}
	}
	return true
}

// envelopes returns what may itself be a record or an envelope.
func envelopes(o *Object) []any {
	var inner []any
	for _, key := range []string{"detail", "event", "eventData", "payload", "json"} {
		if v, ok := o.Get(key); ok {
			inner = append(inner, v)
		}
	}
	for _, key := range []string{
		"log", "message", "_raw", "event", "event.original", "CloudTrailEvent", "Message", "payload", "Body", "body",
	} {
		if text := o.Text(key); text != "" {
			inner = append(inner, parseText(text))
		}
	}
	if event, ok := o.Get("event"); ok {
		if event, ok := event.(*Object); ok {
			inner = append(inner, parseText(event.Text("original")))
		}
	}
	return inner
}

// lists returns the values of which each may be a record or an envelope.
func lists(o *Object) [][]any {
	var all [][]any
	if v, ok := o.Get("logEvents"); ok {
		entries, _ := v.([]any)
		var list []any
		for _, e := range entries {
			if e, ok := e.(*Object); ok {
				list = append(list, parseText(e.Text("message")))
			}
		}
		all = append(all, list)
	}
	for _, key := range []string{"Records", "Events"} {
		if v, ok := o.Get(key); ok {
			list, _ := v.([]any)
			all = append(all, list)
		}
	}
	return all
}

func (f *finder) findAll(list []any, wraps int) []Found {
	var all []Found
	for _, v := range list {
		found, _ := f.find(v, wraps)
		all = append(all, found...)
	}
	return all
}

// parseText returns the value of a JSON text that is an object, or nil.
func parseText(text string) any {
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		return nil
	}
	packed, err := AppendMsgpack(nil, []byte(text))
	if err != nil {
		return nil
	}
	v, _ := Decode(packed, 0)
	return v
}
