package enrich

import "sigmatrail/attack"

// threats are the tactics and techniques of hits, with what ATT&CK calls them. What it does not know has an id, or a shortname, and no name.
type threats struct {
	tacticIDs, tacticNames               []string
	techniqueIDs, techniqueNames         []string
	subtechniqueIDs, subtechniqueNames   []string
	fullTechniqueIDs, fullTechniqueNames []string // of techniques and sub-techniques alike
	tacticShortnames                     []string
}

func newThreats(tactics, techniques []*word) threats {
	var t threats
	add := func(list *[]string, text string) {
		if text != "" {
			*list = union(*list, []string{text})
		}
	}
	for _, w := range tactics {
		tactic, _ := attack.LookupTactic(w.text)
		add(&t.tacticShortnames, w.text)
		add(&t.tacticIDs, tactic.ID)
		if tactic.Name == "" {
			tactic.Name = w.text
		}
		add(&t.tacticNames, tactic.Name)
	}
	for _, w := range techniques {
		technique, _ := attack.LookupTechnique(w.text)
		add(&t.fullTechniqueIDs, technique.ID)
		add(&t.fullTechniqueNames, technique.Name)
		if technique.ParentID == "" {
			add(&t.techniqueIDs, technique.ID)
			add(&t.techniqueNames, technique.Name)
			continue
		}
		add(&t.techniqueIDs, technique.ParentID)
		add(&t.techniqueNames, technique.ParentName)
		add(&t.subtechniqueIDs, technique.ID)
		add(&t.subtechniqueNames, technique.Name)
	}
	return t
}
