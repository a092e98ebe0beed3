// Package attack knows the tactics and techniques of MITRE ATT&CK by id: what they are called, where they belong, and what has become of
// those that are no more. It is a leaf, and holds no state: what it knows stands in enterprise.tsv, which is searched where it lies in the
// program, so that nothing is parsed at start and nothing is kept in memory.
//
// The file is made from MITRE's STIX data, by one command for every new version of ATT&CK:
//
//	go run ./attack/generate -o attack/enterprise.tsv PATH/enterprise-attack.json
//
// PATH is a copy of github.com/mitre-attack/attack-stix-data, or of github.com/mitre/cti; of the latter -version has to say the version. The
// terms under which MITRE gives the data away stand at the head of the file and in NOTICE.
package attack

import (
	_ "embed" // for the file
	"iter"
	"slices"
	"strconv"
	"strings"
)

// file has a header of lines that begin with #, of which the first tells the version, and then a row for each technique and tactic, sorted by
// its first column, with tabs between the columns:
//
//	T1685.002       name  shortnames of its tactics  what has become of it: nothing, the id that replaces it, or the word deprecated
//	TA0112          name  shortname
//	defense-evasion name  the id that it had  ids of the tactics that it has become
//
//go:embed enterprise.tsv
var file string

// title is how the first line of file begins; the version follows.
const title = "# MITRE ATT&CK enterprise "

// deprecated stands in place of the id of a replacement where there is none.
const deprecated = "deprecated"

// Version returns the version of ATT&CK's enterprise matrix that the package knows, such as 19.1.
func Version() string {
	line, _, _ := strings.Cut(file, "\n")
	return strings.TrimPrefix(line, title)
}

// Technique is a technique or sub-technique.
type Technique struct {
	// ID is T1078 or, of a sub-technique, T1078.004.
	ID string
	// Name is that of the technique alone; ATT&CK writes a sub-technique as ParentName: Name.
	Name string
	// Tactics are the shortnames of the tactics that it serves, sorted.
	Tactics []string
	// ParentID and ParentName are empty but for sub-techniques.
	ParentID, ParentName string
	// RevokedBy is the id of the technique that has replaced it, itself not revoked; empty for those that have not been replaced.
	RevokedBy string
	// Deprecated is set where ATT&CK has given it up without a replacement.
	Deprecated bool
}

// LookupTechnique returns the technique of an id, in capitals or not. Of one that ATT&CK does not have (ok is false) the Technique has the
// id alone, in capitals, so that it can be written like all others.
func LookupTechnique(id string) (t Technique, ok bool) {
	t.ID = strings.ToUpper(id)
	if !isTechnique(t.ID) {
		return t, false
	}
	row, ok := find(t.ID)
	if ok {
		t = technique(row)
	}
	return t, ok
}

// Techniques returns all techniques in the order of their ids, also those that have been revoked.
func Techniques() iter.Seq[Technique] {
	return func(yield func(Technique) bool) {
		for line := range strings.Lines(file) {
			if row := columns(line); isTechnique(row[0]) && !yield(technique(row)) {
				return
			}
		}
	}
}

func technique(row []string) Technique {
	t := Technique{ID: row[0], Name: row[1], Tactics: strings.Fields(row[2])}
	if len(row) > 3 {
		t.RevokedBy, t.Deprecated = row[3], row[3] == deprecated
	}
	if t.Deprecated {
		t.RevokedBy = ""
	}
	if id, _, sub := strings.Cut(t.ID, "."); sub {
		if parent, ok := find(id); ok {
			t.ParentID, t.ParentName = id, parent[1]
		}
	}
	return t
}

// MaybeLater reports whether a later version of ATT&CK may have given id to a technique: ids are given in ascending order, up to some ten
// techniques a version and rarely more than one sub-technique of the same. So that typing mistakes are not taken for the future, it looks no more
// than a hundred techniques, or ten sub-techniques, ahead.
func MaybeLater(id string) bool {
	id = strings.ToUpper(id)
	if _, known := LookupTechnique(id); known || !isTechnique(id) {
		return false
	}
	last, ahead, prefix := 0, 100, "T"
	if parent, _, sub := strings.Cut(id, "."); sub {
		if _, known := LookupTechnique(parent); !known {
			return MaybeLater(parent)
		}
		ahead, prefix = 10, parent+"."
	}
	for t := range Techniques() {
		if rest, found := strings.CutPrefix(t.ID, prefix); found && !strings.Contains(rest, ".") {
			last = number(rest)
		}
	}
	n := number(strings.TrimPrefix(id, prefix))
	return last < n && n <= last+ahead
}

// Tactic is a tactic.
type Tactic struct {
	// ID is TA0004, Shortname privilege-escalation, as in Sigma's tags, and Name Privilege Escalation.
	ID, Shortname, Name string
	// ReplacedBy are the ids of the tactics that it has become, if it is one that ATT&CK has renamed or divided. A renamed tactic has kept its
	// id, which now is the other's; so tell them apart by their shortnames.
	ReplacedBy []string
}

// LookupTactic returns a tactic by its shortname or by its id, in capitals or not. Renamed tactics are found by their shortnames. Of one that
// ATT&CK's enterprise matrix never had (ok is false) the Tactic is empty.
func LookupTactic(name string) (t Tactic, ok bool) {
	if id := strings.ToUpper(name); strings.HasPrefix(id, "TA") {
		if row, ok := find(id); ok {
			return tactic(row), true
		}
	}
	_, rows := search("TA")
	for line := range strings.Lines(rows) {
		if strings.Contains(line, name) {
			if t := tactic(columns(line)); t.Shortname == name {
				return t, true
			}
		}
	}
	return Tactic{}, false
}

// Tactics returns all tactics in the order of their ids, and behind them those that have been renamed or divided.
func Tactics() iter.Seq[Tactic] {
	return func(yield func(Tactic) bool) {
		_, rows := search("TA")
		for line := range strings.Lines(rows) {
			if !yield(tactic(columns(line))) {
				return
			}
		}
	}
}

func tactic(row []string) Tactic {
	if len(row) > 3 {
		return Tactic{ID: row[2], Name: row[1], Shortname: row[0], ReplacedBy: strings.Fields(row[3])}
	}
	return Tactic{ID: row[0], Name: row[1], Shortname: row[2]}
}

// find returns the columns of the row with the first column key.
func find(key string) (row []string, ok bool) {
	found, rest := search(key)
	if !found {
		return nil, false
	}
	line, _, _ := strings.Cut(rest, "\n")
	return columns(line), true
}

// search returns the rows from the first on whose first column is not before key, and whether it is key. Lines of the header come before all,
// as # comes before all letters.
func search(key string) (found bool, rest string) {
	low, high := 0, len(file) // the row begins between them
	for low < high {
		start := low + strings.LastIndexByte(file[low:low+(high-low)/2], '\n') + 1
		line, _, _ := strings.Cut(file[start:], "\n")
		if first, _, _ := strings.Cut(line, "\t"); first < key {
			low = start + len(line) + 1
		} else {
			high = start
		}
	}
	first, _, _ := strings.Cut(file[low:], "\t")
	return first == key, file[low:]
}

func columns(line string) []string { return strings.Split(strings.TrimSuffix(line, "\n"), "\t") }

// isTechnique reports whether id, in capitals, has the form T1078 or T1078.004.
func isTechnique(id string) bool {
	digits, found := strings.CutPrefix(id, "T")
	top, sub, dotted := strings.Cut(digits, ".")
	return found && len(top) == 4 && isNumber(top) && (!dotted || len(sub) == 3 && isNumber(sub))
}

func isNumber(text string) bool {
	return !slices.ContainsFunc([]byte(text), func(c byte) bool { return c < '0' || c > '9' })
}

// number returns the value of digits.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}
