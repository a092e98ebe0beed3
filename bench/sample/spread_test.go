package sample

import "testing"

func TestOf(t *testing.T) {
	samples := []float64{11, 1, 2, 10, 3, 9, 4, 8, 5, 7, 6}
	if got := Of(samples); got != (Spread{Median: 6, P10: 2, P90: 10}) {
		t.Error(got)
	}
	if got := Median([]float64{3, 1, 2, 4}); got != 2.5 {
		t.Error(got)
	}
	if got := Of([]float64{7}); got != (Spread{7, 7, 7}) {
		t.Error(got)
	}
}

func TestAgree(t *testing.T) {
	if !Agree([]float64{2.0, 1.81, 1.9}, 0.1) || Agree([]float64{2.0, 1.79, 1.9}, 0.1) {
		t.Error("within 10 % of the largest")
	}
}
