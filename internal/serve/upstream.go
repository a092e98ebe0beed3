package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// newClient returns a client for the upstream that keeps a connection for each request at once.
func newClient(connections int) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			MaxIdleConnsPerHost: connections, MaxIdleConns: connections, IdleConnTimeout: time.Minute, DisableCompression: true,
		},
		// What is redirected has not been taken, and batches go nowhere that nobody has named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// deliver posts a batch to the upstream, once, and returns nil where it has taken it.
func (s *Server) deliver(sender context.Context, events []byte) *refusal {
	ctx, cancel := context.WithTimeout(sender, s.options.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.options.Upstream.String(), bytes.NewReader(events))
	if err != nil {
		return &refusal{unavailable, http.StatusServiceUnavailable, "upstream: " + err.Error(), "5"}
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	request.Header.Set("User-Agent", "sigmatrail/"+s.options.Version)
	response, err := s.client.Do(request)
	if err != nil {
		switch {
		case sender.Err() != nil:
			return &refusal{
				outcome: aborted, status: http.StatusServiceUnavailable,
				reason: "the client went away while the upstream was asked, which may have taken the batch",
			}
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			err = fmt.Errorf("no answer within %s (--upstream-timeout), though it may have taken the batch", s.options.Timeout)
		}
		return &refusal{unavailable, http.StatusServiceUnavailable, "upstream: " + err.Error(), "5"}
	}
	defer response.Body.Close() //nolint:errcheck // nothing was written
	const most = 64 << 10       // of an answer is read, so that its connection can be used again
	text, _ := io.ReadAll(io.LimitReader(response.Body, most))
	return judgeAnswer(response, text)
}

// judgeAnswer says what an answer of the upstream means to the sender.
func judgeAnswer(response *http.Response, text []byte) *refusal {
	status := response.StatusCode
	if status >= 200 && status < 300 {
		return nil
	}
	const shown = 200
	reason := fmt.Sprintf("upstream: %s: %.*q", response.Status, shown, strings.TrimSpace(string(text)))
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity: // about this batch: it will be refused again
		return &refusal{outcome: refused, status: status, reason: reason}
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
	default:
		if status < 500 || status == http.StatusNotImplemented {
			reason += "; that is no answer to a batch: look at --upstream and at what listens there"
		}
	}
	after := response.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(after); err != nil || seconds < 0 {
		after = "5"
	}
	return &refusal{unavailable, http.StatusServiceUnavailable, reason, after}
}
