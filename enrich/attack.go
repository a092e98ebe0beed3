package enrich

import (
	"strings"

	"sigmatrail/attack"
)

// ofTags splits Sigma tags of the namespace attack into ATT&CK tactics (as ATT&CK spells them in URLs: privilege-escalation) and
// techniques (T1078, T1098.001), in the order of the tags and without duplicates. Groups, software, mitigations and data sources stay
// in the tags alone. Tactics are written as they stand, also those that ATT&CK has renamed; package rules warns of those that it never had.
func ofTags(tags []string) (tactics, techniques []string) {
	for _, tag := range tags {
		namespace, name, found := strings.Cut(strings.ToLower(tag), ".")
		switch {
		case !found || namespace != "attack" || name == "":
		case isNumbered(name, "t"):
			techniques = union(techniques, []string{strings.ToUpper(name)})
		case isNumbered(name, "g"), isNumbered(name, "s"), isNumbered(name, "m"), isNumbered(name, "c"), isNumbered(name, "a"), isNumbered(name, "ds"):
		default:
			tactics = union(tactics, []string{strings.ReplaceAll(name, "_", "-")})
		}
	}
	return tactics, techniques
}

// withSuccessors returns techniques with the one that has replaced it behind each that ATT&CK has revoked, without duplicates.
func withSuccessors(techniques []string) []string {
	var all []string
	for _, id := range techniques {
		all = union(all, []string{id})
		if t, _ := attack.LookupTechnique(id); t.RevokedBy != "" {
			all = union(all, []string{t.RevokedBy})
		}
	}
	return all
}

// isNumbered reports whether name is prefix, then digits, then perhaps a dot and more digits.
func isNumbered(name, prefix string) bool {
	rest, found := strings.CutPrefix(name, prefix)
	number, sub, dotted := strings.Cut(rest, ".")
	return found && isDigits(number) && (!dotted || isDigits(sub))
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
