package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/mixes"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"

	"github.com/klauspost/compress/gzip"
)

const (
	sharedEvents = "../../../shared/data/events"
	hitText      = `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","eventID":"a","awsRegion":"eu-west-1"}`
	quietText    = `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"GetTrailStatus","eventID":"q","awsRegion":"us-east-1"}`
)

// corpus returns the events of the shared corpora, or ours alone.
func corpus(t testing.TB) (texts [][]byte) {
	t.Helper()
	files, _ := filepath.Glob(sharedEvents + "/*.ndjson")
	if len(files) == 0 {
		t.Log("the corpora beside the checkout are missing: only the project's own events are scanned")
		files, _ = filepath.Glob("../../testdata/events/*.ndjson")
	}
	for _, file := range files {
		err := record.ReadFile(file, record.Sink{
			Item: func(i record.Item) error { texts = append(texts, bytes.Clone(i.JSON)); return nil },
			Bad:  func(err error) { t.Error(err) },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(texts) == 0 {
		t.Fatal("no events")
	}
	return texts
}

func zipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func object(texts [][]byte) []byte {
	return append(append([]byte(`{"Records":[`), bytes.Join(texts, []byte(","))...), "]}"...)
}

// forms writes the events as files of every form, whole and broken.
func forms(t *testing.T, texts [][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	half := len(texts) / 2
	lines := append(bytes.Join(texts, []byte("\n")), '\n')
	packed := zipped(t, object(texts))
	var wrapped []byte
	for i := range len(texts) - 2 { // every record stands in two events
		wrapped = fmt.Appendf(wrapped, `{"owner":"x","logEvents":[{"message":%q},{"message":%q}]}`+"\n", `{"not":"a record"}`, "")
		wrapped = fmt.Appendf(wrapped, `{"a":1,"Records":[%s,%s]}`+"\n", texts[i], texts[i+1])
		wrapped = fmt.Appendf(wrapped, `{"detail":{"x":1},"event":{"y":2},"message":%s}`+"\n", record.AppendJSON(nil, `{"Records":[`+string(texts[i])+","+string(texts[i+1])+`]}`))
	}
	for name, content := range map[string][]byte{
		"a.ndjson": lines, "b.json": object(texts), "c.json": append(append([]byte("[\n"), bytes.Join(texts, []byte(",\n"))...), ']'), "d.json.gz": packed,
		"e/lines.log.gz": zipped(t, lines), "f.json": append(object(texts[:half]), object(texts[half:])...), "g-cut.json": object(texts)[:100_00],
		"h-cut.json.gz": packed[:len(packed)/2], "i.json": append(object(texts[:half])[:50_00], `{"a":tru}]}`...), "k.json": []byte("[1,{},"), "l.ndjson": wrapped,
		"m.ndjson": append(append([]byte("{}\nnope\n"), lines...), "{\"a\":"...), "n.json": {}, "o.txt": {}, "p.json": append([]byte("{\n}\n"), lines...),
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// scanned runs the command line on so many processors.
func scanned(processors int, stdin io.Reader, args ...string) (code int, stdout, stderr string) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
	var out, errs bytes.Buffer
	code = run(append([]string{"scan"}, args...), streams{in: stdin, out: &out, err: &errs})
	return code, out.String(), errs.String()
}

// TestScanDeterministic: the number of processors changes nothing.
func TestScanDeterministic(t *testing.T) {
	texts := corpus(t)
	dir := forms(t, texts)
	for _, args := range [][]string{
		{dir},
		{"--all", dir},
		{"--dedupe", "--all", dir, "none", dir},
		{"-o", "table", dir},
		{"--dedupe", "-o", "table", dir},
		{"--from", "2021-01-01", "--to", "2023-06-01", dir},
		{"--account", "123456789012,111122223333", dir},
		{"--region", "us-east-1", "--all", dir},
		{"-", dir, "-"},
	} {
		stdin := func() io.Reader { return bytes.NewReader(object(texts)) }
		code, out, errs := scanned(1, stdin(), args...)
		for _, processors := range []int{8} {
			c, o, e := scanned(processors, stdin(), args...)
			if c != code || o != out || e != errs {
				t.Errorf("%v: %d processors: status %d, %d bytes, want %d, %d; %s\nwant %s", args, processors, c, len(o), code, len(out), e, errs)
			}
		}
	}
}

// TestScanAsSerial: what is printed is what judging one event after the other would print.
func TestScanAsSerial(t *testing.T) {
	dir := forms(t, corpus(t))
	alone, err := mixes.Correlations() // events that these look at come last
	if err != nil {
		t.Fatal(err)
	}
	settings := conf.Default()
	settings.Exclude = alone
	engine, err := pipeline.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	files, _, _ := record.Files(dir)
	var want, wantErrs []byte
	var counts pipeline.Counts
	judge := engine.NewJudge()
	bad := func(err error) { wantErrs = append(wantErrs, printable(err.Error())+"\n"...) }
	for _, file := range files {
		err := record.ReadFile(file, record.Sink{Bad: bad, Item: func(i record.Item) error {
			j := judge.Event(i.Packed, time.Time{})
			counts.Add(&j)
			want, err = engine.AppendJSON(want, i.JSON, &j, &counts)
			want = append(want, '\n')
			return err
		}})
		if err != nil {
			bad(err)
		}
	}
	code, out, errs := scanned(4, nil, append([]string{"--exclude", alone, "--all"}, files...)...)
	if code != exitError || out != string(want) {
		t.Errorf("status %d, %d bytes, want %d", code, len(out), len(want))
	}
	wantErrs = fmt.Appendf(wantErrs, "%d files, %d events, %d CloudTrail records, %d hits on %d events, %d events without a CloudTrail record, %d parts unreadable\n",
		len(files), counts.Events, counts.Records, counts.Hits, counts.Matched, counts.Foreign, bytes.Count(wantErrs, []byte("\n")))
	if _, errs, _ = strings.Cut(errs, " excluded\n"); errs != string(wantErrs) {
		t.Errorf("%s\nwant %s", errs, wantErrs)
	}
}

// repeated yields head, text as often as it takes to make size bytes, with sep between, and tail.
func repeated(head, text, sep, tail string, size int) io.Reader {
	unit := text + sep
	block := strings.Repeat(unit, 1+1<<16/len(unit))
	parts := []io.Reader{strings.NewReader(head)}
	for range size / len(block) {
		parts = append(parts, strings.NewReader(block))
	}
	return io.MultiReader(append(parts, strings.NewReader(text+tail))...)
}

// peakHeap returns by how much the heap grows while f runs, at most.
func peakHeap(f func()) int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapInuse
	var peak atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	return max(0, int(peak.Load())-int(before))
}

// TestScanMemory: memory does not grow with the file.
func TestScanMemory(t *testing.T) {
	const mb = 1 << 20
	size := 200 * mb
	if testing.Short() {
		size = 50 * mb
	}
	huge := `{"eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","x":"` + strings.Repeat("x", 32*mb) + `"}`
	for _, test := range []struct {
		name  string
		args  []string
		input io.Reader
		limit int
	}{
		{"lines", nil, repeated("", quietText, "\n", "\n", size), 64 * mb},
		{"Records", nil, repeated(`{"Records":[`, quietText, ",", "]}", size), 64 * mb},
		{"lines with hits", []string{"--all"}, repeated("", hitText, "\n", "\n", size/8), 128 * mb},
		{"array with duplicates", []string{"--dedupe"}, repeated("[", hitText, ",", "]", size/8), 128 * mb},
		{"texts over several lines", nil, repeated("{\n}\n", quietText, "\n", "\n", size/2), 64 * mb},
		{"one long line", nil, strings.NewReader(huge), 12 * len(huge)},
	} {
		t.Run(test.name, func(t *testing.T) {
			peak := peakHeap(func() {
				var errs bytes.Buffer
				if code := run(append(append([]string{"scan"}, test.args...), "-"), streams{in: test.input, out: io.Discard, err: &errs}); code != exitOK {
					t.Errorf("status %d: %s", code, errs.String())
				}
			})
			t.Logf("%d MiB more heap at most", peak/mb)
			if peak > test.limit {
				t.Errorf("the heap grows by %d MiB, more than %d", peak/mb, test.limit/mb)
			}
		})
	}
}

// limitedWriter fails after so many bytes.
type limitedWriter struct{ left int }

func (w *limitedWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errors.New("closed")
	}
	return len(p), nil
}

// endless never ends.
type endless struct{ text string }

func (e endless) Read(p []byte) (n int, err error) {
	for n+len(e.text) <= len(p) {
		n += copy(p[n:], e.text)
	}
	return n, nil
}

// TestScanOutputFails: a scan ends with its output, and leaves nothing running.
func TestScanOutputFails(t *testing.T) {
	dir := forms(t, corpus(t))
	before := runtime.NumGoroutine()
	for range 3 {
		var errs bytes.Buffer
		code := run([]string{"scan", "--all", dir, "-", dir}, streams{in: endless{hitText + "\n"}, out: &limitedWriter{20 << 20}, err: &errs})
		if code != exitError || !strings.HasSuffix(errs.String(), "\nsigmatrail: closed\n") {
			t.Errorf("status %d: %s", code, errs.String())
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// TestScanPromptly: what has come in is answered before anything else comes.
func TestScanPromptly(t *testing.T) {
	in, feed := io.Pipe()
	answers, out := io.Pipe()
	code := make(chan int)
	go func() { code <- run([]string{"scan", "--all", "-"}, streams{in: in, out: out, err: io.Discard}) }()
	for i := range 5 {
		text := fmt.Sprintf(`{"n":%d}`+"\n", i)
		if _, err := io.WriteString(feed, text); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(text))
		if _, err := io.ReadFull(answers, got); err != nil || string(got) != text {
			t.Fatalf("%q, %v; want %q", got, err, text)
		}
	}
	if err := feed.Close(); err != nil {
		t.Fatal(err)
	}
	if c := <-code; c != exitOK {
		t.Errorf("status %d", c)
	}
}

// TestWorkerFault: a fault in judging is reported at its place, and the others go on.
func TestWorkerFault(t *testing.T) {
	engine, err := pipeline.New(conf.Default())
	if err != nil {
		t.Fatal(err)
	}
	s := &scan{engine: engine, all: true}
	w := newWorker(s)
	judge := w.sink.Item
	w.sink.Item = func(i record.Item) error {
		if i.Line == 2 {
			panic("out of cheese")
		}
		return judge(i)
	}
	b := newBatch(&source{name: "f", budget: newBudget(1)})
	for line := range 3 {
		b.add(record.Part{Text: []byte(quietText), Line: line + 1})
	}
	b.seal()
	w.judgeAll(b)
	if len(b.results) != 3 || fmt.Sprint(b.results[1].err) != "f:2: internal error: out of cheese (please report it)" || b.results[2].counts.Events != 1 {
		t.Errorf("%+v", b.results)
	}
	if want := 2 * (len(quietText) + 1); len(b.out) != want {
		t.Errorf("%d bytes, want %d", len(b.out), want)
	}
}
