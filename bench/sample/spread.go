// Package sample sums up repeated measurements on machines that are never quiet.
package sample

import "slices"

// Spread is the median of samples and what surrounds it.
type Spread struct {
	Median float64 `json:"median"`
	P10    float64 `json:"p10"`
	P90    float64 `json:"p90"`
}

// Of returns the spread of samples, of which there is at least one. It sorts them.
func Of(samples []float64) Spread {
	slices.Sort(samples)
	return Spread{Median: quantile(samples, 0.5), P10: quantile(samples, 0.1), P90: quantile(samples, 0.9)}
}

// quantile interpolates between sorted samples.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// Median returns the median of samples, which it sorts.
func Median(samples []float64) float64 { return Of(samples).Median }

// Agree reports whether samples are within a share of each other: of the largest, as 0.1.
func Agree(samples []float64, share float64) bool {
	return slices.Max(samples)-slices.Min(samples) <= share*slices.Max(samples)
}
