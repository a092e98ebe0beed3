package main

import (
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"time"

	"sigmatrail/bench/sample"
	"sigmatrail/internal/pipeline"

	"golang.org/x/sys/unix"
)

// result is what was measured on one part of a mix.
type result struct {
	Mix     string `json:"mix"`
	Part    string `json:"part"`
	Records int    `json:"records"`
	Bytes   int    `json:"bytes_per_record"`
	// AA is the bare walk against itself, Tries how often the part was measured until that was sound.
	AA    float64 `json:"a_a"`
	Tries int     `json:"tries"`
	// Ratios are to the bare walk of the same round, Nanoseconds a record; by row.
	Ratios      map[string]sample.Spread `json:"ratios"`
	Nanoseconds map[string]float64       `json:"ns_per_record"`
	// GrowthAbsent and GrowthReal are what 10,000 clones cost, to SigmaHQ's rules alone.
	GrowthAbsent float64 `json:"growth_absent"`
	GrowthReal   float64 `json:"growth_real"`
	// Correlated is what the pack costs with its correlations, to the pack without.
	Correlated float64 `json:"correlated"`
	// Of a record, by row.
	Candidates map[string]float64 `json:"candidates_per_record"`
	Hits       map[string]float64 `json:"hits_per_record"`
	Allocs     map[string]float64 `json:"allocs_per_record"`
}

const (
	atLeast  = 2 * time.Millisecond
	mostTrys = 8
	lowAA    = 0.95
	highAA   = 1.05
)

// measure measures everything on one part, again while the walk does not agree with itself.
func (c *corpus) measure(p part, rounds int) result {
	// What the oracle leaves behind is collected between parts, never within a round.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r := result{
		Mix: p.Name, Part: p.which, Records: p.Records, Bytes: len(p.Data) / p.Records,
		Candidates: make(map[string]float64), Hits: make(map[string]float64), Allocs: make(map[string]float64),
	}
	list := c.rungs(p)
	for sound := false; !sound && r.Tries < mostTrys; {
		runtime.GC()
		r.Tries++
		r.time(list, rounds)
		sound = r.AA >= lowAA && r.AA <= highAA
	}
	r.count(rowMatch, p, c.sigmahq)
	r.count(rowPack, p, c.pack)
	r.count(rowAbsent, p, c.absent)
	r.count(rowReal, p, c.real)
	r.count(rowCrowd, p, c.crowds[p.Name])
	for _, rung := range list {
		if rung.row == rowMatch || rung.row == rowPack || rung.row == rowReal {
			r.Allocs[rung.row] = allocations(rung)
		}
	}
	return r
}

// time runs the rungs in rounds, in each in another order.
func (r *result) time(list []rung, rounds int) {
	passes := make([]int, len(list))
	for i := range list {
		passes[i] = calibrate(list[i].run)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	took, ratios := make(map[string][]float64), make(map[string][]float64)
	var again, absent, present, correlated []float64
	for range rounds {
		round := make(map[string]float64, len(list))
		for _, i := range random.Perm(len(list)) {
			rung := &list[i]
			begin := threadTime()
			for range passes[i] {
				rung.run()
			}
			round[rung.row] = float64(threadTime()-begin) / float64(passes[i]*rung.records)
		}
		walk := (round[rowWalk] + round[rowAgain]) / 2
		for row, ns := range round {
			took[row] = append(took[row], ns)
			ratios[row] = append(ratios[row], ns/walk)
		}
		again = append(again, round[rowAgain]/round[rowWalk])
		absent = append(absent, round[rowAbsent]/round[rowMatch])
		present = append(present, round[rowReal]/round[rowMatch])
		correlated = append(correlated, round[rowRelated]/round[rowPack])
	}
	r.Ratios, r.Nanoseconds = make(map[string]sample.Spread), make(map[string]float64)
	for row := range took {
		r.Ratios[row], r.Nanoseconds[row] = sample.Of(ratios[row]), sample.Median(took[row])
	}
	r.Correlated = sample.Median(correlated)
	r.AA, r.GrowthAbsent, r.GrowthReal = sample.Median(again), sample.Median(absent), sample.Median(present)
}

// calibrate returns how many passes fill a sample.
func calibrate(run func()) int {
	run()
	passes := 0
	for begin := threadTime(); threadTime()-begin < int64(atLeast); passes++ {
		run()
	}
	return max(1, passes)
}

// threadTime returns the nanoseconds that this thread has been running for. What others do on the machine meanwhile is no part of them, only what
// they do to the caches.
func threadTime() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err) // Linux has it
	}
	return t.Nano()
}

// count notes what a row found on a part.
func (r *result) count(row string, p part, e program) {
	records := float64(p.Records)
	before := e.writes.Tally().Hits
	e.writes.Process(p.Data, func(n int) []byte { return make([]byte, n) })
	r.Hits[row] = float64(e.writes.Tally().Hits-before) / records
	r.Candidates[row] = float64(candidates(e.writes, p)) / records
}

func candidates(e *pipeline.Engine, p part) int { return e.Candidates(p.Data) }

// allocations counts those of a record. The runtime allocates now and then, too: the least of several looks counts.
func allocations(r rung) float64 {
	const looks, passes = 5, 10
	least := 0.0
	for look := range looks {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range passes {
			r.run()
		}
		runtime.ReadMemStats(&after)
		if n := float64(after.Mallocs-before.Mallocs) / float64(passes*r.records); look == 0 || n < least {
			least = n
		}
	}
	return least
}
