package main

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// table prints hits for people: a row for every record and rule, then totals.
type table struct {
	engine *pipeline.Engine
	w      *bufio.Writer // keeps the first error, which Flush returns
	widths []int
	color  bool
	hits   map[int]int // by rule
}

const gap = "  "

// newTable divides width columns of a terminal: time and level have what they need, the others share the rest.
func newTable(e *pipeline.Engine, w *bufio.Writer, width int, color bool) *table {
	const timeWidth, levelWidth, leastRest = 20, 13, 60
	rest := max(leastRest, width-timeWidth-levelWidth-5*len(gap))
	widths := []int{timeWidth, levelWidth, rest * 33 / 100, rest * 28 / 100, rest * 25 / 100}
	widths = append(widths, rest-widths[2]-widths[3]-widths[4])
	return &table{engine: e, w: w, widths: widths, color: color, hits: make(map[int]int)}
}

func (t *table) head() { t.row(-1, "TIME", "LEVEL", "RULE", "EVENT", "WHO", "FROM") }

// add prints the rows of one event.
func (t *table) add(j *pipeline.Judgement) {
	for _, v := range j.Verdicts {
		if len(v.Hits) == 0 {
			continue
		}
		rec := v.Found()
		for _, i := range v.Hits {
			t.hits[i]++
			r := t.engine.Rules().Rules[i]
			event := strings.TrimSuffix(rec.Text("eventSource"), ".amazonaws.com") + ":" + rec.Text("eventName")
			if code := rec.Text("errorCode"); code != "" {
				event += " (" + code + ")"
			}
			t.row(int(r.Level), when(rec), r.Level.String(), r.Title, event, who(rec), rec.Text("sourceIPAddress"))
		}
	}
}

func when(r record.Found) string {
	if t, ok := r.Time(); ok {
		return t.UTC().Format("2006-01-02 15:04:05Z")
	}
	return "?"
}

// who names the caller as shortly as it can be told apart.
func who(r record.Found) string {
	arn := r.Text("userIdentity.arn")
	if i := strings.LastIndex(arn, ":"); i >= 0 {
		arn = r.Text("userIdentity.accountId") + ":" + arn[i+1:]
	}
	of := func(name string) string { return r.Text("userIdentity." + name) }
	return cmp.Or(arn, of("userName"), of("invokedBy"), of("principalId"), of("type"), "?")
}

// row prints one line; level colours the second cell, unless it is negative.
func (t *table) row(level int, cells ...string) {
	var b strings.Builder
	for i, c := range cells {
		c = clip(printable(c), t.widths[i])
		if i < len(cells)-1 {
			c += strings.Repeat(" ", t.widths[i]-utf8.RuneCountInString(c)) + gap
		}
		if i == 1 && t.color && level >= 0 {
			c = levelColor(rules.Level(level)) + c + "\x1b[0m" //nolint:gosec // a level
		}
		b.WriteString(c)
	}
	fmt.Fprintln(t.w, strings.TrimRight(b.String(), " "))
}

func levelColor(l rules.Level) string {
	switch l {
	case rules.Critical:
		return "\x1b[1;31m"
	case rules.High:
		return "\x1b[31m"
	case rules.Medium:
		return "\x1b[33m"
	default:
		return "\x1b[36m"
	}
}

// totals prints how often each rule hit, the worst and most frequent first, then the sum of each level.
func (t *table) totals() {
	list := t.engine.Rules().Rules
	order := make([]int, 0, len(t.hits))
	byLevel := make(map[rules.Level]int)
	for i, n := range t.hits {
		order = append(order, i)
		byLevel[list[i].Level] += n
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(int(list[b].Level)-int(list[a].Level), t.hits[b]-t.hits[a], strings.Compare(list[a].Title, list[b].Title))
	})
	fmt.Fprintf(t.w, "\n%8s  %-13s  %s\n", "HITS", "LEVEL", "RULE")
	for _, i := range order {
		fmt.Fprintf(t.w, "%8d  %-13s  %s\n", t.hits[i], list[i].Level, printable(list[i].Title))
	}
	fmt.Fprintln(t.w)
	for l := rules.Critical; ; l-- {
		fmt.Fprintf(t.w, "%8d  %s\n", byLevel[l], l)
		if l == rules.Informational {
			break
		}
	}
}

// printable makes a text of a record harmless on a terminal: control characters, escape sequences and characters that change the direction
// of writing are shown as Go would write them.
func printable(text string) string {
	if strings.IndexFunc(text, hostile) < 0 && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case hostile(r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

func hostile(r rune) bool { return !unicode.IsPrint(r) }

// clip shortens text to width characters.
func clip(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}
