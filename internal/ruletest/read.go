package ruletest

import (
	"errors"
	"io/fs"
	"strings"

	"sigmatrail/rules"
)

// Case is one event and the verdict that the rules of a file must give it.
type Case struct {
	rules.Position
	Name string
	Hit  bool
	// Event is JSON.
	Event []byte
}

// Cases returns the cases of the file of tests that stands beside a file of rules, NAME.test.yml for NAME.yml. The error says all that is wrong
// with them, and is fs.ErrNotExist where there is no such file.
func Cases(pack fs.FS, ruleFile string) ([]Case, error) {
	name := strings.TrimSuffix(ruleFile, ruleSuffix) + testSuffix
	src, err := fs.ReadFile(pack, name)
	if err != nil {
		return nil, err
	}
	list, failures := parseCases(name, src)
	errs := make([]error, 0, len(failures))
	for _, f := range failures {
		errs = append(errs, errors.New(f.String()))
	}
	cases := make([]Case, 0, len(list))
	for _, c := range list {
		cases = append(cases, Case{Position: c.at, Name: c.name, Hit: c.hit, Event: c.event})
	}
	return cases, errors.Join(errs...)
}
