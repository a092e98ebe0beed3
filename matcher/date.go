package matcher

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// partOf returns the part of t, at t's own offset.
func partOf(t time.Time, part Part) int {
	switch part {
	case Minute:
		return t.Minute()
	case Hour:
		return t.Hour()
	case Day:
		return t.Day()
	case Week:
		_, week := t.ISOWeek()
		return week
	case Month:
		return int(t.Month())
	default:
		return t.Year()
	}
}

// timeOf reads a value as a time: a date and time with an offset, Z or none, T or a space between them; seconds or milliseconds since the epoch.
func timeOf(v *Value) (time.Time, bool) {
	switch v.Kind {
	case Number:
		n, err := strconv.ParseFloat(string(v.Text), 64)
		if err != nil {
			return time.Time{}, false
		}
		return epochTime(n)
	case String:
		return parseTime(v.Text)
	default:
		return time.Time{}, false
	}
}

func parseTime(text []byte) (time.Time, bool) {
	if t, ok := parsePlainTime(text); ok {
		return t, true
	}
	trimmed := string(bytes.TrimSpace(text))
	for _, layout := range [...]string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
		"2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700",
	} {
		if t, err := time.Parse(layout, trimmed); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseFloat(trimmed, 64)
	if err != nil {
		return time.Time{}, false
	}
	return epochTime(n)
}

// parsePlainTime reads the form that records have, 2006-01-02T15:04:05Z, without allocating.
func parsePlainTime(text []byte) (time.Time, bool) {
	const form = "dddd-dd-ddTdd:dd:ddZ"
	if len(text) != len(form) {
		return time.Time{}, false
	}
	for i := range len(form) {
		if form[i] == 'd' && (text[i] < '0' || text[i] > '9') || form[i] != 'd' && text[i] != form[i] {
			return time.Time{}, false
		}
	}
	two := func(i int) int { return int(text[i]-'0')*10 + int(text[i+1]-'0') }
	year, month, day, hour, minute, second := two(0)*100+two(2), two(5), two(8), two(11), two(14), two(17)
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	// Date takes the 31st of June for the 1st of July.
	return t, t.Day() == day && int(t.Month()) == month && hour < 24 && minute < 60 && second < 60
}

// epochTime tells seconds from milliseconds by their size.
func epochTime(n float64) (time.Time, bool) {
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
