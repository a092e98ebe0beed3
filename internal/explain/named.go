package explain

import (
	"strings"

	"sigmatrail/rules"
)

// Named returns the indexes of the rules whose id, name or title is name: a collection may have several of one id.
func Named(list []*rules.Rule, name string) (found []int) {
	for i, r := range list {
		if strings.EqualFold(r.ID, name) || r.Name == name || strings.EqualFold(r.Title, name) {
			found = append(found, i)
		}
	}
	return found
}

// Nearest returns the id, name or title that is most like name, or "".
func Nearest(list []*rules.Rule, name string) string {
	var words []string
	for _, r := range list {
		for _, word := range []string{r.ID, r.Name, r.Title} {
			if word != "" {
				words = append(words, word)
			}
		}
	}
	return rules.Nearest(name, words)
}
