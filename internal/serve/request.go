package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"
)

// Headers of answers to a batch.
const (
	eventsHeader = "Sigmatrail-Events"
	brokenHeader = "Sigmatrail-Broken"
)

// outcome is what became of a request. Each counts under one.
type outcome int

const (
	delivered   outcome = iota
	refused             // the batch cannot be taken, now or later
	busy                // too many at once
	unavailable         // the upstream has not taken it
	aborted             // the client is gone, or too slow
	failed              // a fault of ours
	outcomes
)

// refusal is why a batch was not passed on.
type refusal struct {
	outcome outcome
	status  int
	reason  string
	// after is when to try again, in seconds, as Retry-After has it; "" says nothing.
	after string
}

// answer is the body of every answer to a batch but the batch itself.
type answer struct {
	Error  string   `json:"error,omitempty"`
	Events uint64   `json:"events"`
	Hits   uint64   `json:"hits"`
	Broken uint64   `json:"broken"`
	Lines  []broken `json:"broken_lines,omitempty"`
}

// events takes one batch.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if fault := recover(); fault != nil {
			s.options.Log.Error("a fault while answering a request, whose batch was not taken (please report it)", "fault", fault, "stack", string(debug.Stack()))
			s.accounts.end(failed)
			refuse(w, &refusal{status: http.StatusInternalServerError, reason: "internal error"})
		}
	}()
	b, no := s.take(w, r)
	if no != nil {
		level := s.options.Log.Warn
		if no.outcome == busy || no.outcome == aborted {
			level = s.options.Log.Info
		}
		level("batch not taken", "from", r.RemoteAddr, "status", no.status, "reason", no.reason)
		s.accounts.end(no.outcome)
		if b != nil {
			b.engine.TakeBack(&b.counts)
		}
		refuse(w, no)
		return
	}
	s.accounts.add(b)
	for _, line := range b.engine.Notices() {
		s.options.Log.Warn(line)
	}
}

// take reads a batch, judges it, passes it on and answers that. Nothing was answered where no is not nil.
func (s *Server) take(w http.ResponseWriter, r *http.Request) (b *batch, no *refusal) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		return nil, &refusal{busy, http.StatusTooManyRequests, fmt.Sprintf("%d batches are being worked on; no more are taken at once", s.options.MaxRequests), "1"}
	}
	body, no := s.read(w, r)
	if no != nil {
		return nil, no
	}
	b = s.now.Load().judge(body, s.options.Settings.Key+"_error")
	for _, line := range b.lines {
		s.options.Log.Warn("not a JSON object; it goes on as a message", "from", r.RemoteAddr, "line", line.Line, "error", line.Error)
	}
	if more := b.broken - uint64(len(b.lines)); more > 0 {
		s.options.Log.Warn("more of the batch were no JSON objects", "from", r.RemoteAddr, "more", more)
	}
	w.Header().Set(eventsHeader, strconv.FormatUint(b.counts.Events, 10))
	w.Header().Set(brokenHeader, strconv.FormatUint(b.broken, 10))
	if s.options.Upstream == nil {
		return b, s.giveBack(w, b)
	}
	if len(b.out) > 0 {
		if no := s.deliver(r.Context(), b.out); no != nil {
			return b, no
		}
	}
	writeJSON(w, http.StatusOK, answer{Events: b.counts.Events, Hits: b.counts.Hits, Broken: b.broken, Lines: b.lines})
	return b, nil
}

// giveBack answers with the batch.
func (s *Server) giveBack(w http.ResponseWriter, b *batch) *refusal {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Length", strconv.Itoa(len(b.out)))
	out := http.NewResponseController(w)
	_ = out.SetWriteDeadline(time.Now().Add(s.options.ReadTimeout)) // some writers have none
	_, err := w.Write(b.out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return &refusal{outcome: aborted, reason: "the enriched batch was not read: " + err.Error()}
	}
	_ = out.SetWriteDeadline(time.Time{}) // the connection goes on
	return nil
}

// refuse answers that a batch was not taken, if nothing was answered yet: then there is a status.
func refuse(w http.ResponseWriter, no *refusal) {
	if no.status == 0 {
		return
	}
	if no.after != "" {
		w.Header().Set("Retry-After", no.after)
	}
	w.Header().Del(eventsHeader)
	w.Header().Del(brokenHeader)
	writeJSON(w, no.status, answer{Error: no.reason})
}

func writeJSON(w http.ResponseWriter, status int, document any) {
	text, err := json.Marshal(document)
	if err != nil {
		text = []byte("{}") // unreachable: texts and numbers
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // who has not read it has not seen the status either
}
