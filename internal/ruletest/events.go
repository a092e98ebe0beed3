package ruletest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"sigmatrail/internal/record"
)

// opener opens a file by the name that reports show.
type opener func(name string) (fs.File, error)

// read returns what a file holds.
func (open opener) read(name string) ([]byte, error) {
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return io.ReadAll(f)
}

// readEvents reads the events of a file, in any form that a scan reads; or only the one in line number, or, where events do not stand in lines, the
// number-th.
func readEvents(open opener, name string, number int) (list []event, err error) {
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	var bad error
	n := 0
	err = record.Read(name, f, record.Sink{
		Item: func(i record.Item) error {
			n++
			at := n
			if i.Line > 0 {
				at = i.Line
			}
			if number == 0 || at == number {
				list = append(list, event{json: slices.Clone(i.JSON), from: fmt.Sprintf("%s:%d", name, at)})
			}
			return nil
		},
		Bad: func(err error) { bad = errors.Join(bad, err) },
	})
	return list, errors.Join(err, bad)
}
