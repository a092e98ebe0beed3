package oracle

import (
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// evaluator parses a detection, the YAML below the key of that name.
func evaluator(t *testing.T, detection string) *Oracle {
	t.Helper()
	src := "title: test\nlogsource:\n  product: aws\n  service: cloudtrail\ndetection:\n"
	for line := range strings.Lines(detection) {
		src += "  " + line
	}
	list, problems := rules.Parse("test.yml", []byte(src+"\n"), rules.Options{})
	if len(problems.Errors()) > 0 || len(list) != 1 {
		t.Fatalf("%v in\n%s", problems.Errors(), src)
	}
	return New(list, record.DefaultAliases(), "sigma")
}

func object(t *testing.T, text string) *record.Object {
	t.Helper()
	packed, err := record.AppendMsgpack(nil, []byte(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	body, _ := record.Decode(packed, 0)
	return body.(*record.Object)
}

// item wraps one item of a detection.
func item(text string) string { return "s:\n  " + text + "\ncondition: s" }

// verdict is a record and whether the detection of its group must match it.
type verdict struct {
	record string
	want   bool
}

func check(t *testing.T, detection string, cases []verdict) {
	t.Helper()
	o := evaluator(t, detection)
	for _, c := range cases {
		if got := len(o.Match(object(t, c.record), time.Time{})) > 0; got != c.want {
			t.Errorf("%s on %s: %v, want %v", detection, c.record, got, c.want)
		}
	}
}

// TestItems decides every case of the table "Values" of docs/RATIONALE.md by hand.
func TestItems(t *testing.T) {
	for _, test := range []struct {
		item  string
		cases []verdict
	}{
		// Texts: without case, by Unicode's simple folding.
		{`f: Alice`, []verdict{{`{"f":"ALICE"}`, true}, {`{"f":"alice "}`, false}, {`{"F":"alice"}`, false}, {`{}`, false}}},
		{`f: kiss`, []verdict{{"{\"f\":\"\u212Ai\u017Fs\"}", true}}},
		{`f: straße`, []verdict{{`{"f":"STRASSE"}`, false}, {`{"f":"STRAẞE"}`, true}}},
		{`f: İ`, []verdict{{`{"f":"i"}`, false}, {`{"f":"İ"}`, true}}},
		{`f|cased: Alice`, []verdict{{`{"f":"Alice"}`, true}, {`{"f":"alice"}`, false}}},
		{`f|contains|cased: b`, []verdict{{`{"f":"abc"}`, true}, {`{"f":"aBc"}`, false}}},
		{"f: \"\\xc3\\xa9\"", []verdict{{"{\"f\":\"\u00c3\u00a9\"}", true}}},
		{`f: ''`, []verdict{{`{"f":""}`, true}, {`{"f":null}`, false}, {`{}`, false}, {`{"f":" "}`, false}, {`{"f":[]}`, false}, {`{"f":{}}`, false}}},

		// Scalars of rules.
		{`f: 22`, []verdict{{`{"f":22}`, true}, {`{"f":22.0}`, true}, {`{"f":"22"}`, true}, {`{"f":2.2e1}`, true}, {`{"f":"22.0"}`, false}, {`{"f":220}`, false}, {`{"f":"022"}`, false}}},
		{`f: 22.0`, []verdict{{`{"f":22}`, true}, {`{"f":"22.0"}`, true}, {`{"f":"22"}`, true}, {`{"f":"22.00"}`, false}}},
		{`f: 1.10`, []verdict{{`{"f":"1.10"}`, true}, {`{"f":1.1}`, true}, {`{"f":"1.1"}`, true}}},
		{`f: 012345678901`, []verdict{{`{"f":"012345678901"}`, true}, {`{"f":"12345678901"}`, true}, {`{"f":12345678901}`, true}}},
		{`f: '012345678901'`, []verdict{{`{"f":"012345678901"}`, true}, {`{"f":"12345678901"}`, false}, {`{"f":12345678901}`, false}}},
		{`f: '22'`, []verdict{{`{"f":22}`, true}, {`{"f":"22"}`, true}, {`{"f":22.5}`, false}}},
		{`f: No`, []verdict{{`{"f":"No"}`, true}, {`{"f":"no"}`, true}, {`{"f":false}`, false}}},
		{`f: 2024-01-02`, []verdict{{`{"f":"2024-01-02"}`, true}, {`{"f":"2024-01-02T00:00:00Z"}`, false}}},
		{`f: true`, []verdict{{`{"f":true}`, true}, {`{"f":"true"}`, true}, {`{"f":"True"}`, true}, {`{"f":false}`, false}, {`{"f":1}`, false}}},
		{`f: 'true'`, []verdict{{`{"f":true}`, true}, {`{"f":"true"}`, true}, {`{"f":false}`, false}}},
		{`f: 1`, []verdict{{`{"f":true}`, false}, {`{"f":1}`, true}}},
		{`f: 9223372036854775808`, []verdict{{`{"f":9223372036854775808}`, true}, {`{"f":9223372036854775807}`, false}, {`{"f":"9223372036854775808"}`, true}}},
		{`f: 9007199254740993`, []verdict{{`{"f":9007199254740993}`, true}, {`{"f":9007199254740992}`, false}}},
		{`f: 123456789012345678901234567890`, []verdict{{`{"f":123456789012345678901234567890}`, true}, {`{"f":123456789012345678901234567891}`, false}}},
		{`f: [a, b]`, []verdict{{`{"f":"b"}`, true}, {`{"f":"c"}`, false}}},
		{`f: -1`, []verdict{{`{"f":-1}`, true}, {`{"f":"-1"}`, true}, {`{"f":1}`, false}}},

		// Order.
		{`f|lt: 22`, []verdict{{`{"f":21}`, true}, {`{"f":22}`, false}, {`{"f":"21.5"}`, true}, {`{"f":"x"}`, false}, {`{"f":null}`, false}, {`{"f":true}`, false}, {`{}`, false}, {`{"f":""}`, false}}},
		{`f|lte: 22`, []verdict{{`{"f":22.0}`, true}, {`{"f":22.1}`, false}, {`{"f":-5}`, true}}},
		{`f|gt: 22`, []verdict{{`{"f":22}`, false}, {`{"f":23}`, true}, {`{"f":[1,30]}`, true}}},
		{`f|gte: 9007199254740993`, []verdict{{`{"f":9007199254740993}`, true}, {`{"f":9007199254740992}`, false}, {`{"f":"9007199254740992"}`, false}}},
		{`f|gt: 1.5`, []verdict{{`{"f":1.5}`, false}, {`{"f":1.50001}`, true}, {`{"f":"1e3"}`, true}}},

		// Absent, null and empty.
		{`f: null`, []verdict{{`{}`, true}, {`{"f":null}`, true}, {`{"f":[null,null]}`, true}, {`{"f":[]}`, true}, {`{"f":""}`, false}, {`{"f":[null,1]}`, false}, {`{"f":{}}`, false}, {`{"f":false}`, false}, {`{"f":0}`, false}}},
		{`a.b: null`, []verdict{{`{"a":"text"}`, true}, {`{"a":{"b":1}}`, false}, {`{"a":[{"b":null},{}]}`, true}, {`{"a":[{"b":null},{"b":2}]}`, false}, {`{"a":null}`, true}}},
		{`f|exists: true`, []verdict{{`{"f":null}`, true}, {`{"f":[]}`, true}, {`{"f":{}}`, true}, {`{"f":""}`, true}, {`{}`, false}}},
		{`f|exists: false`, []verdict{{`{"f":null}`, false}, {`{}`, true}, {`{"F":1}`, true}}},
		{`f: '*'`, []verdict{{`{"f":""}`, true}, {`{"f":"x"}`, true}, {`{"f":null}`, false}, {`{}`, false}, {`{"f":0}`, true}}},
		{`f|contains: ''`, []verdict{{`{"f":null}`, false}, {`{"f":"x"}`, true}, {`{"f":[null]}`, false}}},
		{`f|re: .*`, []verdict{{`{"f":null}`, false}, {`{"f":""}`, true}, {`{}`, false}}},

		// neq.
		{`f|neq: a`, []verdict{{`{"f":"b"}`, true}, {`{"f":"A"}`, false}, {`{}`, true}, {`{"f":null}`, true}, {`{"f":["a","b"]}`, false}}},
		{`f|neq: [a, b]`, []verdict{{`{"f":"b"}`, false}, {`{"f":"c"}`, true}}},
		{`f|neq: null`, []verdict{{`{"f":"x"}`, true}, {`{"f":null}`, false}, {`{}`, false}, {`{"f":[]}`, false}, {`{"f":{}}`, true}}},
		{`f|contains|neq: x`, []verdict{{`{"f":"axb"}`, false}, {`{"f":"ab"}`, true}}},
		{`f|re|neq: ^a`, []verdict{{`{"f":"ab"}`, false}, {`{"f":"ba"}`, true}}},
		{`f|cidr|neq: 10.0.0.0/8`, []verdict{{`{"f":"10.1.1.1"}`, false}, {`{"f":"11.1.1.1"}`, true}, {`{"f":"lambda.amazonaws.com"}`, true}}},
		{`f|all|neq: [a, b]`, []verdict{{`{"f":["a","b"]}`, false}, {`{"f":["a"]}`, true}, {`{}`, true}}},

		// Arrays.
		{`f: a`, []verdict{{`{"f":["b","a"]}`, true}, {`{"f":[["a"]]}`, true}, {`{"f":[]}`, false}, {`{"f":{"x":"a"}}`, false}, {`{"f":[{"x":"a"}]}`, false}}},
		{`a.b.c: 1`, []verdict{{`{"a":[{"b":[{"c":2}]},{"b":{"c":[0,1]}}]}`, true}, {`{"a":[{"b":{"c":2}}]}`, false}, {`{"a":[[{"b":{"c":1}}]]}`, true}}},
		{`f|contains|all: [a, b]`, []verdict{{`{"f":["xa","bx"]}`, true}, {`{"f":["xa"]}`, false}, {`{"f":"ba"}`, true}}},
		{`f|all: [a*, '*b']`, []verdict{{`{"f":"ab"}`, true}, {`{"f":["ax","xb"]}`, true}, {`{"f":"ax"}`, false}}},

		// Objects.
		{`f|contains: x`, []verdict{{`{"f":{"k":"axb"}}`, true}, {`{"f":{"x":"b"}}`, true}, {`{"f":{"k":["b",{"y":"x"}]}}`, true}, {`{"f":{}}`, false}}},
		{`f|contains: '"k":{"a":1'`, []verdict{{`{"f":{"k" : {"a":  1.0}}}`, true}, {`{"f":{"k":{"b":2,"a":1}}}`, false}}},
		{`f|startswith: x`, []verdict{{`{"f":{"k":"xa"}}`, true}, {`{"f":{"x":"a"}}`, false}}},
		{`f|endswith: x`, []verdict{{`{"f":{"k":[1,"ax"]}}`, true}, {`{"f":{"k":"xa"}}`, false}}},
		{`f: 'x*'`, []verdict{{`{"f":{"k":"xa"}}`, true}, {`{"f":{"xa":"k"}}`, false}}},
		{`f: '*'`, []verdict{{`{"f":{"k":null}}`, false}, {`{"f":{"k":1}}`, true}, {`{"f":{}}`, false}}},
		{`f: x`, []verdict{{`{"f":{"k":"x"}}`, false}}},
		{`f|re: '"Principal":"\*"'`, []verdict{{`{"f":{"Principal":"*"}}`, true}, {`{"f":{"Principal":"x"}}`, false}}},
		{`f|gt: 1`, []verdict{{`{"f":{"k":2}}`, false}}},

		// Duplicate keys: the last one.
		{`f: a`, []verdict{{`{"f":"b","f":"a"}`, true}, {`{"f":"a","f":"b"}`, false}, {`{"f":"a","f":null}`, false}}},
		{`f|contains: a`, []verdict{{`{"f":{"k":"a","k":"b"}}`, false}}},

		// Dotted keys.
		{`a.b.c: 1`, []verdict{{`{"a":{"b":{"c":1}}}`, true}, {`{"a.b":{"c":1}}`, true}, {`{"a":{"b.c":1}}`, true}, {`{"a.b.c":1}`, true}, {`{"a":{"b":{"c":2}},"a.b":{"c":1}}`, true}, {`{"a.b.c":2}`, false}}},
		{`a.b|exists: false`, []verdict{{`{"a":{"c":1},"a.b":null}`, false}, {`{"a":{"c":1}}`, true}}},

		// Wildcards and their escapes.
		{`f: a*c`, []verdict{{`{"f":"abbc"}`, true}, {`{"f":"ac"}`, true}, {"{\"f\":\"a\\nc\"}", true}, {`{"f":"abcd"}`, false}}},
		{`f: a?c`, []verdict{{`{"f":"aéc"}`, true}, {`{"f":"ac"}`, false}, {`{"f":"abbc"}`, false}, {"{\"f\":\"a\\nc\"}", true}}},
		{`f: a\*c`, []verdict{{`{"f":"a*c"}`, true}, {`{"f":"abc"}`, false}}},
		{`f: a\\*c`, []verdict{{`{"f":"a\\bc"}`, true}, {`{"f":"a\\c"}`, true}, {`{"f":"ac"}`, false}}},
		{`f: a\\\*c`, []verdict{{`{"f":"a\\*c"}`, true}, {`{"f":"a\\bc"}`, false}}},
		{`f: a\?c`, []verdict{{`{"f":"a?c"}`, true}, {`{"f":"abc"}`, false}}},
		{`f: a\b`, []verdict{{`{"f":"a\\b"}`, true}, {`{"f":"ab"}`, false}}},
		{`f: '\\server'`, []verdict{{`{"f":"\\server"}`, true}, {`{"f":"\\\\server"}`, false}}},
		{`f: '*:user/?ob'`, []verdict{{`{"f":"arn:aws:iam::1:user/bob"}`, true}, {`{"f":"arn:aws:iam::1:user/ob"}`, false}}},
		{`f|contains: a*b`, []verdict{{`{"f":"xaxxbx"}`, true}, {`{"f":"ba"}`, false}}},
		{`f|startswith: a?b`, []verdict{{`{"f":"axbx"}`, true}, {`{"f":"abx"}`, false}}},
		{`f|endswith: a*b`, []verdict{{`{"f":"xaxxb"}`, true}, {`{"f":"xaxxbx"}`, false}}},
		{`f: '*a*a*b'`, []verdict{{`{"f":"aaaaaaaaab"}`, true}, {`{"f":"aaaaaaaaaba"}`, false}, {`{"f":"ab"}`, false}}},

		// Substrings of numbers and booleans.
		{`f|startswith: 1`, []verdict{{`{"f":123}`, true}, {`{"f":213}`, false}, {`{"f":"1x"}`, true}}},
		{`f|contains: ru`, []verdict{{`{"f":true}`, true}, {`{"f":false}`, false}}},

		// Regular expressions.
		{`f|re: ^A.c$`, []verdict{{`{"f":"Abc"}`, true}, {`{"f":"abc"}`, false}, {`{"f":"xAbc"}`, false}}},
		{`f|re: b`, []verdict{{`{"f":"abc"}`, true}}},
		{`f|re|i: ^a`, []verdict{{`{"f":"Abc"}`, true}}},
		{`f|re|m: ^b`, []verdict{{"{\"f\":\"a\\nb\"}", true}}},
		{`f|re: a.b`, []verdict{{"{\"f\":\"a\\nb\"}", false}}},
		{`f|re|s: a.b`, []verdict{{"{\"f\":\"a\\nb\"}", true}}},
		{`f|re|i|s: A.B`, []verdict{{"{\"f\":\"a\\nb\"}", true}}},
		{`f|re: ^22$`, []verdict{{`{"f":22.0}`, true}, {`{"f":"22"}`, true}}},
		{`f|re: ^true$`, []verdict{{`{"f":true}`, true}}},
		{`f|re|all: [a, b]`, []verdict{{`{"f":"ba"}`, true}, {`{"f":"a"}`, false}}},

		// Encodings.
		{`f|base64: cmd`, []verdict{{`{"f":"Y21k"}`, true}, {`{"f":"cmd"}`, false}, {`{"f":"xY21k"}`, false}}},
		{`f|base64|contains: [foo, 22]`, []verdict{{`{"f":"x Zm9v y"}`, true}, {`{"f":"MjI="}`, true}, {`{"f":22}`, false}}},
		{`f|base64: a\*`, []verdict{{`{"f":"YSo="}`, true}}},
		{`f|base64offset|contains: http://`, []verdict{{`{"f":"aHR0cDovL2E="}`, true}, {`{"f":"eGh0dHA6Ly9h"}`, true}, {`{"f":"eHhodHRwOi8vYQ=="}`, true}, {`{"f":"http://"}`, false}}},
		{`f|wide|base64offset|contains: ping`, []verdict{{`{"f":"cABpAG4AZwA="}`, true}, {`{"f":"cGluZw=="}`, false}}},
		{`f|utf16le: ab`, []verdict{{`{"f":"a\u0000b\u0000"}`, true}, {`{"f":"ab"}`, false}}},
		{`f|utf16be: ab`, []verdict{{`{"f":"\u0000a\u0000b"}`, true}}},
		{`f|utf16|base64: a`, []verdict{{`{"f":"//5hAA=="}`, true}}},
		{`f|utf16be|base64: é`, []verdict{{`{"f":"AOk="}`, true}}},
		{`f|wide|startswith: a*c`, []verdict{{`{"f":"a\u0000xxc\u0000y"}`, true}}},
		{`f|windash|contains: ' -f '`, []verdict{{`{"f":"x -f y"}`, true}, {`{"f":"x /f y"}`, true}, {`{"f":"x \u2013f y"}`, true}, {`{"f":"x \u2014F y"}`, true}, {`{"f":"x \u2015f y"}`, true}, {`{"f":"x +f y"}`, false}, {`{"f":"x f y"}`, false}}},
		{`f|contains|windash: /a-b`, []verdict{{`{"f":"-a-b"}`, true}, {`{"f":"/a/b"}`, false}}}, // a dash inside a word is no option
		{`f|windash|base64: -a`, []verdict{{`{"f":"LWE="}`, true}, {`{"f":"L2E="}`, true}, {`{"f":"K2E="}`, false}}},
		{`f|contains|all|windash: [' -a', ' -b']`, []verdict{{`{"f":"x /a -b"}`, true}, {`{"f":"x /a"}`, false}}},
		{`f|windash: -x`, []verdict{{`{"f":{"k":"-x"}}`, false}}},

		// Parts of dates, at the offset that the record writes.
		{`t|hour: 23`, []verdict{{`{"t":"2026-11-20T23:10:05Z"}`, true}, {`{"t":"2026-11-20T23:10:05+02:00"}`, true}, {`{"t":"2026-11-20T21:10:05Z"}`, false}, {`{"t":"x"}`, false}, {`{}`, false}, {`{"t":null}`, false}}},
		{`t|minute: 10`, []verdict{{`{"t":"2026-11-20 23:10:05"}`, true}, {`{"t":"2026-11-20 23:11:05"}`, false}}},
		{`t|day: [20, 21]`, []verdict{{`{"t":"2026-11-20T00:00:00Z"}`, true}, {`{"t":"2026-11-22T00:00:00Z"}`, false}}},
		{`t|week: 53`, []verdict{{`{"t":"2026-12-31T00:00:00Z"}`, true}, {`{"t":"2027-01-03T00:00:00Z"}`, true}, {`{"t":"2027-01-04T00:00:00Z"}`, false}}},
		{`t|month: 11`, []verdict{{`{"t":"2026-11-20T00:00:00Z"}`, true}, {`{"t":["2026-10-01T00:00:00Z","2026-11-01T00:00:00Z"]}`, true}}},
		{`t|year: 2026`, []verdict{{`{"t":"2026-11-20T00:00:00Z"}`, true}, {`{"t":1795132800}`, true}, {`{"t":1795132800123}`, true}, {`{"t":"2025-12-31T23:59:59Z"}`, false}}},
		{`t|hour|gte: 22`, []verdict{{`{"t":"2026-11-20T23:10:05Z"}`, true}, {`{"t":"2026-11-20T21:59:59Z"}`, false}}},
		{`t|hour|lt: 6`, []verdict{{`{"t":"2026-11-20T05:59:59Z"}`, true}, {`{"t":"2026-11-20T06:00:00Z"}`, false}, {`{"t":""}`, false}}},
		{`t|hour|neq: 9`, []verdict{{`{"t":"2026-11-20T05:59:59Z"}`, true}, {`{"t":"2026-11-20T09:00:00Z"}`, false}, {`{}`, true}}},

		// Networks.
		{`f|cidr: 10.0.0.0/8`, []verdict{{`{"f":"10.255.0.1"}`, true}, {`{"f":"11.0.0.1"}`, false}, {`{"f":"::ffff:10.1.2.3"}`, true}, {`{"f":"10.1.0.0/16"}`, true}, {`{"f":"0.0.0.0/0"}`, false}, {`{"f":"cloudtrail.amazonaws.com"}`, false}, {`{"f":10}`, false}}},
		{`f|cidr: fe80::/10`, []verdict{{`{"f":"fe80::1%eth0"}`, true}, {`{"f":"FE80::1"}`, true}, {`{"f":"10.0.0.1"}`, false}, {`{"f":"2001:db8::1"}`, false}}},
		{`f|cidr: [192.0.2.0/24, 2001:db8::/32]`, []verdict{{`{"f":"192.0.2.7"}`, true}, {`{"f":"2001:db8:1::"}`, true}, {`{"f":["x","192.0.2.7"]}`, true}}},

		// Two fields of one record.
		{`f|fieldref: g`, []verdict{{`{"f":"a","g":"A"}`, true}, {`{"f":"a","g":"b"}`, false}, {`{"f":"a"}`, false}, {`{"g":"a"}`, false}, {`{}`, false}, {`{"f":null,"g":null}`, false}, {`{"f":["x","a"],"g":["a"]}`, true}, {`{"f":1,"g":"1"}`, true}}},
		{`f|fieldref|neq: g`, []verdict{{`{"f":"a","g":"b"}`, true}, {`{"f":"a"}`, true}, {`{"f":"a","g":"a"}`, false}}},
		{`f|fieldref|endswith: g`, []verdict{{`{"f":"user/bob","g":"bob"}`, true}, {`{"f":"bob","g":"user/bob"}`, false}}},
		{`f|fieldref|contains: g.h`, []verdict{{`{"f":"a*b","g":{"h":"*"}}`, true}, {`{"f":"ab","g":{"h":"*"}}`, false}}},

		// Aliases: short paths reach today's shapes.
		{`requestParameters.cidrIp: 0.0.0.0/0`, []verdict{
			{`{"requestParameters":{"cidrIp":"0.0.0.0/0"}}`, true},
			{`{"requestParameters":{"ipPermissions":{"items":[{"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"},{"cidrIp":"0.0.0.0/0"}]}}]}}}`, true},
			{`{"requestParameters":{"ipPermissions":[{"ipRanges":[{"cidrIp":"0.0.0.0/0"}]}]}}`, true},
			{`{"requestParameters":{"ModifySecurityGroupRulesRequest":{"SecurityGroupRule":{"SecurityGroupRule":{"CidrIpv4":"0.0.0.0/0"}}}}}`, true},
			{`{"requestParameters":{"ipPermissions":{"items":[{"ipRanges":{}}]}}}`, false},
		}},
		{`requestParameters.fromPort: null`, []verdict{
			{`{"requestParameters":{"ipPermissions":{"items":[{"fromPort":22}]}}}`, false},
			{`{"requestParameters":{"ipPermissions":{"items":[{"ipProtocol":"-1"}]}}}`, true},
		}},

		// eventName that is no text.
		{`eventName: 7`, []verdict{{`{"eventName":7}`, true}, {`{"eventName":"7"}`, true}}},
		{`eventName: DeleteTrail`, []verdict{{`{"eventName":["DeleteTrail"]}`, true}, {`{"eventName":{"DeleteTrail":1}}`, false}, {`{"eventName":null}`, false}}},
	} {
		check(t, item(test.item), test.cases)
	}
}

func TestInvalidUTF8(t *testing.T) {
	o := evaluator(t, item("f|contains: b"))
	for text, want := range map[string]bool{"\xffB\xfe": true, "\xff\xfe": false} {
		rec := record.NewObject(record.Member{Key: "f", Value: text})
		if got := len(o.Match(rec, time.Time{})) > 0; got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	one := evaluator(t, item("f: a?b"))
	if len(one.Match(record.NewObject(record.Member{Key: "f", Value: "a\xffb"}), time.Time{})) == 0 {
		t.Error("a byte that is not UTF-8 must be one character")
	}
}

// TestOpaque: what has no text is present and matches nothing else.
func TestOpaque(t *testing.T) {
	rec := record.NewObject(record.Member{Key: "f", Value: record.Opaque{}})
	for item, want := range map[string]bool{"f|exists: true": true, "f: null": false, "f: '*'": false, "f|neq: a": true, "f|contains: ''": false} {
		o := evaluator(t, "s:\n  "+item+"\ncondition: s")
		if got := len(o.Match(rec, time.Time{})) > 0; got != want {
			t.Errorf("%s: %v", item, got)
		}
	}
}

// TestReceived: where eventTime is missing or no time, the time that the shipper gave the event stands in.
func TestReceived(t *testing.T) {
	received := time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC)
	o := evaluator(t, item("eventTime|hour: 7"))
	for text, want := range map[string]bool{`{}`: true, `{"eventTime":"x"}`: true, `{"eventTime":"2026-11-20T08:00:00Z"}`: false, `{"eventTime":null}`: true} {
		if got := len(o.Match(object(t, text), received)) > 0; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if other := evaluator(t, item("createTime|hour: 7")); len(other.Match(object(t, `{}`), received)) > 0 {
		t.Error("it stands in for another field")
	}
}

func TestKeywords(t *testing.T) {
	one := "k:\n  - Stop\n  - delete\ncondition: k"
	check(t, one, []verdict{
		{`{"eventName":"StopLogging"}`, true},
		{`{"a":{"b":["xDELETEx"]}}`, true},
		{`{"DeleteMe":1}`, true}, // keys count
		{`{"a":"none"}`, false},
		{`{"a":"none","sigma":{"rules":[{"title":"stop"}]}}`, false}, // our own words do not
		{`{"a":{"sigma":"stop"}}`, true},
	})
	check(t, "k:\n  '|all':\n    - stop\n    - 'user*bob'\ncondition: k", []verdict{
		{`{"a":"stop","b":"user/bob"}`, true},
		{`{"a":"stop"}`, false},
		{`{"user":"x","b":"bob stop"}`, true}, // across members, in the JSON text
	})
	check(t, "k: stop\ncondition: k", []verdict{{`{"a":"stopped"}`, true}, {`{}`, false}})
	check(t, "k:\n  - 22\ncondition: k", []verdict{{`{"a":22}`, true}, {`{"a":"x22x"}`, true}, {`{"a":23}`, false}})
}

func TestConditions(t *testing.T) {
	searches := "a:\n  a: 1\nb:\n  b: 1\nsel_c:\n  c: 1\nsel_d:\n  d: 1\n_hidden:\n  e: 1\n"
	for condition, cases := range map[string][]verdict{
		"a and b":              {{`{"a":1,"b":1}`, true}, {`{"a":1}`, false}},
		"a or b":               {{`{"b":1}`, true}, {`{}`, false}},
		"not a":                {{`{}`, true}, {`{"a":1}`, false}},
		"a or b and sel_c":     {{`{"a":1}`, true}, {`{"b":1}`, false}, {`{"b":1,"c":1}`, true}},
		"(a or b) and sel_c":   {{`{"a":1}`, false}, {`{"a":1,"c":1}`, true}},
		"not a and b":          {{`{"b":1}`, true}, {`{"a":1,"b":1}`, false}},
		"not (a and b)":        {{`{"b":1}`, true}, {`{"a":1,"b":1}`, false}},
		"not not a":            {{`{"a":1}`, true}, {`{}`, false}},
		"1 of sel_*":           {{`{"d":1}`, true}, {`{"a":1}`, false}},
		"any of sel_*":         {{`{"d":1}`, true}, {`{"a":1}`, false}},
		"all of sel_*":         {{`{"c":1,"d":1}`, true}, {`{"d":1}`, false}},
		"not 1 of sel_*":       {{`{"a":1}`, true}, {`{"c":1}`, false}},
		"1 of *_c":             {{`{"c":1}`, true}, {`{"d":1}`, false}},
		"1 of them":            {{`{"d":1}`, true}, {`{"e":1}`, false}},
		"all of them":          {{`{"a":1,"b":1,"c":1,"d":1}`, true}, {`{"a":1,"b":1,"c":1}`, false}},
		"_hidden":              {{`{"e":1}`, true}, {`{"a":1}`, false}},
		"1 of *":               {{`{"e":1}`, false}, {`{"a":1}`, true}},
		"a and not 1 of sel_*": {{`{"a":1}`, true}, {`{"a":1,"d":1}`, false}},
	} {
		check(t, searches+"condition: "+condition, cases)
	}
	check(t, "a:\n  a: 1\nb:\n  b: 1\ncondition:\n  - a\n  - b", []verdict{{`{"a":1}`, true}, {`{"b":1}`, true}, {`{}`, false}})
	check(t, "a:\n  a: 1\nb:\n  b: 1\ncondition: a AND b", []verdict{{`{"a":1}`, false}, {`{"a":1,"b":1}`, true}})
}

// TestGroups: the items of a map are ANDed, the maps of a list ORed; items are judged independently of each other.
func TestGroups(t *testing.T) {
	check(t, "s:\n  a: 1\n  b: 2\ncondition: s", []verdict{{`{"a":1,"b":2}`, true}, {`{"a":1}`, false}})
	check(t, "s:\n  - a: 1\n    b: 2\n  - c: 3\ncondition: s", []verdict{{`{"a":1,"b":2}`, true}, {`{"a":1}`, false}, {`{"c":3}`, true}})
	check(t, "s:\n  r.k: a\n  r.v: b\ncondition: s", []verdict{
		{`{"r":[{"k":"a","v":"x"},{"k":"y","v":"b"}]}`, true}, // different elements may satisfy them
		{`{"r":[{"k":"a","v":"x"}]}`, false},
	})
	check(t, "s:\n  r.k: a\ncondition: not s", []verdict{{`{"r":[{"k":"b"},{"k":"a"}]}`, false}, {`{"r":[{"k":"b"}]}`, true}})
}

// TestOrder: indexes of rules come in their order.
func TestOrder(t *testing.T) {
	var list []*rules.Rule
	for _, v := range []string{"1", "2", "1"} {
		parsed, problems := rules.Parse("t.yml", []byte("title: t\nlogsource: {service: cloudtrail}\ndetection:\n  s:\n    a: "+v+"\n  condition: s\n"), rules.Options{})
		if len(problems.Errors()) > 0 {
			t.Fatal(problems)
		}
		list = append(list, parsed...)
	}
	got := New(list, nil, "sigma").Match(object(t, `{"a":1}`), time.Time{})
	if len(got) != 2 || got[0] != 0 || got[1] != 2 {
		t.Errorf("%v", got)
	}
}
