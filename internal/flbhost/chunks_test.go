package flbhost

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sigmatrail/conf"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
)

const (
	stop  = `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","eventID":"e1"}`
	quiet = `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"GetTrailStatus","eventID":"e2"}`
)

// framings are the beginnings of an event, up to its body, that hosts have had, and the markers around a group.
var framings = map[string]string{
	"legacy":  "\x92\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x07",
	"array32": "\xdd\x00\x00\x00\x02\xdd\x00\x00\x00\x02\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x07\x80",
	"v2":      "\x92\x92\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x07\xdf\x00\x00\x00\x00",
}

const (
	groupStart = "\x92\x92\xd7\x00\xff\xff\xff\xff\x00\x00\x00\x00\x80\x81\xa1k\xa1v"
	groupEnd   = "\x92\x92\xd7\x00\xff\xff\xff\xfe\x00\x00\x00\x00\x80\x80"
)

func framed(t testing.TB, framing string, bodies ...string) []byte {
	t.Helper()
	var data []byte
	for _, body := range bodies {
		var err error
		if data, err = record.AppendMsgpack(append(data, framing...), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// expected is what the engine of this process makes of a chunk with the bundled rules.
func expected(t *testing.T, data []byte) []byte {
	t.Helper()
	return expectedBy(t, conf.Default(), data)
}

// bundled is an engine with the bundled rules.
func bundled(t testing.TB) *pipeline.Engine {
	t.Helper()
	e, err := pipeline.New(conf.Default())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func expectedBy(t *testing.T, s conf.Settings, data []byte) []byte {
	t.Helper()
	e, err := pipeline.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return e.Process(data, func(n int) []byte { return make([]byte, n) })
}

// file writes bytes and returns where.
func file(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// hit returns files of a chunk in which a rule matches and of what must become of it.
func hit(t *testing.T) (in, want string) {
	t.Helper()
	data := framed(t, framings["v2"], quiet, stop)
	out := expected(t, data)
	if out == nil || bytes.Equal(data, out) {
		t.Fatal("no hit")
	}
	return file(t, "in", data), file(t, "want", out)
}
