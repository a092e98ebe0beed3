package matcher

// automaton finds which of a list of folded texts stand anywhere in a text: Aho-Corasick over classes of bytes, in which both cases of an
// ASCII letter are one class. Texts that are not ASCII must be folded before they are searched. Up to a limit it has a table of all transitions;
// beyond that, states keep their own transitions and a state to fall back to.
type automaton struct {
	classes  [256]uint8
	nclasses int
	dense    []int32 // state×class → state; nil where it would be too large
	sparse   []sparseState
	first    [256]int32 // sparse: where the start goes, by class
	// outputs are what ends in a state: out[offset[state]:offset[state+1]].
	out    []int32
	offset []int32
}

type sparseState struct {
	fail    int32
	classes []uint8
	targets []int32
}

// Limits of the tables, in bytes: of one automaton, and of all of a Program.
const (
	mostDense    = 4 << 20
	mostDenseAll = 16 << 20
)

// trie is the automaton while it is built.
type trie struct {
	children []map[uint8]int32
	ends     [][]int32
}

// newAutomaton builds the automaton of texts, none of which may be empty. The i-th one reports i. budget is what is left for tables; it is lowered
// by what this one takes.
func newAutomaton(texts []string, budget *int) *automaton {
	a := &automaton{nclasses: 1} // class 0: bytes that no text has
	for _, text := range texts {
		for _, c := range []byte(text) {
			c = upperByte(c)
			if a.classes[c] == 0 {
				a.classes[c] = uint8(a.nclasses) //nolint:gosec // 229 at most
				a.nclasses++
			}
		}
	}
	for c := byte('a'); c <= 'z'; c++ {
		a.classes[c] = a.classes[upperByte(c)]
	}
	t := trie{children: make([]map[uint8]int32, 1), ends: make([][]int32, 1)}
	for i, text := range texts {
		t.add(a, text, int32(i))
	}
	a.link(&t, budget)
	return a
}

func (t *trie) add(a *automaton, text string, id int32) {
	state := int32(0)
	for i := range len(text) {
		class := a.classes[text[i]]
		next, ok := t.children[state][class]
		if !ok {
			next = int32(len(t.children)) //nolint:gosec // fewer states than that
			if t.children[state] == nil {
				t.children[state] = make(map[uint8]int32)
			}
			t.children[state][class] = next
			t.children, t.ends = append(t.children, nil), append(t.ends, nil)
		}
		state = next
	}
	t.ends[state] = append(t.ends[state], id)
}

// link finds the state to fall back to for each state, in the order of their depth, and lays the tables out.
func (a *automaton) link(t *trie, budget *int) {
	n := len(t.children)
	fail := make([]int32, n)
	order := make([]int32, 0, n)
	order = append(order, 0)
	for i := 0; i < len(order); i++ {
		state := order[i]
		for class := range a.nclasses {
			child, ok := t.children[state][uint8(class)]
			if !ok {
				continue
			}
			order = append(order, child)
			if state != 0 {
				fail[child] = fallBack(t, fail, fail[state], uint8(class))
			}
			t.ends[child] = append(t.ends[child], t.ends[fail[child]]...)
		}
	}
	a.offset = make([]int32, 1, n+1)
	for _, ends := range t.ends {
		a.out = append(a.out, ends...)
		a.offset = append(a.offset, int32(len(a.out))) //nolint:gosec // fewer than that
	}
	if size := 4 * n * a.nclasses; size <= min(mostDense, *budget) {
		*budget -= size
		a.makeDense(t, fail, order)
	} else {
		a.makeSparse(t, fail)
	}
}

// fallBack follows the states to fall back to until one has a transition.
func fallBack(t *trie, fail []int32, state int32, class uint8) int32 {
	for {
		if next, ok := t.children[state][class]; ok {
			return next
		}
		if state == 0 {
			return 0
		}
		state = fail[state]
	}
}

func (a *automaton) makeDense(t *trie, fail, order []int32) {
	a.dense = make([]int32, len(order)*a.nclasses)
	for _, state := range order {
		row := a.dense[int(state)*a.nclasses:][:a.nclasses]
		copy(row, a.dense[int(fail[state])*a.nclasses:][:a.nclasses])
		for class, child := range t.children[state] {
			row[class] = child
		}
	}
}

func (a *automaton) makeSparse(t *trie, fail []int32) {
	a.sparse = make([]sparseState, len(fail))
	for state := range a.sparse {
		s := &a.sparse[state]
		s.fail = fail[state]
		for class := range a.nclasses {
			child, ok := t.children[state][uint8(class)]
			switch {
			case ok && state == 0:
				a.first[class] = child
			case ok:
				s.classes, s.targets = append(s.classes, uint8(class)), append(s.targets, child)
			}
		}
	}
}

// search calls found with each text that stands in b, once for every place where it ends, until found returns false. b is ASCII or folded.
func (a *automaton) search(b []byte, found func(id int32) bool) {
	state := int32(0)
	for _, c := range b {
		if class := a.classes[c]; a.dense != nil {
			state = a.dense[int(state)*a.nclasses+int(class)]
		} else {
			state = a.step(state, class)
		}
		for _, id := range a.out[a.offset[state]:a.offset[state+1]] {
			if !found(id) {
				return
			}
		}
	}
}

// step is one transition between sparse states.
func (a *automaton) step(state int32, class uint8) int32 {
	for state != 0 {
		s := &a.sparse[state]
		for i, c := range s.classes {
			if c == class {
				return s.targets[i]
			}
		}
		state = s.fail
	}
	return a.first[class]
}

func (a *automaton) states() int { return len(a.offset) - 1 }

// bytes is about how much memory the automaton takes.
func (a *automaton) bytes() int {
	n := 4*(len(a.dense)+len(a.out)+len(a.offset)) + 2*256
	for _, s := range a.sparse {
		const each = 56
		n += each + 5*len(s.classes)
	}
	return n
}
