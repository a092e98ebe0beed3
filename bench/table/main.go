// Table measures what detection costs, as ratios to controls of the same run, and prints the table of them. It runs itself in several processes: a
// figure counts when they agree. The method and the targets are those of the project's page on performance.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
)

type options struct {
	child, build              string
	runs, rounds, loads, scan int
	archiveMB                 int
}

func main() {
	var o options
	flag.StringVar(&o.child, "child", "", "what to do as one of several processes: measure, load, load-all or unzip")
	flag.StringVar(&o.build, "build", "build", "the folder of the built command line, where bench.json and the archive are written")
	flag.IntVar(&o.runs, "runs", 3, "how many processes measure")
	flag.IntVar(&o.rounds, "rounds", 31, "how many interleaved rounds each of them has")
	flag.IntVar(&o.loads, "loads", 5, "how many processes load rules, of each kind")
	flag.IntVar(&o.scan, "scans", 5, "how often the archive is scanned")
	flag.IntVar(&o.archiveMB, "archive-mb", 256, "how large the archive is, unzipped")
	flag.Parse()
	do := bench
	if o.child != "" {
		do = asChild
	}
	if err := do(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// asChild does one thing and prints it for the parent.
func asChild(o options) error {
	var found any
	var err error
	switch o.child {
	case "measure":
		found, err = measureAll(o.rounds)
	case "load", "load-all":
		found, err = load(o.child == "load-all")
	case "unzip":
		found, err = unzip(o.build)
	default:
		err = fmt.Errorf("-child %s: unknown", o.child)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

func measureAll(rounds int) ([]result, error) {
	c, err := newCorpus()
	if err != nil {
		return nil, err
	}
	list := make([]result, 0, len(c.cases))
	for _, p := range c.cases {
		list = append(list, c.measure(p, rounds))
	}
	return list, nil
}

// report is everything that was measured.
type report struct {
	figures

	Machine machine    `json:"machine"`
	Rounds  int        `json:"rounds"`
	Runs    [][]result `json:"runs"`
	Load    []loading  `json:"load"`
	LoadAll []loading  `json:"load_all"`
	Archive archived   `json:"archive"`
}

type machine struct {
	CPU  string `json:"cpu"`
	CPUs int    `json:"cpus"`
	Go   string `json:"go"`
}

func bench(o options) error {
	r := report{Machine: machine{CPU: cpuName(), CPUs: runtime.NumCPU(), Go: runtime.Version()}, Rounds: o.rounds}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	for n := range o.runs {
		say("bench: run %d of %d", n+1, o.runs)
		var results []result
		if _, err := child(exec.Command(self, "-child", "measure", "-rounds", strconv.Itoa(o.rounds)), &results); err != nil {
			return err
		}
		r.Runs = append(r.Runs, results)
	}
	say("bench: loading")
	for n := range 1 + o.loads { // the first warms the cache
		for kind, list := range map[string]*[]loading{"load": &r.Load, "load-all": &r.LoadAll} {
			var l loading
			if _, err := child(exec.Command(self, "-child", kind), &l); err != nil {
				return err
			}
			if n > 0 {
				*list = append(*list, l)
			}
		}
	}
	say("bench: scanning an archive")
	if r.Archive, err = archive(o.build, filepath.Join(o.build, "sigmatrail"), o.archiveMB, o.scan); err != nil {
		return err
	}
	r.figures = r.sum()
	if err := r.print(os.Stdout); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.build, "bench.json"), append(text, '\n'), 0o600)
}
