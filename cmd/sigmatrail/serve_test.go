package main

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/mixes"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/serve"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestServeAsScan: what is given back is byte for byte what a scan prints, whatever the form.
func TestServeAsScan(t *testing.T) {
	texts := corpus(t)
	lines := append(bytes.Join(texts, []byte("\n")), '\n')
	file := filepath.Join(t.TempDir(), "lines.ndjson")
	if err := os.WriteFile(file, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	alone, err := mixes.Correlations() // a scan judges them in the order of time, and serve as records come
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"sigma", "ecs", "flat"} {
		code, want, stderr := scanned(2, strings.NewReader(""), "--format", format, "--exclude", alone, "--all", file)
		if code != exitOK || strings.Count(want, `"sigma":`) < 1 {
			t.Fatalf("status %d, %s", code, stderr)
		}
		settings := conf.Default()
		settings.Format, settings.Exclude = format, alone
		engine, err := pipeline.New(settings)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(serve.New(engine, serve.Options{
			Settings: settings, MaxBody: 1 << 30, MaxRequests: 1, ReadTimeout: time.Minute, Timeout: time.Minute, Grace: time.Minute, Log: slog.New(slog.DiscardHandler),
		}))
		for form, body := range map[string][]byte{
			"lines": lines, "array": append(append([]byte("["), bytes.Join(texts, []byte(","))...), ']'), "delivery": object(texts), "bytes": bytes.Join(texts, nil),
		} {
			response, err := http.Post(server.URL+serve.EventsPath, "", bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Sigmatrail-Broken") != "0" {
				t.Fatalf("%s: %d %v", form, response.StatusCode, err)
			}
			if string(got) != want {
				t.Errorf("%s, %s: differs: %.3000s", format, form, cmp.Diff(want, string(got)))
			}
		}
		server.Close()
	}
}

// httpCommand is for scripts: http METHOD PATH [FILE] prints the answer of the server at $ADDRESS. A server that is not up yet is waited for.
func httpCommand(ts *testscript.TestScript, _ bool, args []string) {
	_, err := io.WriteString(ts.Stdout(), answerOf(ts, args))
	ts.Check(err)
}

// untilCommand is for scripts: until TEXT METHOD PATH asks until TEXT is in the answer.
func untilCommand(ts *testscript.TestScript, _ bool, args []string) {
	for range 500 {
		if strings.Contains(answerOf(ts, args[1:]), args[0]) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("never answered with %q", args[0])
}

func answerOf(ts *testscript.TestScript, args []string) string {
	var body string
	if len(args) > 2 {
		body = ts.ReadFile(args[2])
	}
	for attempt := 0; ; attempt++ {
		r, err := http.NewRequest(args[0], "http://"+ts.Getenv("ADDRESS")+args[1], strings.NewReader(body))
		ts.Check(err)
		response, err := http.DefaultClient.Do(r)
		if err != nil && attempt < 500 {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		ts.Check(err)
		text, err := io.ReadAll(response.Body)
		ts.Check(err)
		ts.Check(response.Body.Close())
		return response.Status + "\n" + string(text)
	}
}

// signalCommand is for scripts: signal NAME sends it to the programs in the background.
func signalCommand(ts *testscript.TestScript, _ bool, args []string) {
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(signals()[args[0]]))
	}
}
