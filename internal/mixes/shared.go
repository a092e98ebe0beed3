package mixes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// Shared is the folder of corpora beside the checkout.
type Shared struct{ data string }

// Open looks for the folder. Where it is missing ok is false and reason says so in a sentence for testing.TB.Skip.
func Open() (s *Shared, reason string, ok bool) {
	root, err := moduleRoot()
	if err != nil {
		return nil, "skipped: " + err.Error(), false
	}
	data := filepath.Join(filepath.Dir(root), "shared", "data")
	if _, err := os.Stat(filepath.Join(data, "events")); err != nil {
		return nil, "skipped: the corpora beside the checkout are missing: " + err.Error(), false
	}
	return &Shared{data: data}, "", true
}

// moduleRoot returns the folder of go.mod: tests run in the folder of their package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("there is no go.mod above the working directory")
		}
	}
	return "", err
}

// Mixes returns every mix, each with the keys in their order and shuffled: management (what accounts do from day to day), sorted (attacks,
// with the keys of each record in lexical order) and data (see DataEvents).
func (s *Shared) Mixes() ([]Mix, error) {
	var list []Mix
	for _, mix := range []struct {
		name  string
		files []string
	}{
		{"management", []string{"opensearch-catalog", "grycap-tracker"}},
		{"sorted", []string{"stratus-red-team"}},
	} {
		var records []*record.Object
		for _, name := range mix.files {
			more, err := s.records(name + ".ndjson")
			if err != nil {
				return nil, err
			}
			records = append(records, more...)
		}
		list = append(list, newMix(mix.name, records, false), newMix(mix.name, records, true))
	}
	return append(list, DataEvents(false), DataEvents(true)), nil
}

// records reads a file of events. All of them must be records: a mix is about the cost of these.
func (s *Shared) records(name string) ([]*record.Object, error) {
	var list []*record.Object
	var bad error
	err := record.ReadFile(filepath.Join(s.data, "events", name), record.Sink{
		Item: func(i record.Item) error {
			packed, err := record.AppendMsgpack(nil, i.JSON)
			if err != nil {
				return err
			}
			body, _ := record.Decode(packed, 0)
			o, ok := body.(*record.Object)
			if !ok || !record.IsRecord(o) {
				return fmt.Errorf("%s:%d is no record", name, i.Line)
			}
			list = append(list, o)
			return nil
		},
		Bad: func(err error) { bad = err },
	})
	return list, errors.Join(err, bad)
}

// SigmaHQ returns the folder of SigmaHQ's rules for CloudTrail, as rules.Load and the setting rules take it.
func (s *Shared) SigmaHQ() string {
	return filepath.Join(s.data, "rules", "sigmahq", "rules", "cloud", "aws", "cloudtrail")
}

// SigmaHQRules returns the rules in that folder.
func (s *Shared) SigmaHQRules() ([]*rules.Rule, error) {
	set, err := rules.Load(s.SigmaHQ(), nil, rules.Options{})
	if err != nil {
		return nil, err
	}
	return set.Rules, nil
}
