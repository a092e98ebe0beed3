package rules

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
