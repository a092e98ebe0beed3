package coverage

import (
	"encoding/json"
	"io"
	"strings"

	"sigmatrail/attack"
)

// layer is what the ATT&CK Navigator reads: version 4.5 of its layers' format.
type layer struct {
	Name        string           `json:"name"`
	Versions    layerVersions    `json:"versions"`
	Domain      string           `json:"domain"`
	Description string           `json:"description"`
	Sorting     int              `json:"sorting"`
	Techniques  []layerTechnique `json:"techniques"`
	Gradient    layerGradient    `json:"gradient"`
}

type layerVersions struct {
	Attack    string `json:"attack"`
	Navigator string `json:"navigator"`
	Layer     string `json:"layer"`
}

type layerTechnique struct {
	ID     string `json:"techniqueID"`
	Tactic string `json:"tactic"`
	// Score is nil where a technique is there for its sub-techniques alone.
	Score             *int   `json:"score,omitempty"`
	Comment           string `json:"comment,omitempty"`
	Enabled           bool   `json:"enabled"`
	ShowSubtechniques bool   `json:"showSubtechniques"`
}

type layerGradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

// WriteLayer writes the matrix as a layer of the ATT&CK Navigator: the score of a technique is the number of its rules, the comment their titles, a line
// each. The Navigator knows versions of ATT&CK by the number before the dot.
func (m *Matrix) WriteLayer(w io.Writer) error {
	const descendingScore = 3
	major, _, _ := strings.Cut(attack.Version(), ".")
	l := layer{
		Name: "sigmatrail", Versions: layerVersions{Attack: major, Navigator: "5.1.0", Layer: "4.5"}, Domain: "enterprise-attack",
		Description: "Sigma rules for CloudTrail: the score is the number of rules", Sorting: descendingScore,
		Techniques: []layerTechnique{}, Gradient: layerGradient{Colors: []string{"#e7f0fa", "#1f5fa8"}, Max: 1},
	}
	for i := range m.Tactics {
		l.Techniques = append(l.Techniques, m.Tactics[i].layer(&l.Gradient.Max)...)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(l)
}

// layer returns the techniques under a tactic, each behind its parent, which is opened to show it, and raises most to the highest score.
func (t *Tactic) layer(most *int) (list []layerTechnique) {
	parents := make(map[string]int) // index in list
	parent := func(id string) {
		if _, there := parents[id]; !there {
			parents[id] = len(list)
			list = append(list, layerTechnique{ID: id, Tactic: t.Shortname, Enabled: true})
		}
	}
	for i := range t.Techniques {
		cell := &t.Techniques[i]
		titles := make([]string, 0, len(cell.Rules))
		for _, r := range cell.Rules {
			titles = append(titles, r.Title)
		}
		score := len(cell.Rules)
		*most = max(*most, score)
		scored := layerTechnique{ID: cell.ID, Tactic: t.Shortname, Score: &score, Comment: strings.Join(titles, "\n"), Enabled: true}
		if cell.ParentID == "" {
			parent(cell.ID)
			list[parents[cell.ID]] = scored
			continue
		}
		parent(cell.ParentID)
		list[parents[cell.ParentID]].ShowSubtechniques = true
		list = append(list, scored)
	}
	return list
}
