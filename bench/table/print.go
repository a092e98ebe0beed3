package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

func rows() []string {
	return []string{rowWalk, rowAgain, rowMemcpy, rowProject, rowMatch, rowPack, rowRelated, rowWrite, rowAbsent, rowReal, rowCrowd, rowOracle}
}

func (r *report) print(to io.Writer) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "%s, %d CPUs, %s. %d runs of %d interleaved rounds.\n", r.Machine.CPU, r.Machine.CPUs, r.Machine.Go, len(r.Runs), r.Rounds)
	fmt.Fprintf(w, "Ratios to the bare walk of the same round: median (p10 to p90), of the runs the median; ? where the runs differ by more than 10 %%.\n")
	for i := 0; i < len(r.Medians); {
		end := i + 1
		for end < len(r.Medians) && r.Medians[end].Mix == r.Medians[i].Mix {
			end++
		}
		r.mix(w, i, end)
		i = end
	}
	if parts := r.unsound(); len(parts) > 0 {
		fmt.Fprintf(w, "\nThe bare walk did not agree with itself; run this again on a quieter machine: %s\n", strings.Join(parts, "; "))
	}
	r.counts(w)
	r.targets(w)
	r.archive(w)
	return w.Flush()
}

// mix prints the parts of one mix beside each other.
func (r *report) mix(w *bufio.Writer, from, to int) {
	const first, cell = "%-44s", "%-26s"
	fmt.Fprintf(w, "\n"+first, r.Medians[from].Mix)
	for _, m := range r.Medians[from:to] {
		fmt.Fprintf(w, cell, fmt.Sprintf("%s: %d × %d B", m.Part, m.Records, m.Bytes))
	}
	fmt.Fprintln(w)
	for _, row := range rows() {
		fmt.Fprintf(w, first, row)
		for i := from; i < to; i++ {
			text := "-"
			switch s, ok := r.Medians[i].Ratios[row]; {
			case row == rowWalk:
				text = fmt.Sprintf("1, of %.0f ns", r.Medians[i].Nanoseconds[row])
			case ok:
				text = fmt.Sprintf("%.2f (%.2f to %.2f)", s.Median, s.P10, s.P90)
				if !r.settled(i, row) {
					text += " ?"
				}
			}
			fmt.Fprintf(w, cell, text)
		}
		fmt.Fprintln(w)
	}
}

// counts prints what was found on a record.
func (r *report) counts(w *bufio.Writer) {
	fmt.Fprintf(w, "\n%-30s%14s%12s%12s%12s%12s%14s%12s%14s\n", "candidates (hits) a record", "SigmaHQ", "", "and pack", "", "10,000 real", "", "crowd", "")
	for i := range r.Medians {
		m := &r.Medians[i]
		fmt.Fprintf(w, "%-30s", m.Mix+", "+m.Part)
		for _, row := range []string{rowMatch, rowPack, rowReal, rowCrowd} {
			fmt.Fprintf(w, "%14.2f%12s", m.Candidates[row], fmt.Sprintf("(%.3f)", m.Hits[row]))
		}
		fmt.Fprintln(w)
	}
}

// target is a figure and what it may be.
type target struct {
	what       string
	got, most  float64
	unit, note string
}

func (r *report) targets(w *bufio.Writer) {
	unsettled := func(name string) string {
		if r.Settled[name] {
			return ""
		}
		return "the runs differ by more than 10 %"
	}
	fmt.Fprintf(w, "\n%-62s%10s%10s\n", "worst of all mixes", "is", "target")
	for _, t := range []target{
		{"framing + projection + match, SigmaHQ's rules", r.Match, 2.5, "bare walks", unsettled("match")},
		{"  of records without hits", r.MatchMiss, 2.5, "bare walks", unsettled("match_miss")},
		{"  of records with hits", r.MatchHit, 2.5, "bare walks", unsettled("match_hit")},
		{"the bundled pack on top", r.Pack, 0.5, "bare walks", unsettled("pack")},
		{"the pack with its correlations, records without hits", r.Correlated, 1.05, "× without", unsettled("correlated")},
		{"10,000 clones, names that the corpus lacks", r.GrowthAbsent, 1.15, "× SigmaHQ's", unsettled("absent")},
		{"10,000 clones, names from all of AWS", r.GrowthReal, 2, "× SigmaHQ's", unsettled("real")},
		{"each further candidate rule", r.CandidateNS, 100, "ns", unsettled("candidate")},
		{"allocations a record", r.Allocs, 0.001, "", ""},
		{fmt.Sprintf("load %d files, %d rules compiled", r.Load[0].Files, r.Load[0].Rules), r.LoadSeconds, 1, "s", ""},
		{"  resident anonymous memory", r.LoadMiB, 64, "MiB", ""},
		{fmt.Sprintf("load %d files, %d rules compiled", r.LoadAll[0].Files, r.LoadAll[0].Rules), r.LoadAllSeconds, 0, "s", ""},
		{"  resident anonymous memory", r.LoadAllMiB, 256, "MiB", ""},
	} {
		verdict := "met"
		switch {
		case t.most == 0:
			verdict = ""
		case t.got > t.most:
			verdict = "NOT MET"
		}
		most := ""
		if t.most > 0 {
			most = fmt.Sprintf("≤ %.4g", t.most)
		}
		fmt.Fprintf(w, "%-62s%10.3f%10s %-12s %-8s %s\n", t.what, t.got, most, t.unit, verdict, t.note)
	}
}

func (r *report) archive(w *bufio.Writer) {
	a := &r.Archive
	fmt.Fprintf(w, "\nscan of %d .json.gz files, %.0f MB unzipped: %.0f MB/s; unzipping alone, on one thread: %.0f MB/s\n", a.Files, a.MB, a.MBps, a.Unzip)
	fmt.Fprintf(w, "  time over unzipping %.2f (%.2f to %.2f), CPU over unzipping %.2f (%.2f to %.2f), peak resident memory %.0f MiB\n",
		a.Time.Median, a.Time.P10, a.Time.P90, a.CPU.Median, a.CPU.P10, a.CPU.P90, a.RSSMiB)
}

// cpuName returns what the processor calls itself.
func cpuName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
