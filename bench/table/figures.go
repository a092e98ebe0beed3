package main

import (
	"fmt"
	"slices"

	"sigmatrail/bench/sample"
)

// figures are what the targets are about.
type figures struct {
	// Match is the worst mix, as it is, of the medians of the runs. The others have only records with or without hits.
	Match     float64 `json:"match_over_bare_walk"`
	MatchMiss float64 `json:"match_over_bare_walk_without_hits"`
	MatchHit  float64 `json:"match_over_bare_walk_with_hits"`
	// Pack is what the bundled pack adds to that, in bare walks.
	Pack float64 `json:"pack_adds_bare_walks"`
	// Correlated is what correlations cost where nothing hits: the pack with them, to the pack without.
	Correlated   float64 `json:"correlated_without_hits"`
	GrowthAbsent float64 `json:"growth_10000_absent"`
	GrowthReal   float64 `json:"growth_10000_real"`
	// CandidateNS is what each further candidate costs.
	CandidateNS    float64 `json:"ns_per_candidate"`
	Allocs         float64 `json:"allocs_per_record"`
	LoadSeconds    float64 `json:"load_seconds"`
	LoadMiB        float64 `json:"load_mib"`
	LoadAllSeconds float64 `json:"load_all_seconds"`
	LoadAllMiB     float64 `json:"load_all_mib"`
	// Settled says whether the runs agree on each figure that has several.
	Settled map[string]bool `json:"settled"`
	// Medians are of the runs, in the order of the first.
	Medians []result `json:"medians"`
}

// tolerance is how far apart runs may be for a figure to count.
const tolerance = 0.1

func (r *report) sum() figures {
	f := figures{Settled: make(map[string]bool)}
	settle := func(name string, of func(run []result) float64) float64 {
		var list []float64
		for _, run := range r.Runs {
			list = append(list, of(run))
		}
		f.Settled[name] = sample.Agree(list, tolerance)
		return sample.Median(list)
	}
	f.Match = settle("match", worst(whole, func(r *result) float64 { return r.Ratios[rowMatch].Median }))
	f.MatchMiss = settle("match_miss", worst(withoutHits, func(r *result) float64 { return r.Ratios[rowMatch].Median }))
	f.MatchHit = settle("match_hit", worst(withHits, func(r *result) float64 { return r.Ratios[rowMatch].Median }))
	settle("pack", worst(whole, func(r *result) float64 { return r.Ratios[rowPack].Median })) // of the sum: a small difference is never settled
	f.Pack = r.medianOf(worst(whole, func(r *result) float64 { return r.Ratios[rowPack].Median - r.Ratios[rowMatch].Median }))
	f.Correlated = settle("correlated", worst(withoutHits, func(r *result) float64 { return r.Correlated }))
	f.GrowthAbsent = settle("absent", worst(whole, func(r *result) float64 { return r.GrowthAbsent }))
	f.GrowthReal = settle("real", worst(whole, func(r *result) float64 { return r.GrowthReal }))
	f.CandidateNS = settle("candidate", worst(whole, candidate))
	f.Allocs = r.medianOf(func(run []result) float64 {
		most := 0.0
		for i := range run {
			for _, n := range run[i].Allocs {
				most = max(most, n)
			}
		}
		return most
	})
	f.LoadSeconds, f.LoadMiB = loads(r.Load)
	f.LoadAllSeconds, f.LoadAllMiB = loads(r.LoadAll)
	f.Medians = r.medians()
	return f
}

func (r *report) medianOf(of func(run []result) float64) float64 {
	var list []float64
	for _, run := range r.Runs {
		list = append(list, of(run))
	}
	return sample.Median(list)
}

// unsound names the parts whose bare walk did not agree with itself in a run, however often it was repeated.
func (r *report) unsound() (parts []string) {
	for _, run := range r.Runs {
		for i := range run {
			if m := &run[i]; m.AA < lowAA || m.AA > highAA {
				parts = append(parts, fmt.Sprintf("%s, %s (A/A %.2f)", m.Mix, m.Part, m.AA))
			}
		}
	}
	return parts
}

// worst returns the largest of a figure over all mixes of which there is such a part.
func worst(part string, of func(r *result) float64) func(run []result) float64 {
	return func(run []result) float64 {
		most := 0.0
		for i := range run {
			if run[i].Part == part {
				most = max(most, of(&run[i]))
			}
		}
		return most
	}
}

// candidate returns the nanoseconds that each further candidate takes: of rules about the very operations of the mix.
func candidate(r *result) float64 {
	return (r.Nanoseconds[rowCrowd] - r.Nanoseconds[rowMatch]) / (r.Candidates[rowCrowd] - r.Candidates[rowMatch])
}

func loads(list []loading) (seconds, mib float64) {
	var times, sizes []float64
	for _, l := range list {
		times, sizes = append(times, l.Seconds), append(sizes, l.MiB)
	}
	return sample.Median(times), sample.Median(sizes)
}

// medians sums the runs up, part by part.
func (r *report) medians() []result {
	list := slices.Clone(r.Runs[0])
	for i := range list {
		m := &list[i]
		each := func(of func(r *result) float64) float64 {
			return r.medianOf(func(run []result) float64 { return of(&run[i]) })
		}
		m.AA = each(func(r *result) float64 { return r.AA })
		m.Correlated = each(func(r *result) float64 { return r.Correlated })
		m.GrowthAbsent, m.GrowthReal = each(func(r *result) float64 { return r.GrowthAbsent }), each(func(r *result) float64 { return r.GrowthReal })
		ratios, took := make(map[string]sample.Spread), make(map[string]float64)
		for row := range m.Ratios {
			ratios[row] = sample.Spread{
				Median: each(func(r *result) float64 { return r.Ratios[row].Median }), P10: each(func(r *result) float64 { return r.Ratios[row].P10 }),
				P90: each(func(r *result) float64 { return r.Ratios[row].P90 }),
			}
			took[row] = each(func(r *result) float64 { return r.Nanoseconds[row] })
		}
		m.Ratios, m.Nanoseconds = ratios, took
	}
	return list
}

// settled reports whether the runs agree on a row of the part with that index.
func (r *report) settled(i int, row string) bool {
	var list []float64
	for _, run := range r.Runs {
		list = append(list, run[i].Ratios[row].Median)
	}
	return sample.Agree(list, tolerance)
}
