package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigmatrail/conf"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	hit   = `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","eventID":"a","n":1.0}`
	quiet = `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"GetTrailStatus","eventID":"q","n":9007199254740993}`
	other = `{"message":"hello"}`
)

// marked is hit with what is written on it.
func marked(t *testing.T) string {
	t.Helper()
	_, text := open(t, "").post(t, hit)
	if !strings.HasPrefix(text, strings.TrimSuffix(hit, "}")+`,"sigma":{"level":"high"`) {
		t.Fatalf("got %q", text)
	}
	return strings.TrimSuffix(text, "\n")
}

// message is what a broken line becomes.
func message(text, wrong string) string {
	return fmt.Sprintf(`{"message":%q,"sigma_error":%q}`, text, wrong)
}

// TestForms: what bodies become, at both ends: given back, and at an upstream.
func TestForms(t *testing.T) {
	m := marked(t)
	f := func(name, body string, want ...string) {
		t.Helper()
		brokenLines, events := 0, 0
		for _, line := range want {
			if strings.Contains(line, `"sigma_error"`) {
				brokenLines++
			} else {
				events++
			}
		}
		back := open(t, "")
		response, text := back.post(t, body)
		wanted := strings.Join(want, "\n")
		if len(want) > 0 {
			wanted += "\n"
		}
		if diff := cmp.Diff(wanted, text); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := response.Header.Get("Sigmatrail-Broken"); response.StatusCode != http.StatusOK || got != fmt.Sprint(brokenLines) {
			t.Errorf("%s: status %d, %s broken", name, response.StatusCode, got)
		}
		if got := response.Header.Get("Sigmatrail-Events"); got != fmt.Sprint(events) || response.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("%s: %s events", name, got)
		}

		v := newVector(t, nil)
		on := open(t, v.URL)
		response, text = on.post(t, body)
		if diff := cmp.Diff(want, v.taken()); diff != "" {
			t.Errorf("%s: upstream: %s", name, diff)
		}
		var a answer
		if err := json.Unmarshal([]byte(text), &a); err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %q %v", name, response.StatusCode, text, err)
		}
		if a.Broken != uint64(brokenLines) || len(a.Lines) != min(brokenLines, mostNamed) || a.Events != uint64(events) {
			t.Errorf("%s: answered %+v", name, a)
		}
	}
	f("nothing", "")
	f("white space", " \n\r\n\t")
	f("one", hit, m)
	f("lines", hit+"\n"+quiet+"\r\n\n"+other+"\n", m, quiet, other)
	f("lines without a last end, as Vector sends them", hit+"\n"+quiet, m, quiet)
	f("byte order mark", "\xef\xbb\xbf"+quiet, quiet)
	f("array, as Vector sends it by default", "["+hit+","+quiet+"]", m, quiet)
	f("empty array", "[]")
	f("arrays, one a line", "["+hit+"]\n["+quiet+" , "+other+"]\n", m, quiet, other)
	f("array over lines", "[\n  "+hit+",\n  "+quiet+"\n]\n", m, quiet)
	f("one behind the other, as Vector's framing bytes", hit+quiet+other, m, quiet, other)
	f("objects over several lines", "{\n \"a\": 1.0\n}\n{\n \"a\": 2\n}\n"+quiet, `{"a":1.0}`, `{"a":2}`, quiet)
	f("a delivery of CloudTrail", `{"Records":[`+hit+",\n"+quiet+"]}", m, quiet)
	f("an event with records and more", `{"Records":[`+quiet+`],"owner":"x"}`, `{"Records":[`+quiet+`],"owner":"x"}`)
	f("irregular deliveries", `{"Records":[]}`+"\n"+`{"Records":[1,{}]}`+"\n"+`{"Records":{}}`, `{"Records":[]}`, `{"Records":[1,{}]}`, `{"Records":{}}`)

	f("broken line", quiet+"\nno json\n"+hit, quiet, message("no json", "line 2: invalid character 'o' in literal null (expecting 'u') at byte 2"), m)
	f("cut line", hit+"\n"+`{"a":"b`+"\n"+quiet, m, message(`{"a":"b`, "line 2: unexpected end of JSON input at byte 7"), quiet)
	f("first line cut", `{"a":"b`+"\n"+quiet, message(`{"a":"b`, "line 1: unexpected end of JSON input at byte 7"), quiet)
	f("no object", `5`+"\n"+`"x"`+"\nnull\n"+quiet, message("5", "line 1: not a JSON object"), message(`"x"`, "line 2: not a JSON object"),
		message("null", "line 3: not a JSON object"), quiet)
	f("no objects in an array", `[1,`+quiet+`,[2]]`, message("1", "line 1: not a JSON object"), quiet, message("[2]", "line 1: not a JSON object"))
	f("array that breaks", "["+hit+",{bad},"+quiet+"]", m,
		message("{bad},"+quiet+"]", "line 1: invalid character 'b' looking for beginning of object key string"))
	f("array over lines that breaks", "[\n"+hit+",\n{bad},\n"+quiet+"\n]", m,
		message("{bad},", "line 3: invalid character 'b' looking for beginning of object key string at byte 2"), quiet)
	f("cut array", "["+hit+","+quiet+`,{"a":`, m, quiet, message(`{"a":`, "line 1: unexpected EOF"))
	f("text behind an object", quiet+" and more", quiet, message("and more", "line 1: invalid character 'a' looking for beginning of value"))
	deep := strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)
	f("too deep", deep+"\n"+quiet, message(deep, "line 1: containers are nested more than 128 deep at byte 640"), quiet)
	f("not UTF-8", "\xff\"\\\x01\n"+"{\"a\":\"\xff\"}", `{"message":"`+"\ufffd"+`\"\\\u0001","message_base64":"/yJcAQ==","sigma_error":`+
		`"line 1: invalid character 'ÿ' looking for beginning of value at byte 1"}`, "{\"a\":\"\xff\"}")
	f("many", strings.Repeat("x\n", 12), func() (want []string) {
		for line := range 12 {
			want = append(want, message("x", fmt.Sprintf("line %d: invalid character 'x' looking for beginning of value at byte 1", line+1)))
		}
		return want
	}()...)
}

// TestEncodings: what Content-Encoding may say.
func TestEncodings(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(quiet))
	_ = z.Close()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := e.EncodeAll([]byte(quiet), nil)
	d := open(t, "")
	f := func(encoding, body string, status int, want string) {
		t.Helper()
		response, text := d.post(t, body, "Content-Encoding", encoding)
		if response.StatusCode != status || !strings.Contains(text, want) {
			t.Errorf("%s: %d %q, want %d with %q", encoding, response.StatusCode, text, status, want)
		}
	}
	f("gzip", zipped.String(), 200, quiet+"\n")
	f("GZIP", zipped.String(), 200, quiet+"\n")
	f("zstd", string(packed), 200, quiet+"\n")
	f("identity", quiet, 200, quiet+"\n")
	f("snappy", quiet, 415, `the body is encoded as \"snappy\"; gzip, zstd and none are understood`)
	f("gzip", quiet, 400, "the body cannot be unpacked: gzip: invalid header")
	f("gzip", zipped.String()[:zipped.Len()-12], 400, "the body cannot be unpacked: unexpected EOF")
	f("zstd", quiet, 400, "the body cannot be unpacked")
	if a := d.settled(t, 8); a.Delivered != 4 || a.Refused != 4 || a.Tally.Events != 4 {
		t.Errorf("%+v", a)
	}
}

// TestSettings: settings are those of every door.
func TestSettings(t *testing.T) {
	d := open(t, "", func(o *Options) {
		o.Settings.Key, o.Settings.ReserveKey, o.Settings.Format = "hits", true, "flat"
		o.Settings.Flatten = "requestParameters"
	})
	long := strings.Repeat("k", 2000) // too long a name to flatten under
	_, text := d.post(t, strings.Replace(hit, "{", `{"hits":{"level":"low","rules":[]},"requestParameters":{"a":1.0,"`+long+`":2},`, 1)+"\nx")
	for _, want := range []string{`{"hits_original":{"level":"low","rules":[]},`, `"signature":"CloudTrail Logging Stopped`, `"requestParameters.a":1.0,`, `"hits":{"level":"high"`, `{"message":"x","hits_error":"line 2: `} {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
	if a := d.settled(t, 1); a.Tally.Displaced != 1 || a.Tally.Hits != 1 || a.Broken != 1 ||
		a.String() != "1 batches = 1 delivered + 0 refused + 0 too many + 0 not taken by the upstream + 0 aborted + 0 failed; "+
			"1 events = 1 matched + 0 unmatched + 0 not CloudTrail; 1 records, 1 hits; 1 parts were no JSON object; 1 foreign values moved from under the key; 1 values not flattened" {
		t.Error(a)
	}
}

// TestPaths: what else is answered.
func TestPaths(t *testing.T) {
	d := open(t, "")
	f := func(method, path string, status int, want string) {
		t.Helper()
		response, text := d.do(t, method, path, "")
		if response.StatusCode != status || (want != "" && !strings.Contains(text, want)) {
			t.Errorf("%s %s: %d %q, want %d %q", method, path, response.StatusCode, text, status, want)
		}
	}
	d.post(t, hit+"\nx")
	d.settled(t, 1)
	f("GET", "/healthz", 200, "ok\n")
	f("HEAD", "/healthz", 200, "")
	f("HEAD", EventsPath, 200, "") // the health check of Vector's http sink takes nothing but 200
	f("GET", EventsPath, 405, "")
	f("POST", "/", 404, "")
	f("GET", "/stats", 200, `"batches":{"aborted":0,"busy":0,"delivered":1,"failed":0,"received":1,"refused":0,"unavailable":0}`)
	f("GET", "/stats", 200, `"broken":1,"digests":0,"displaced":0,"faults":0,"foreign":0,"hits":1,"judged":1,"matched":1,"records":1,"unflattened":0,"unmatched":0`)
}

// TestReload: rules are read again; where they are worse the last good ones stay.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	rule := func(name, event, condition string) {
		t.Helper()
		text := fmt.Sprintf("title: %s\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  a: {eventName: %s}\n  condition: %s\n", name, event, condition)
		if err := os.WriteFile(filepath.Join(dir, name+".yml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rule("one", "StopLogging", "a")
	d := open(t, "", func(o *Options) { o.Settings = conf.Default(); o.Settings.Rules = dir })
	f := func(level string, hits bool) {
		t.Helper()
		if _, text := d.post(t, hit); strings.Contains(text, `"sigma":{"level":"`+level) != hits {
			t.Errorf("got %s", text)
		}
	}
	f("low", true)
	rule("one", "Other", "a")
	if err := d.Reload(); err != nil {
		t.Error(err)
	}
	f("low", false)
	rule("one", "StopLogging", "b")
	if err := d.Reload(); err == nil || !strings.HasSuffix(err.Error(), "are rejected, 0 do not apply to CloudTrail, 0 are excluded: the last good rules stay, 1 of them") {
		t.Error(err)
	}
	rule("two", "StopLogging", "a")
	if err := d.Reload(); err == nil || err.Error() != "1 of the rules are rejected, and were 0 before: the last good rules stay, 1 of them" {
		t.Error(err)
	}
	if n := strings.Count(d.log.String(), "condition-undefined"); n != 2 {
		t.Errorf("%d problems are logged", n)
	}
	f("low", false)
	rule("one", "StopLogging", "a")
	if err := d.Reload(); err != nil || !strings.HasPrefix(d.Summary(), "2 rules") {
		t.Error(err, d.Summary())
	}
	f("low", true)
	if _, text := d.do(t, "GET", "/stats", ""); !strings.Contains(text, `"rules":{"loaded":2,"reloads":2,"reloads_refused":2}`) {
		t.Error(text)
	}
	if a := d.settled(t, 4); a.Tally.Events != 4 || a.Tally.Matched != 2 {
		t.Errorf("%+v", a)
	}
}
