package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// bucket is a bucket of a local S3: moto's server, which make receivers puts into a Python environment of its own.
type bucket struct {
	*service
	endpoint string
}

// bucketName is its name.
const bucketName = "archive"

// startS3 starts an S3 with an empty bucket on a port of its own, which ends with the test, and skips the test where it is not there.
func startS3(t *testing.T) *bucket {
	t.Helper()
	python, err := filepath.Abs("../build/receivers/moto/bin/python")
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	// As the other receivers do it ends with its standard input.
	const program = `
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
`
	b := &bucket{endpoint: fmt.Sprintf("http://127.0.0.1:%d", port)}
	b.service = startService(t, "moto's S3", filepath.Join(filepath.Dir(python), "..", "built"), exec.Command(python, "-c", program, fmt.Sprint(port)))
	b.until(t, "a bucket", func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, b.endpoint+"/"+bucketName, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return b
}

func (b *bucket) get(t *testing.T, path string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.endpoint+"/"+bucketName+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "identity") // the bytes as they are stored
	// Whoever has a signature may read; moto does not look at what it is.
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261120/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it has been read
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %.500s", path, response.Status, err, body)
	}
	return body
}

// objects returns the unzipped objects by their keys.
func (b *bucket) objects(t *testing.T) map[string]string {
	t.Helper()
	var list struct {
		Contents []struct{ Key string }
	}
	if err := xml.Unmarshal(b.get(t, "?list-type=2"), &list); err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, o := range list.Contents {
		z, err := gzip.NewReader(bytes.NewReader(b.get(t, "/"+o.Key)))
		if err != nil {
			t.Fatalf("%s: %v", o.Key, err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatalf("%s: %v", o.Key, err)
		}
		all[o.Key] = string(text)
	}
	return all
}

// records returns what is in all objects, one record a line.
func (b *bucket) records(t *testing.T) map[string]int {
	t.Helper()
	var all []string
	for key, text := range b.objects(t) {
		if !regexp.MustCompile(`^/?AWSLogs/CloudTrail/\d{4}/\d\d/\d\d/sigmatrail_CloudTrail_\d{8}T\d{4}Z_\w+\.json\.gz$`).MatchString(key) {
			t.Errorf("an object named %s", key)
		}
		all = append(all, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
	}
	return counted(t, all)
}

// testS3 sends everything to S3 and the alerts to a webhook, then again with an S3 that is not there until after a restart.
func testS3(t *testing.T, file string) {
	b := startS3(t)
	all, high := sentWith(t)
	w, state := listenHTTP(t, 2), t.TempDir()
	events := total(all)
	env := func(endpoint string) []string {
		return append(w.env(), "SIGMA_STATE="+state, "S3_BUCKET="+bucketName, "S3_REGION=eu-west-1",
			"S3_ENDPOINT="+endpoint, "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "AWS_EC2_METADATA_DISABLED=true")
	}
	h := ship(t, onPath, file, env(fmt.Sprintf("http://127.0.0.1:%d", freePort(t)))...)
	h.until(t, "all alerts and records", func() bool {
		return total(w.records(t)) >= total(high) && buffered(t, filepath.Join(state, "s3")) >= events
	})
	h.stop(t)
	same(t, "the alerts", high, w.records(t))
	w.check(t)
	if n := len(b.objects(t)); n != 0 {
		t.Fatalf("%d objects in a bucket that nothing was sent to", n)
	}
	h = ship(t, onPath, file, env(b.endpoint)...)
	h.until(t, "all records", func() bool { return total(b.records(t)) >= events })
	h.stop(t)
	same(t, "the archive", all, b.records(t))
	same(t, "the alerts after the restart", high, w.records(t))
	h.quiet(t)
}

// buffered is how many lines are in the files of a folder.
func buffered(t *testing.T, folder string) (n int) {
	t.Helper()
	_ = filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			data, _ := os.ReadFile(path) // it may be gone by now
			n += bytes.Count(data, []byte("\n"))
		}
		return nil
	})
	return n
}
