package main

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sigmatrail/enrich"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// table shows hits to people: a row for every record and rule, then totals. It is immutable.
type table struct {
	engine *pipeline.Engine
	widths []int
	color  bool
}

const gap = "  "

// newTable divides width columns of a terminal: time and level have what they need, the others share the rest.
func newTable(e *pipeline.Engine, width int, color bool) *table {
	const timeWidth, levelWidth, leastRest = 20, 13, 60
	rest := max(leastRest, width-timeWidth-levelWidth-5*len(gap))
	widths := []int{timeWidth, levelWidth, rest * 33 / 100, rest * 28 / 100, rest * 25 / 100}
	widths = append(widths, rest-widths[2]-widths[3]-widths[4])
	return &table{engine: e, widths: widths, color: color}
}

func (t *table) head(dst []byte) []byte {
	return t.row(dst, -1, "TIME", "LEVEL", "RULE", "EVENT", "WHO", "FROM")
}

// add appends the rows of one event, of entries from first on. Below that of a correlation stands what made it fire.
func (t *table) add(dst []byte, j *pipeline.Judgement, first int) []byte {
	for _, v := range j.Verdicts {
		if len(v.Hits) == 0 {
			continue
		}
		rec := v.Found()
		for _, i := range v.Hits {
			if i < first {
				continue
			}
			r := t.engine.Entries()[i]
			event := strings.TrimSuffix(rec.Text("eventSource"), ".amazonaws.com") + ":" + rec.Text("eventName")
			if code := rec.Text("errorCode"); code != "" {
				event += " (" + code + ")"
			}
			dst = t.row(dst, int(r.Level), when(rec), r.Level.String(), r.Title, event, who(rec), rec.Text("sourceIPAddress"))
			for _, c := range t.engine.Firings(&v, i) {
				dst = t.firing(dst, &c)
			}
		}
	}
	return dst
}

// firing appends a line, below the rule, that says of how many events a correlation fired, since when, and what they have in common.
func (t *table) firing(dst []byte, c *enrich.Correlation) []byte {
	var text strings.Builder
	text.WriteString("└ " + count(c.Count, "event"))
	if first, err := time.Parse(time.RFC3339Nano, c.First); err == nil {
		text.WriteString(" since " + first.UTC().Format(timeFormat))
	}
	if c.Value != nil && !strings.HasPrefix(c.Type, "temporal") { // there it is the number of rules
		text.WriteString(", value " + strconv.FormatFloat(*c.Value, 'f', -1, 64))
	}
	for _, g := range c.Group {
		text.WriteString(", " + g.Field + " " + g.Value)
	}
	before, width := t.widths[0]+t.widths[1]+2*len(gap), -len(gap)
	for _, w := range t.widths {
		width += w + len(gap)
	}
	dst = append(dst, strings.Repeat(" ", before)...)
	return append(append(dst, clip(printable(text.String()), width-before)...), '\n')
}

const timeFormat = "2006-01-02 15:04:05Z"

func when(r record.Found) string {
	if t, ok := r.Time(); ok {
		return t.UTC().Format(timeFormat)
	}
	return "?"
}

// who names the caller as shortly as it can be told apart.
func who(r record.Found) string {
	arn := r.Text("userIdentity.arn")
	if i := strings.LastIndex(arn, ":"); i >= 0 {
		arn = cmp.Or(r.Text("userIdentity.accountId"), arn[strings.LastIndex(arn[:i], ":")+1:i]) + ":" + arn[i+1:]
	}
	of := func(name string) string { return r.Text("userIdentity." + name) }
	return cmp.Or(arn, of("userName"), of("invokedBy"), of("principalId"), of("type"), "?")
}

// row appends one line; level colours the second cell, unless it is negative.
func (t *table) row(dst []byte, level int, cells ...string) []byte {
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
	return append(append(dst, strings.TrimRight(b.String(), " ")...), '\n')
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

// totals prints how often each rule hit, the worst and most frequent first, then the sum of each level. w keeps its first error until it is flushed.
func (t *table) totals(w *bufio.Writer) {
	list := t.engine.Entries()
	var order []int
	byLevel := make(map[rules.Level]uint64)
	for i := range list {
		if n := t.engine.RuleHits(i); n > 0 {
			order = append(order, i)
			byLevel[list[i].Level] += n
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(int(list[b].Level)-int(list[a].Level), cmp.Compare(t.engine.RuleHits(b), t.engine.RuleHits(a)), strings.Compare(list[a].Title, list[b].Title))
	})
	fmt.Fprintf(w, "\n%8s  %-13s  %s\n", "HITS", "LEVEL", "RULE")
	for _, i := range order {
		fmt.Fprintf(w, "%8d  %-13s  %s\n", t.engine.RuleHits(i), list[i].Level, printable(list[i].Title))
	}
	fmt.Fprintln(w)
	for l := rules.Critical; ; l-- {
		fmt.Fprintf(w, "%8d  %s\n", byLevel[l], l)
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
