package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// operation is what the file has of one: the signing name, and the members of its input and output.
type operation struct {
	Input []string
}

// UnmarshalJSON reads [signing name, [input], [output]], of which the input alone is kept.
func (o *operation) UnmarshalJSON(src []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(src, &parts); err != nil {
		return err
	}
	const columns = 3
	if len(parts) != columns {
		return fmt.Errorf("an operation has %d columns, not signing name, input and output", len(parts))
	}
	return json.Unmarshal(parts[1], &o.Input)
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_.:$-]+$`)

// operationsTable returns the table: a line with the names of a service, which are those of several where their operations are the same, and then
// a line for each operation, behind a tab, with the members of its input.
func operationsTable(path string) (string, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var services map[string]map[string]operation
	if err := json.Unmarshal(src, &services); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	names := make(map[string][]string) // by their lines
	operations := 0
	for _, name := range slices.Sorted(maps.Keys(services)) {
		lines, err := operationLines(services[name])
		if err != nil {
			return "", fmt.Errorf("%s: %s: %w", path, name, err)
		}
		if names[lines] == nil {
			operations += len(services[name])
		}
		names[lines] = append(names[lines], name)
	}
	if operations == 0 {
		return "", fmt.Errorf("%s has no operations", path)
	}
	rows := make([]string, 0, len(names))
	for lines, list := range names {
		rows = append(rows, strings.Join(list, " ")+"\n"+lines)
	}
	slices.Sort(rows)
	return fmt.Sprintf("# AWS operations 1: %d services, %d operations, from sha256 %.16x\n", len(rows), operations, sha256.Sum256(src)) + strings.Join(rows, ""), nil
}

func operationLines(list map[string]operation) (string, error) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(list)) {
		b.WriteString("\t" + name)
		for _, member := range slices.Sorted(slices.Values(list[name].Input)) {
			if !nameForm.MatchString(member) || !nameForm.MatchString(name) {
				return "", fmt.Errorf("%q of %q is no name", member, name)
			}
			b.WriteString(" " + member)
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}
