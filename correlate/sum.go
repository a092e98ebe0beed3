package correlate

import (
	"math"
	"math/big"
	"slices"
)

// sum adds numbers up. Whether a bound holds of them must not depend on the order in which they come, as it would if float64s were rounded on the way: they are
// added quickly, and exactly only where the rounding could make a difference.
type sum struct {
	n          int
	quick, abs float64
	whole      bool // all are whole numbers
}

// mostWhole is up to where float64s add whole numbers without rounding.
const mostWhole = 1 << 53

// exactly is enough binary digits for the sum of any number of float64s.
const exactly = 2304

func newSum() sum { return sum{whole: true} }

func (s *sum) add(v float64) {
	s.n++
	s.quick += v
	s.abs += math.Abs(v)
	s.whole = s.whole && v == math.Trunc(v)
}

// off is how far quick may be from what it should be.
func (s *sum) off() float64 {
	if s.whole && s.abs < mostWhole {
		return 0
	}
	const ulp = 1.0 / (1 << 50)
	return s.abs * ulp * float64(s.n)
}

// holds reports whether the bounds of m hold of the sum, or of the average. numbers calls a function with each that was added.
func (s *sum) holds(m *machine, numbers func(func(float64))) bool {
	by, off := 1.0, s.off()
	if m.kind == valueAvg {
		by = float64(s.n)
		if off == 0 { // one rounding, as in exact
			return m.compare(s.quick / by)
		}
	}
	low, high := (s.quick-off)/by, (s.quick+off)/by
	low, high = math.Nextafter(low, math.Inf(-1)), math.Nextafter(high, math.Inf(1))
	near := func(b bound) bool { return !(b.value < low || b.value > high) }
	if off > 0 && slices.ContainsFunc(m.bounds, near) {
		return m.compare(exact(m, numbers))
	}
	return m.compare(s.quick / by)
}

// exact returns the sum, or the average, rounded once.
func exact(m *machine, numbers func(func(float64))) float64 {
	total, n := new(big.Float).SetPrec(exactly), int64(0)
	one := new(big.Float)
	numbers(func(v float64) {
		total.Add(total, one.SetFloat64(v))
		n++
	})
	if m.kind == valueAvg {
		total.Quo(total, new(big.Float).SetInt64(n))
	}
	v, _ := total.Float64()
	return v
}

// percentile returns the value of a rank, between the two nearest ones where it falls between them. It changes the order of numbers.
func percentile(numbers []float64, rank float64) float64 {
	if len(numbers) == 0 {
		return math.NaN()
	}
	at := rank / 100 * float64(len(numbers)-1)
	low, part := math.Modf(at)
	v := nth(numbers, int(low))
	if part > 0 {
		v += part * (slices.Min(numbers[int(low)+1:]) - v)
	}
	return v
}

// nth puts the number that is the n-th in order in its place, and those that are not smaller behind it, and returns it.
func nth(numbers []float64, n int) float64 {
	low, high := 0, len(numbers)
	for tries := 0; high-low > 12; tries++ {
		if tries > 40 { // somebody has chosen them
			break
		}
		a, b, c := numbers[low], numbers[low+(high-low)/2], numbers[high-1]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := low-1, high
		for {
			for i++; numbers[i] < pivot; i++ {
			}
			for j--; numbers[j] > pivot; j-- {
			}
			if i >= j {
				break
			}
			numbers[i], numbers[j] = numbers[j], numbers[i]
		}
		if n <= j {
			high = j + 1
		} else {
			low = j + 1
		}
	}
	slices.Sort(numbers[low:high])
	return numbers[n]
}
