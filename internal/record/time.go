package record

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseTime reads a time as CloudTrail and what passes it on write it: with an offset, Z or none (then UTC), T or a space between date and time,
// up to nine decimals; or seconds or milliseconds since the epoch. The result keeps the offset that the text has. ok is false for all else.
func ParseTime(v any) (t time.Time, ok bool) {
	switch v := v.(type) {
	case string:
		return parseTime(strings.TrimSpace(v))
	case int64:
		return epoch(float64(v))
	case float64:
		return epoch(v)
	}
	return time.Time{}, false
}

func parseTime(text string) (time.Time, bool) {
	// time.Parse accepts a fraction after the seconds of any layout.
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return epoch(n)
	}
	return time.Time{}, false
}

// epoch tells seconds from milliseconds by their size: 1e11 seconds is the year 5138, 1e11 milliseconds is 1973, before CloudTrail.
func epoch(n float64) (time.Time, bool) {
	const firstMilliseconds, last = 1e11, 1e14
	switch {
	case math.IsNaN(n) || n < 0 || n >= last:
		return time.Time{}, false
	case n >= firstMilliseconds:
		return time.UnixMilli(int64(n)).UTC(), true
	}
	whole, fraction := math.Modf(n)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1e3).UTC(), true
}
