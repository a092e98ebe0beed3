package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"time"

	"sigmatrail/bench/fluentbit"
	"sigmatrail/bench/sample"
	"sigmatrail/internal/serve"
)

const (
	perBatch    = 2000
	connections = 4
)

// web is a client that posts batches, and what receives them at last.
type web struct {
	program string
	batches [][]byte
	count   counter
}

func webDoors(folder string, c *fluentbit.Corpus) ([]*door, error) {
	text, err := os.ReadFile(c.Hits)
	if err != nil {
		return nil, err
	}
	w := &web{program: filepath.Join(folder, "sigmatrail"), count: newCounter(c, `"sigma":{`)}
	n, start, end := 0, 0, 0
	for line := range bytes.Lines(text) {
		n, end = n+1, end+len(line)
		if n%perBatch == 0 || end == len(text) {
			w.batches = append(w.batches, text[start:end])
			start = end
		}
	}
	return []*door{{name: viaServe, pass: w.serve}, {name: direct, control: true, pass: w.direct}}, nil
}

// standIn stands in for Vector's http_server source: it reads a batch, and answers that it was taken.
type standIn struct {
	mu     sync.Mutex
	bodies [][]byte
}

// ServeHTTP takes one batch.
func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, max(r.ContentLength, 0))
	if _, err := io.ReadFull(r.Body, body); err != nil || r.ContentLength < 0 {
		http.Error(w, "a batch that does not say its length, or ends before it", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.bodies = append(s.bodies, body)
	s.mu.Unlock()
}

// direct posts straight to the stand-in.
func (w *web) direct() (r run, err error) {
	var end standIn
	server := httptest.NewServer(&end)
	defer server.Close()
	r.seconds, err = w.post(server.URL)
	r.arrived = w.arrived(&end)
	return r, err
}

// serve posts to sigmatrail serve, whose upstream is the stand-in.
func (w *web) serve() (r run, err error) {
	var end standIn
	server := httptest.NewServer(&end)
	defer server.Close()
	cmd := exec.Command(w.program, "serve", "--listen", "127.0.0.1:0", "--upstream", server.URL)
	log, err := cmd.StderrPipe()
	if err != nil {
		return r, err
	}
	if err := cmd.Start(); err != nil {
		return r, err
	}
	lines := bufio.NewReader(log)
	address, err := listening(lines)
	if err == nil {
		r, err = w.measured(cmd.Process.Pid, "http://"+address+serve.EventsPath)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // if it has ended, Wait says why
	rest, unread := io.ReadAll(lines)
	r.log = string(rest)
	r.arrived = w.arrived(&end)
	return r, errors.Join(err, unread, cmd.Wait())
}

// listening returns the address that serve says it listens at.
func listening(log *bufio.Reader) (address string, err error) {
	said := regexp.MustCompile(` msg=serving address=(\S+)`)
	for {
		line, err := log.ReadString('\n')
		if found := said.FindStringSubmatch(line); found != nil {
			return found[1], nil
		}
		if err != nil {
			return "", fmt.Errorf("serve has not begun: %w", err)
		}
	}
}

// measured posts to a process.
func (w *web) measured(pid int, url string) (r run, err error) {
	before, err := sample.CPU(pid)
	if err != nil {
		return r, err
	}
	if r.seconds, err = w.post(url); err != nil {
		return r, err
	}
	after, err := sample.CPU(pid)
	r.cpu = after - before
	return r, err
}

// post posts all batches and returns how long it took until the last was answered.
func (w *web) post(url string) (seconds float64, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	next := make(chan []byte, len(w.batches))
	for _, batch := range w.batches {
		next <- batch
	}
	close(next)
	failed := make([]error, connections)
	var posting sync.WaitGroup
	begin := time.Now()
	for i := range connections {
		posting.Go(func() {
			for batch := range next {
				failed[i] = errors.Join(failed[i], postOne(client, url, batch))
			}
		})
	}
	posting.Wait()
	return time.Since(begin).Seconds(), errors.Join(failed...)
}

func postOne(client *http.Client, url string, batch []byte) error {
	response, err := client.Post(url, "application/x-ndjson", bytes.NewReader(batch))
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // it was read to its end
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, answer)
	}
	return err
}

// arrived counts what the stand-in has taken.
func (w *web) arrived(end *standIn) (a arrival) {
	end.mu.Lock()
	defer end.mu.Unlock()
	for _, body := range end.bodies {
		for line := range bytes.Lines(body) {
			w.count.add(&a, bytes.TrimSuffix(line, []byte("\n")))
		}
	}
	return a
}
