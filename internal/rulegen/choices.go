package rulegen

import (
	"math/bits"

	"pgregory.net/rapid"
)

// source makes choices. next returns a number in [0, n), each about as likely; 0 must be the simplest choice everywhere, as it is what rapid
// shrinks to and what fuzz bytes end in.
type source interface{ next(n int) int }

// rapidSource asks rapid. It draws single bits, since rapid's integers and samples prefer small numbers, which would bend every share.
type rapidSource struct {
	t    *rapid.T
	flip *rapid.Generator[bool]
}

func fromRapid(t *rapid.T) choices { return choices{rapidSource{t, rapid.Bool()}} }

func (s rapidSource) next(n int) int {
	const evenness = 3 // more bits than are needed, so that the scaling leaves all choices about as likely
	width := bits.Len(uint(n-1)) + evenness
	drawn := 0
	for range width {
		drawn <<= 1
		if s.flip.Draw(s.t, "") {
			drawn |= 1
		}
	}
	return drawn * n >> width
}

// byteSource takes choices from bytes, one or two each, so that a fuzzer's small change of its input is a small change of what is made.
type byteSource struct{ data []byte }

func fromBytes(data []byte) choices { return choices{&byteSource{data}} }

func (s *byteSource) next(n int) int {
	if n <= 1<<8 {
		return s.byte() * n >> 8
	}
	return (s.byte()<<8 | s.byte()) * n >> 16
}

func (s *byteSource) byte() int {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return int(b)
}

// choices are what generators ask a source for.
type choices struct{ source }

// percent is true in p of 100 cases.
func (c choices) percent(p int) bool { return c.next(100) >= 100-p }

// between returns a number from least to most.
func (c choices) between(least, most int) int { return least + c.next(most-least+1) }

// count returns how many of something there are: mostly one, often a few, rarely as many as most.
func (c choices) count(most int) int {
	switch c.next(10) {
	case 9:
		return c.between(1, most)
	case 6, 7, 8:
		return min(most, c.between(2, 4))
	default:
		return 1
	}
}

// pick returns one of list.
func pick[T any](c choices, list []T) T { return list[c.next(len(list))] }

// weighted returns an index of weights, each as likely as its weight says.
func (c choices) weighted(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := c.next(sum)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	return 0
}

// shuffle puts list into another order.
func shuffle[T any](c choices, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := i - c.next(i+1)
		list[i], list[j] = list[j], list[i]
	}
}
