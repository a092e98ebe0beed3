package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// head is what stands before the rows: the version, the copyright as the data states it, and the year of the licence.
const head = `# MITRE ATT&CK enterprise %s
# Made by go run ./attack/generate from MITRE's STIX data, as in github.com/mitre-attack/attack-stix-data and github.com/mitre/cti. Do not edit.
# %s
# The MITRE Corporation (MITRE) hereby grants you a non-exclusive, royalty-free license to use ATT&CK® for research, development, and commercial purposes. Any copy you make for such purposes is authorized provided that you reproduce MITRE's copyright designation and this license in any such copy.
# "© %s The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation."
# Columns: technique, name, tactics, replacement (or deprecated); tactic, name, shortname; former tactic, name, its id, what it has become.
`

// former are rows for the tactics that ATT&CK has renamed or divided: the data no longer tells of them, and rules keep their names for years.
func former() map[string]string {
	return map[string]string{"defense-evasion": "Defense Evasion\tTA0005\tTA0005 TA0112"} // until version 18
}

var (
	versionForm = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)
	yearForm    = regexp.MustCompile(`\b20[0-9]{2}\b`)
	idForm      = regexp.MustCompile(`^(T[0-9]{4}(\.[0-9]{3})?|TA[0-9]{4})$`)
)

// text returns the file. A version that is given must be that of the data, if that has one.
func (c *catalogue) text(version string) (string, error) {
	if version == "" {
		version = c.version
	}
	years := yearForm.FindAllString(c.copyright, -1)
	switch {
	case !versionForm.MatchString(version):
		return "", fmt.Errorf("%q is no version such as 19.1; the data has none: say it with -version", version)
	case c.version != "" && c.version != version:
		return "", fmt.Errorf("the data is of version %s and not of %s", c.version, version)
	case len(years) == 0:
		return "", errors.New("the data has no marking-definition with MITRE's copyright, which must be reproduced")
	}
	rows, err := c.rows()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, head, version, c.copyright, years[len(years)-1])
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(&b, "%s\t%s\n", key, rows[key])
	}
	return b.String(), nil
}

// rows returns the rows by their first columns.
func (c *catalogue) rows() (map[string]string, error) {
	rows := make(map[string]string)
	shortnames := make(map[string]bool)
	for _, o := range c.tactics {
		if err := put(rows, o, o.Shortname); err != nil {
			return nil, err
		}
		shortnames[o.Shortname] = true
	}
	if len(shortnames) == 0 {
		return nil, errors.New("the data has no tactics")
	}
	for shortname, row := range former() {
		if !shortnames[shortname] { // not in older data
			rows[shortname], shortnames[shortname] = row, true
		}
	}
	for _, o := range c.techniques {
		row, err := c.technique(o, shortnames)
		if err != nil {
			return nil, err
		}
		if err := put(rows, o, row...); err != nil {
			return nil, err
		}
	}
	for id := range rows {
		if parent, _, sub := strings.Cut(id, "."); sub && rows[parent] == "" {
			return nil, fmt.Errorf("%s has no parent", id)
		}
	}
	return rows, nil
}

// technique returns the columns behind a technique's name. A revoked one without a replacement counts as deprecated: it means the same.
func (c *catalogue) technique(o *object, shortnames map[string]bool) ([]string, error) {
	var tactics []string
	for _, p := range o.Phases {
		switch {
		case p.Chain != "mitre-attack": // of another matrix
		case shortnames[p.Name]:
			tactics = append(tactics, p.Name)
		case !o.Revoked && !o.Deprecated: // the others may be of tactics that are no more
			return nil, fmt.Errorf("%s is of the tactic %q, which the data does not have: if it was renamed, add it to the former ones", o.attackID(), p.Name)
		}
	}
	slices.Sort(tactics)
	row := []string{strings.Join(slices.Compact(tactics), " ")}
	replacement := ""
	if o.Revoked {
		replacement = c.replacement(o)
	}
	switch {
	case replacement != "":
		row = append(row, replacement)
	case o.Revoked || o.Deprecated:
		row = append(row, "deprecated")
	}
	return row, nil
}

// put adds the row of an object.
func put(rows map[string]string, o *object, columns ...string) error {
	id := o.attackID()
	row := strings.Join(append([]string{o.Name}, columns...), "\t")
	switch {
	case !idForm.MatchString(id) || o.Name == "" || strings.ContainsAny(row, "\r\n") || strings.Count(row, "\t") != len(columns):
		return fmt.Errorf("%s (%q) cannot be written as a row", o.ID, id)
	case rows[id] != "":
		return fmt.Errorf("two objects have the id %s", id)
	}
	rows[id] = row
	return nil
}
