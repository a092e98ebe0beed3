package record_test

import (
	"fmt"
	"strings"
	"testing"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
	"sigmatrail/internal/rulegen"
)

// checkLocate holds a Locator to Find: the same records in the same order, and the same content.
func checkLocate(l *record.Locator, data []byte) (found int, err error) {
	body, ok := record.Decode(data, 0)
	if !ok {
		return 0, nil
	}
	want, content := record.Find(body, nil)
	places, got := l.Find(data, 0)
	if got != content || len(places) != len(want) {
		return 0, fmt.Errorf("%d places and content %d, want %d and %d", len(places), got, len(want), content)
	}
	for i, p := range places {
		if end, ok := chunk.Skip(p.Data, p.Pos); !ok || end > len(p.Data) {
			return 0, fmt.Errorf("place %d cannot be walked", i)
		}
		if p.Depth > 0 && p.Depth+deepest(want[i].Record) > record.MaxDepth {
			continue // decoded by itself it may be looked into deeper; TestDepthInEnvelope has those
		}
		v, _ := record.Decode(p.Data, p.Pos)
		if got, want := string(record.AppendJSON(nil, v)), string(record.AppendJSON(nil, want[i].Record)); got != want {
			return 0, fmt.Errorf("record %d is %s, want %s", i, got, want)
		}
	}
	return len(places), nil
}

// deepest returns how many containers are nested in v, and one more.
func deepest(v any) int {
	most := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			most = max(most, deepest(e))
		}
	case *record.Object:
		for _, m := range v.Members() {
			most = max(most, deepest(m.Value))
		}
	}
	return most + 1
}

func TestLocate(t *testing.T) {
	const one, two = `{"eventVersion":"1.11","eventSource":"s3.amazonaws.com","eventName":"A"}`, `{"eventSource":"s3.amazonaws.com","eventName":["B"]}`
	quote := func(text string) string { return string(record.AppendJSON(nil, text)) }
	var l record.Locator
	for text, want := range map[string]int{
		one: 1, two: 1, `{}`: 0, `[]`: 0, `7`: 0, `{"detail":` + one + `}`: 1, `{"detail":7,"event":` + two + `}`: 1, `{"event":{"original":` + quote(one) + `}}`: 1,
		`{"event":` + quote(`{"Records":[`+one+`,1,`+two+`]}`) + `}`: 2, `{"log":` + quote("\t "+one) + `}`: 1, `{"log":"{","message":` + quote(one) + `}`: 1,
		`{"Records":[{"log":` + quote(one) + `},{"message":` + quote(`{"Records":[`+two+`,`+two+`]}`) + `}]}`:          3,
		`{"logEvents":[{"message":"x"}],"Records":[` + one + `]}`:                                                      1,
		`{"logEvents":[{"message":` + quote(one) + `}],"Records":[` + one + `,` + one + `]}`:                           1,
		`{"logEvents":[` + quote(one) + `],"Records":{"a":1}}`:                                                         0,
		`{"awsAccountId":"1","digestStartTime":"x","digestS3Bucket":"b","logFiles":[],"detail":` + one + `}`:           0,
		`{"detail":{"awsAccountId":"1","digestStartTime":"x","digestS3Bucket":"b","logFiles":[]},"event":` + one + `}`: 0,
		`{"event":[` + one + `]}`: 0, `{"detail":` + one + `,"detail":7}`: 0, `{"detail":7,"detail":` + one + `}`: 1, `{"event.original":` + quote(one) + `}`: 1,
		`{"payload":` + one + `}`: 1, `{"payload":` + quote(one) + `}`: 1, `{"json":` + one + `,"message":` + quote(two) + `}`: 1, `{"json":` + quote(one) + `}`: 0,
		`{"Records":[{"body":` + quote(`{"Message":`+quote(`{"detail":`+one+`}`)+`}`) + `},{"Body":` + quote(two) + `}]}`: 2,
		`{"Events":[{"CloudTrailEvent":` + quote(one) + `},{"CloudTrailEvent":` + quote(two) + `}]}`:                      2,
		`{"Events":[` + one + `,` + two + `],"Records":[` + one + `]}`:                                                    1, `{"Events":{"a":1},"Records":[7]}`: 0,
	} {
		packed, err := record.AppendMsgpack(nil, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := checkLocate(&l, packed); err != nil || n != want {
			t.Errorf("%s: %d, want %d, %v", text, n, want, err)
		}
	}
	wrapped := one
	for i := range 8 {
		packed, _ := record.AppendMsgpack(nil, []byte(wrapped))
		if n, err := checkLocate(&l, packed); err != nil || (n == 1) != (i < 6) {
			t.Errorf("%d envelopes: %d, %v", i, n, err)
		}
		wrapped = `{"` + []string{"detail", "log"}[i%2] + `":` + []string{wrapped, quote(wrapped)}[i%2] + `}`
	}
	if !strings.Contains(wrapped, "detail") {
		t.Error("nothing is wrapped")
	}
}

// TestLocateGenerated is about the records of rulegen, as sound as they are hostile.
func TestLocateGenerated(t *testing.T) {
	var l record.Locator
	found := 0
	for n := range uint64(3000) {
		data := rulegen.RecordFromBytes(rulegen.Seed(n))
		more, err := checkLocate(&l, data)
		if err != nil {
			t.Fatalf("%d: %v in %x", n, err, data)
		}
		found += more
	}
	if found < 2400 {
		t.Errorf("%d records", found)
	}
}

// FuzzLocate holds the Locator to Find on any bytes.
func FuzzLocate(f *testing.F) {
	for n := range uint64(60) {
		f.Add(rulegen.RecordFromBytes(rulegen.Seed(n)))
	}
	var l record.Locator
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := checkLocate(&l, data); err != nil {
			t.Fatal(err)
		}
	})
}
