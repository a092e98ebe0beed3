package matcher_test

import (
	"fmt"
	"testing"

	"sigmatrail/internal/record"
	"sigmatrail/matcher"
)

// checkTime holds times to record.ParseTime, which reads them for every other use.
func checkTime(v any) error {
	kind, text := matcher.String, ""
	switch v := v.(type) {
	case string:
		text = v
	case nil:
		kind = matcher.Null
	case bool:
		kind, text = matcher.Bool, fmt.Sprint(v)
	default:
		number, ok := record.NumberText(v)
		if kind, text = matcher.Number, number; !ok {
			kind = matcher.Opaque
		}
	}
	want, wantOK := record.ParseTime(v)
	got, ok := matcher.TimeOf(kind, text)
	if ok != wantOK || !got.Equal(want) || got.String() != want.String() {
		return fmt.Errorf("%v: %v %v, want %v %v", v, got, ok, want, wantOK)
	}
	return nil
}

func TestDates(t *testing.T) {
	for _, v := range []any{
		nil, true, "", "yesterday", "2024-05-22T06:35:53Z", "2024-05-22T06:35:53", "2024-05-22 06:35:53Z", " 2024-05-22T06:35:53Z\n", "2024-05-22T06:35:53.123456789Z", "2024-05-22T06:35:53,5Z",
		"2024-05-22T06:35:53+02:00", "2024-05-22T06:35:53-0330", "2024-05-22 06:35:53.5-0330", "2024-05-22T06:35:53z", "2024-5-22T06:35:53Z", "2024-05-22t06:35:53Z",
		"2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "2024-06-31T00:00:00Z", "2024-00-10T00:00:00Z", "2024-13-10T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-32T00:00:00Z", "0000-01-01T00:00:00Z",
		"9999-12-31T23:59:59Z", "2024-05-22T24:00:00Z", "2024-05-22T23:60:00Z", "2024-05-22T23:59:60Z", "2024-05-22T99:99:99Z", "2024:05-22T06:35:53Z", "1716359753", "1716359753123", "1716359753.5", "1e9", "-1", "1e11",
		"99999999999", "100000000000", "1e14", "99999999999999", "NaN", "inf", "0x10", "0x1p-2", "1_000", int64(0), int64(-1), int64(1716359753), int64(1716359753123), int64(1e14), uint64(1 << 63), 1716359753.25, 1e11, -0.5, 1e300,
	} {
		if err := checkTime(v); err != nil {
			t.Error(err)
		}
	}
}

// FuzzDate holds times to record.ParseTime.
func FuzzDate(f *testing.F) {
	f.Add("2024-05-22T06:35:53Z", int64(1716359753), 0.5)
	f.Add(" 1e3", int64(-1), 1e11)
	f.Fuzz(func(t *testing.T, text string, n int64, x float64) {
		for _, v := range []any{text, n, x} {
			if err := checkTime(v); err != nil {
				t.Fatal(err)
			}
		}
	})
}
