package rules

import (
	"cmp"
	"slices"
	"strings"
)

// nearest returns the word that takes the fewest edits to become name, or "" where none is close.
func nearest(name string, words []string) string {
	best, distance := "", max(2, len(name)/3)+1
	for _, w := range words {
		if d := editDistance(name, w); d < distance {
			best, distance = w, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions and replacements of bytes between a and b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Nearest returns the word that takes the fewest edits to become name, or "" where none is close: for messages about other files than rules.
func Nearest(name string, words []string) string { return nearest(name, words) }

// Closest returns the words that are most like name, the most like first and at most three: those that are nearly as close as the nearest. Case
// does not count, and words that begin with a longer name are close to it. There are none where no word is close.
func Closest(name string, words []string) []string {
	const most, slack, whole = 3, 1, 8
	type candidate struct {
		word     string
		distance int
	}
	name = strings.ToLower(name)
	var found []candidate
	for _, w := range words {
		limit, word := max(1, len(name)/3), strings.ToLower(w)
		switch {
		case len(name) >= whole && strings.HasPrefix(word, name):
			found = append(found, candidate{w, 1})
		case max(len(w)-len(name), len(name)-len(w)) <= limit:
			if d := editDistance(name, word); d <= limit {
				found = append(found, candidate{w, d})
			}
		}
	}
	slices.SortFunc(found, func(a, b candidate) int { return cmp.Or(a.distance-b.distance, strings.Compare(a.word, b.word)) })
	var closest []string
	for _, c := range found {
		if len(closest) < most && c.distance <= found[0].distance+slack && !slices.Contains(closest, c.word) {
			closest = append(closest, c.word)
		}
	}
	return closest
}
