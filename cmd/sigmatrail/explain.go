package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/explain"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

type explainCommand struct {
	Rule                  string   `placeholder:"ID" help:"The rule: its id, name or title."`
	Rules                 string   `default:"builtin" placeholder:"PATHS" help:"Where the rule is, and the Sigma Filters on it: files, directories, globs, or builtin, separated by commas."`
	Event                 string   `placeholder:"ID" help:"Only the record with this eventID, or the one of this number, counted from 1."`
	Limit                 int      `default:"20" placeholder:"N" help:"How many records are explained; 0 for all."`
	Placeholders          string   `placeholder:"FILE" help:"File of the values that %name% stands for under the modifier expand."`
	Fields                string   `default:"cloudtrail" placeholder:"FORM" help:"Form of records that are judged too: cloudtrail (none), ecs, or a file of field mappings."`
	AllowNarrowingFilters bool     `help:"Accept Sigma Filters without a not in their condition."`
	Output                string   `short:"o" enum:"text,json" default:"text" placeholder:"FORM" help:"What to print: text, or json, one array."`
	Paths                 []string `arg:"" name:"path" help:"Files of records, directories, or - for standard input, as scan reads them."`
}

// Validate refuses what the types of the flags cannot rule out.
func (c *explainCommand) Validate() error {
	switch {
	case c.Rule == "":
		return errors.New("name the rule with --rule: its id, name or title; sigmatrail scan shows which rules match")
	case c.Limit < 0:
		return fmt.Errorf("limit: %d is no number of records", c.Limit)
	}
	return nil
}

// Run explains what the rule says of records. The exit status says whether that could be done, and not what the rule says.
func (c *explainCommand) Run(std streams) error {
	settings := conf.Default()
	settings.Rules, settings.Placeholders, settings.Fields, settings.AllowNarrowingFilters = c.Rules, c.Placeholders, c.Fields, c.AllowNarrowingFilters
	sources, err := pipeline.Read(settings)
	if err != nil {
		return err
	}
	program, err := sources.Compile()
	if err != nil {
		return err
	}
	set := program.Rules()
	about := explain.Named(set.Rules, c.Rule)
	if len(about) == 0 {
		return c.noRule(std, sources.Files(), set)
	}
	engine, err := pipeline.NewEngine(settings, program)
	if err != nil {
		return err
	}
	e := &explaining{
		command: c, std: std, set: set, about: about, judge: engine.NewJudge(), explainer: explain.New(set, settings.Key),
		color: isTerminal(std.out) && os.Getenv("NO_COLOR") == "",
	}
	return e.run()
}

// explaining is one run over files.
type explaining struct {
	command   *explainCommand
	std       streams
	set       *rules.Set
	about     []int // the rules
	judge     *pipeline.Judge
	explainer *explain.Explainer
	color     bool

	seen, shown, matches, foreign int
	failed                        bool
}

// errEnough ends the reading where nothing more is to be explained.
var errEnough = errors.New("enough")

func (e *explaining) run() error {
	err := e.read()
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if e.command.Output == "json" {
		if err := e.write(map[bool]string{true: "[]\n", false: "\n]\n"}[e.shown == 0]); err != nil {
			return err
		}
	}
	e.std.sayf("%s explained, %d of them with a match", count(e.shown, "record"), e.matches)
	if e.foreign > 0 {
		e.std.sayf(", %s without a CloudTrail record", count(e.foreign, "event"))
	}
	e.std.sayf("\n")
	e.saySilenced()
	switch {
	case errors.Is(err, errEnough) && e.command.Event == "":
		e.std.sayf("there are more records; --event chooses one by its eventID or number, --limit says how many are explained\n")
	case e.command.Event != "" && e.shown == 0:
		return fmt.Errorf("none of the %d records has the eventID or the number %q", e.seen, e.command.Event)
	}
	if e.failed {
		return errReported
	}
	return nil
}

// saySilenced warns who expects the matches of a rule on records, where only its correlations are written.
func (e *explaining) saySilenced() {
	for _, i := range e.about {
		if by := silencedBy(e.set, i); len(by) > 0 {
			e.std.sayf("%q is written on no record by itself: it stands in one file with its correlation, and reports only through %s\n", e.set.Rules[i].Title, strings.Join(by, ", "))
		}
	}
}

// read explains the records of all paths. What cannot be read is reported, and the rest is done.
func (e *explaining) read() error {
	for _, path := range e.command.Paths {
		files, unreadable := []string{path}, []error(nil)
		if path != "-" {
			files, _, unreadable = record.Files(path)
		}
		for _, err := range unreadable {
			e.fail(err)
		}
		for _, file := range files {
			if err := e.file(file); errors.Is(err, errEnough) || errors.Is(err, errOutput) {
				return err
			} else if err != nil {
				e.fail(err)
			}
		}
	}
	return nil
}

func (e *explaining) fail(err error) {
	e.failed = true
	e.std.sayf("%s\n", printable(err.Error()))
}

func (e *explaining) file(name string) error {
	in, shown := e.std.in, stdinName
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // nothing was written
		in, shown = f, name
	}
	n := 0
	return record.Read(shown, in, record.Sink{Bad: e.fail, Item: func(i record.Item) error {
		n++
		at := n
		if i.Line > 0 {
			at = i.Line
		}
		return e.event(shown+":"+strconv.Itoa(at), i.Packed)
	}})
}

// event explains the records of one event.
func (e *explaining) event(place string, packed []byte) error {
	j := e.judge.Event(packed, time.Time{})
	if len(j.Verdicts) == 0 {
		e.foreign++
	}
	for _, v := range j.Verdicts {
		e.seen++
		chosen := e.command.Event
		if chosen != "" && chosen != strconv.Itoa(e.seen) && chosen != v.Text("eventID") {
			continue
		}
		if e.command.Limit > 0 && e.shown == e.command.Limit {
			return errEnough
		}
		if err := e.record(place, v.Found(), v.Matched); err != nil {
			return err
		}
		if chosen != "" {
			return errEnough
		}
	}
	return nil
}

// errOutput is in every error of the output.
var errOutput = errors.New("cannot write")

func (e *explaining) write(text string) error {
	if _, err := io.WriteString(e.std.out, text); err != nil {
		return fmt.Errorf("%w: %w", errOutput, err)
	}
	return nil
}

// record explains what the rules say of one record. matched is what the engine says of a rule.
func (e *explaining) record(place string, found record.Found, matched func(rule int) bool) error {
	e.shown++
	for n, rule := range e.about {
		x := e.explainer.Explain(rule, found)
		if x.Holds && n == 0 {
			e.matches++
		}
		if matched(rule) != x.Holds {
			e.fail(fmt.Errorf("%s: the engine says otherwise of %q (please report it with the rule and the record)", place, x.Rule.Title))
		}
		text := ""
		if e.command.Output == "json" {
			text = map[bool]string{true: "[\n", false: ",\n"}[e.shown == 1 && n == 0]
			one, err := e.json(place, found, x)
			if err != nil {
				return err
			}
			text += one
		} else {
			text = e.text(place, found, x)
		}
		if err := e.write(text); err != nil {
			return err
		}
	}
	return nil
}

// text shows an explanation to people.
func (e *explaining) text(place string, found record.Found, x *explain.Explanation) string {
	var b strings.Builder
	line := func(text string) { b.WriteString(printable(text) + "\n") }
	mark := func(holds bool) string {
		if !e.color {
			return explain.Mark(holds)
		}
		return map[bool]string{true: "\x1b[32m", false: "\x1b[31m"}[holds] + explain.Mark(holds) + "\x1b[0m"
	}
	what := strings.TrimSuffix(found.Text("eventSource"), ".amazonaws.com") + ":" + found.Text("eventName")
	head := fmt.Sprintf("%s: %s %s by %s", place, when(found), what, who(found))
	if id := found.Text("eventID"); id != "" {
		head += ", eventID " + id
	}
	line(head)
	b.WriteString(mark(x.Holds) + " ")
	line(x.Rule.Title + map[bool]string{true: " matches", false: " does not match"}[x.Holds])
	for _, l := range x.Lines() {
		b.WriteString(strings.Repeat("  ", l.Depth+1) + mark(l.Holds) + " ")
		line(l.Text)
	}
	if text := x.Sentence(); text != "" {
		line("  " + text)
	}
	b.WriteByte('\n')
	return b.String()
}
