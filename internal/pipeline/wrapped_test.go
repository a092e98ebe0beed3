package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"

	"github.com/google/go-cmp/cmp"
)

// shape is a way in which records reach the filter.
type shape struct {
	name string
	// wrap makes one event of a record, wrapAll of several: JSON texts. One of them is there.
	wrap    func(r sample) string
	wrapAll func(rs []sample) string
	// fields is the setting, awsOnly says that records of other sources than AWS are none in this shape.
	fields  string
	awsOnly bool
}

// sample is a record that is put into shapes.
type sample struct {
	object *record.Object
	text   string
	hits   []string // ids of the rules that match it as it is
}

func (r sample) id() string { return r.object.Text("eventID") }

// logstash is what its codec for CloudTrail makes of a record, and what its inputs add.
func (r sample) logstash() string {
	var members []record.Member
	for _, m := range r.object.Members() {
		switch parameters, _ := m.Value.(*record.Object); {
		case m.Key == "eventTime":
			m.Key = "@timestamp"
		case m.Key == "requestParameters" && parameters != nil:
			if v, ok := parameters.Get("disableApiTermination"); ok {
				if _, object := v.(*record.Object); !object {
					m.Value = replaced(parameters, "disableApiTermination", record.NewObject(record.Member{Key: "value", Value: v}))
				}
			}
		}
		members = append(members, m)
	}
	members = append(members, record.Member{Key: "@version", Value: "1"}, record.Member{Key: "tags", Value: []any{"cloudtrail"}})
	return string(record.AppendJSON(nil, record.NewObject(members...)))
}

// shapes are all of them; target is a file of mappings for records under document.
func shapes(target string) []shape {
	var list []shape
	for name, format := range map[string]string{
		"the body":        `%s`,
		"EventBridge":     `{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.x","detail":%s}`,
		"HEC":             `{"time":1,"sourcetype":"aws:cloudtrail","event":%s}`,
		"CloudTrail Lake": `{"eventMetadata":{"addedTime":"x"},"eventData":%s}`,
		"Kafka, parsed":   `{"topic":"t","partition":0,"payload":%s}`,
		"Filebeat, json":  `{"@timestamp":"2020-01-01T00:00:00Z","agent":{"type":"filebeat"},"json":%s}`,
	} {
		list = append(list, shape{name: name, wrap: func(r sample) string { return fmt.Sprintf(format, r.text) }})
	}
	for name, format := range map[string]string{
		"container log":        `{"stream":"stdout","log":%s,"kubernetes":{"labels":{"app":"x"}}}`,
		"Filebeat, message":    `{"@timestamp":"2020-01-01T00:00:00Z","agent":{"type":"functionbeat"},"message":%s,"ecs":{"version":"1.12.0"}}`,
		"Splunk":               `{"_raw":%s,"host":"h"}`,
		"HEC text":             `{"event":%s}`,
		"event.original":       `{"event.original":%s,"event.action":"x"}`,
		"event: original":      `{"@timestamp":"2020-01-01T00:00:00Z","@version":"1","event":{"original":%s},"tags":["_jsonparsefailure"]}`,
		"LookupEvents, one":    `{"EventId":"1","EventName":"x","CloudTrailEvent":%s}`,
		"SNS":                  `{"Type":"Notification","MessageId":"1","Message":%s}`,
		"Kafka":                `{"topic":"t","payload":%s}`,
		"SQS":                  `{"MessageId":"1","Body":%s}`,
		"SQS to Lambda, alone": `{"messageId":"1","body":%s}`,
	} {
		list = append(list, shape{name: name, wrap: func(r sample) string { return fmt.Sprintf(format, quote(r.text)) }})
	}
	return append(append(list, listShapes()...),
		shape{name: "SQS with SNS with EventBridge", wrap: func(r sample) string {
			return `{"Body":` + quote(`{"Message":`+quote(`{"detail":`+r.text+`}`)+`}`) + `}`
		}},
		shape{name: "Logstash, cloudtrail codec", wrap: sample.logstash},
		shape{name: "Logstash, json codec", wrap: func(r sample) string {
			return `{"@timestamp":"2020-01-01T00:00:00Z","@version":"1","host":{"name":"h"},"event":{"original":` + quote(r.text) + `},` + r.text[1:]
		}},
		shape{name: "Logstash, json codec with a target", fields: target, awsOnly: true, wrap: func(r sample) string {
			return `{"@timestamp":"2020-01-01T00:00:00Z","@version":"1","document":` + r.text + `}`
		}},
		shape{name: "ECS", fields: "ecs", awsOnly: true, wrap: func(r sample) string { return string(record.AppendJSON(nil, nested(elastic(r.object)))) }},
		shape{name: "ECS, dotted", fields: "ecs", awsOnly: true, wrap: func(r sample) string { return string(record.AppendJSON(nil, dotted(elastic(r.object)))) }},
	)
}

// listShapes are those that hold several records.
func listShapes() []shape {
	join := func(rs []sample, one func(sample) string) string {
		var texts []string
		for _, r := range rs {
			texts = append(texts, one(r))
		}
		return strings.Join(texts, ",")
	}
	text := func(r sample) string { return r.text }
	records := func(rs []sample) string { return `{"Records":[` + join(rs, text) + `]}` }
	cloudWatch := func(rs []sample) string {
		return `{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[` +
			join(rs, func(r sample) string { return entry(1, r.text) }) + `]}`
	}
	return []shape{
		{name: "Records", wrapAll: records},
		{name: "Records, with a path", wrapAll: func(rs []sample) string { return `{"path":"/x",` + records(rs)[1:] }},
		{name: "Records in HEC", wrapAll: func(rs []sample) string { return `{"event":` + records(rs) + `}` }},
		{name: "Records as text", wrapAll: func(rs []sample) string { return `{"log":` + quote(records(rs)) + `,"stream":"stdout"}` }},
		{name: "Records of Lambda's SQS", wrapAll: func(rs []sample) string {
			return `{"Records":[` + join(rs, func(r sample) string { return `{"messageId":"1","body":` + quote(r.text) + `}` }) + `]}`
		}},
		{name: "CloudWatch Logs", wrapAll: cloudWatch},
		{name: "CloudWatch Logs as text", wrapAll: func(rs []sample) string { return `{"message":` + quote(cloudWatch(rs)) + `}` }},
		{name: "LookupEvents", wrapAll: func(rs []sample) string {
			return `{"Events":[` + join(rs, func(r sample) string { return `{"EventId":"1","CloudTrailEvent":` + quote(r.text) + `}` }) + `]}`
		}},
	}
}

// TestShapes holds that the rules say the same of every shared record in every shape, and of those that hold several with split on and off.
func TestShapes(t *testing.T) {
	if _, err := os.Stat(sharedEvents); err != nil {
		t.Skipf("skipped: %s is not there", sharedEvents)
	}
	target := filepath.Join(t.TempDir(), "target.yml")
	if err := os.WriteFile(target, []byte(`records: {"*": document.*}`), 0o600); err != nil {
		t.Fatal(err)
	}
	w := wrapper{t: t, engines: make(map[string]*Engine)}
	files := w.records()
	list := shapes(target)
	const leastRecords, elsewhere = 1850, 9
	records, hits := 0, 0
	for _, rs := range files {
		records += len(rs)
		for _, r := range rs {
			hits += len(r.hits)
		}
		for _, s := range list {
			for _, split := range []bool{false, true} {
				w.check(s, split, rs)
			}
		}
	}
	// What is of another source than AWS is no record in three of the shapes.
	if want := 2 * (len(list)*records - 3*elsewhere); len(list) != 31 || records < leastRecords || hits < 1430 || w.cases != want {
		t.Errorf("%d files, %d records, %d hits, %d shapes, %d cases, want %d", len(files), records, hits, len(list), w.cases, want)
	}
	t.Logf("%d records of %d files with %d hits in %d shapes: %d cases", records, len(files), hits, len(list), w.cases)
}

// wrapper runs shapes.
type wrapper struct {
	t       *testing.T
	engines map[string]*Engine
	cases   int
}

func (w *wrapper) engine(fields string, split bool) *Engine {
	key := fmt.Sprint(fields, split)
	if w.engines[key] == nil {
		s := conf.Default()
		s.Rules, s.Fields, s.Split, s.Exclude = Builtin+","+sharedRules, fields, split, bundledCorrelations(w.t)
		e, err := New(s)
		if err != nil {
			w.t.Fatal(err)
		}
		w.engines[key] = e
	}
	return w.engines[key]
}

// records returns the shared records, file by file.
func (w *wrapper) records() (files [][]sample) {
	w.t.Helper()
	names, err := filepath.Glob(sharedEvents + "/*.ndjson")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range names {
		var rs []sample
		events(w.t, name, func(text []byte) {
			packed, err := record.AppendMsgpack(nil, text)
			if err != nil {
				w.t.Fatal(err)
			}
			body, _ := record.Decode(packed, 0)
			found, _ := record.Find(body, nil)
			for _, f := range found {
				r := sample{object: f.Record, text: string(record.AppendJSON(nil, f.Record))}
				for _, hit := range w.process(w.engine("cloudtrail", false), r.text)[0] {
					r.hits = append(r.hits, hit.rule)
				}
				rs = append(rs, r)
			}
		})
		files = append(files, rs)
	}
	return files
}

// hit is a rule that is written on an event, with the eventIDs that it names.
type hit struct {
	rule string
	ids  []string
}

// process returns what the filter writes on each of the events that it makes of an event.
func (w *wrapper) process(e *Engine, text string) (list [][]hit) {
	w.t.Helper()
	data := event(w.t, text)
	if out := process(w.t, e, data); out != nil {
		data = out
	}
	var ev chunk.Event
	for walker := chunk.NewWalker(data); walker.Next(&ev); {
		body, _ := record.Decode(data, ev.BodyStart)
		o, _ := body.(*record.Object)
		var hits []hit
		for _, entry := range listAt(o, "sigma.rules") {
			rule, _ := entry.(*record.Object)
			one := hit{rule: rule.Text("id")}
			for _, id := range listAt(rule, "event_ids") {
				text, _ := id.(string)
				one.ids = append(one.ids, text)
			}
			hits = append(hits, one)
		}
		list = append(list, hits)
	}
	return list
}

// listAt returns the elements of the array at a path, if there is one.
func listAt(o *record.Object, path string) []any {
	for _, v := range o.At(path) {
		if list, ok := v.([]any); ok {
			return list
		}
	}
	return nil
}

// check puts records into a shape and compares.
func (w *wrapper) check(s shape, split bool, rs []sample) {
	w.t.Helper()
	e := w.engine(s.fields, split)
	if s.wrapAll != nil {
		const together = 7
		for some := range slices.Chunk(rs, together) {
			w.checkAll(s, split, e, some)
		}
		return
	}
	for _, r := range rs {
		if s.awsOnly && !strings.HasSuffix(r.object.Text("eventSource"), ".amazonaws.com") {
			continue
		}
		w.cases++
		w.compare(s.name, r, [][]string{r.hits}, w.process(e, s.wrap(r)))
	}
}

// checkAll does so with a shape that holds several.
func (w *wrapper) checkAll(s shape, split bool, e *Engine, rs []sample) {
	w.t.Helper()
	w.cases += len(rs)
	got := w.process(e, s.wrapAll(rs))
	var want [][]string
	if split {
		for _, r := range rs {
			want = append(want, r.hits)
		}
		w.compare(s.name+", split", rs[0], want, got)
		return
	}
	named := make(map[string][]string) // the eventIDs by rule
	for _, r := range rs {
		for _, rule := range r.hits {
			if named[rule] = append(named[rule], r.id()); r.id() == "" || len(rs) == 1 {
				named[rule] = named[rule][:len(named[rule])-1]
			}
		}
	}
	written := make(map[string][]string)
	for _, h := range got[0] {
		written[h.rule] = append([]string{}, h.ids...)
	}
	if diff := cmp.Diff(named, written); diff != "" || len(got) != 1 {
		w.t.Errorf("%s: %d events: %s", s.name, len(got), diff)
	}
}

// compare compares events of one record each.
func (w *wrapper) compare(name string, r sample, want [][]string, got [][]hit) {
	w.t.Helper()
	var rules [][]string
	for _, hits := range got {
		var list []string
		for _, h := range hits {
			list = append(list, h.rule)
			if len(h.ids) > 0 {
				w.t.Errorf("%s: one record is named: %v", name, h)
			}
		}
		rules = append(rules, list)
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		w.t.Errorf("%s, from %.300s: %s", name, r.text, diff)
	}
}
