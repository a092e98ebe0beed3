package mixes

import (
	"io/fs"
	"strings"

	"sigmatrail/rules"
	"sigmatrail/rules/cloudtrail"
)

// Correlations returns the ids of the bundled correlations as the setting exclude takes them: for tests that compare what is written on single records, in
// whatever order, with what rules say of each. What only correlations silence then reports by itself. The error is for a pack that cannot be read.
func Correlations() (string, error) {
	set, err := rules.Load("builtin", map[string]fs.FS{"builtin": cloudtrail.FS()}, rules.Options{})
	if err != nil {
		return "", err
	}
	ids := make([]string, 0, len(set.Correlations))
	for _, c := range set.Correlations {
		ids = append(ids, c.ID)
	}
	return strings.Join(ids, ","), nil
}
