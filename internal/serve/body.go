package serve

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// read returns the body of a request, unpacked.
func (s *Server) read(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	raw := &source{Reader: http.MaxBytesReader(w, r.Body, s.options.MaxBody)}
	in, closeIt, err := unpacked(r.Header.Get("Content-Encoding"), raw, s.options.MaxBody)
	var body bytes.Buffer
	if err == nil {
		defer closeIt()
		if n := r.ContentLength; n > 0 && n <= s.options.MaxBody {
			body.Grow(int(n) + bytes.MinRead)
		}
		_, err = body.ReadFrom(io.LimitReader(in, s.options.MaxBody+1))
	}
	_, tooLong := errors.AsType[*http.MaxBytesError](err)
	unknown, notKnown := errors.AsType[*unknownEncoding](err)
	switch {
	case tooLong, int64(body.Len()) > s.options.MaxBody, errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, &refusal{
			outcome: refused, status: http.StatusRequestEntityTooLarge,
			reason: fmt.Sprintf("the body has more than %d bytes (--max-body); send smaller batches", s.options.MaxBody),
		}
	case notKnown:
		w.Header().Set("Accept-Encoding", "gzip, zstd, identity")
		return nil, &refusal{outcome: refused, status: http.StatusUnsupportedMediaType, reason: unknown.Error()}
	case errors.Is(raw.err, os.ErrDeadlineExceeded):
		return nil, &refusal{
			outcome: aborted, status: http.StatusRequestTimeout,
			reason: fmt.Sprintf("the request has not come in within %s (--read-timeout)", s.options.ReadTimeout),
		}
	case raw.err != nil:
		return nil, &refusal{outcome: aborted, status: http.StatusBadRequest, reason: "the body has not come in whole: " + raw.err.Error()}
	case err != nil:
		return nil, &refusal{outcome: refused, status: http.StatusBadRequest, reason: "the body cannot be unpacked: " + err.Error()}
	}
	// The server watches the connection while we work; without this it would take the passing of the deadline for the client's going away.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // some writers have none
	return body.Bytes(), nil
}

// source remembers what reading has failed with, to tell it from what unpacking fails with.
type source struct {
	io.Reader

	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

type unknownEncoding struct{ name string }

func (e *unknownEncoding) Error() string {
	return fmt.Sprintf("the body is encoded as %q; gzip, zstd and none are understood", e.name)
}

// unpacked returns raw as the content encoding says, and what to call in the end.
func unpacked(encoding string, raw io.Reader, most int64) (in io.Reader, closeIt func(), err error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return raw, func() {}, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { _ = z.Close() }, nil // closes nothing that could fail
	case "zstd":
		const window = 8 << 20 // what RFC 9659 allows in HTTP
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window),
			zstd.WithDecoderMaxMemory(uint64(max(most, window))))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return nil, nil, &unknownEncoding{encoding}
}
