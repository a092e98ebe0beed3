package mixes

import (
	"path/filepath"
	"regexp"

	"sigmatrail/rules"
)

// AllRules returns every file of rules in the corpora, each with CloudTrail as its log source in place of its own, so that all of them run. Names are
// relative to the folder of rules.
func (s *Shared) AllRules() ([]rules.File, error) {
	root := filepath.Join(s.data, "rules")
	files, err := rules.Read(root, nil)
	if err != nil {
		return nil, err
	}
	source := regexp.MustCompile(`(?m)^logsource:.*\n(?:[ \t]+.*\n|[ \t]*\n|#.*\n)*`)
	for i := range files {
		if files[i].Name, err = filepath.Rel(root, files[i].Name); err != nil {
			return nil, err
		}
		files[i].Text = source.ReplaceAll(append(files[i].Text, '\n'), []byte("logsource: {product: aws, service: cloudtrail}\n"))
	}
	return files, nil
}

// Events returns the folder of events.
func (s *Shared) Events() string { return filepath.Join(s.data, "events") }
