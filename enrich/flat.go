package enrich

import (
	"slices"

	"sigmatrail/rules"
)

// flat returns what hits write as scalars and lists at the top of an event: the names of the data model Alerts of Splunk's Common Information Model, for the
// rule of the highest level, and of its risk annotations, for all of them; the rest begins with the Table's key. Splunk's search shows a list under its
// name with {} behind it, so that only what is a list by nature is one.
func (t *Table) flat(hits []Hit, level rules.Level) []Member {
	list := make([]Member, 0, 32)
	add := func(name string, value any) {
		switch v := value.(type) {
		case string:
			if v == "" {
				return
			}
		case []string:
			if len(v) == 0 {
				return
			}
		}
		list = append(list, Member{Path: []string{name}, Value: value})
	}
	a := t.collect(slices.Clone(hits), nil, nil)
	first := t.rules[a.hits[0].Rule]
	add("signature", first.Title)
	add("signature_id", first.ID)
	add("description", first.Description)
	add("severity", level.String())
	add("type", "alert")
	threats := newThreats(a.tactics, a.techniques)
	if len(threats.fullTechniqueIDs) > 0 {
		add("mitre_technique_id", oneOrMany(threats.fullTechniqueIDs))
	}
	add("annotations.mitre_attack.mitre_technique_id", threats.fullTechniqueIDs)
	add("annotations.mitre_attack.mitre_technique", threats.fullTechniqueNames)
	add("annotations.mitre_attack.mitre_tactic_id", threats.tacticIDs)
	add("annotations.mitre_attack.mitre_tactic", threats.tacticShortnames)
	add("risk_score", severity(level))
	own := func(name string, value any) { add(t.options.Key+"_"+name, value) }
	own("level", level.String())
	own("rule_ids", t.each(a.hits, func(r *rules.Rule) []string { return []string{r.ID} }))
	own("rule_titles", t.each(a.hits, func(r *rules.Rule) []string { return []string{r.Title} }))
	own("rule_statuses", t.each(a.hits, func(r *rules.Rule) []string { return []string{r.Status} }))
	own("rule_authors", t.each(a.hits, func(r *rules.Rule) []string { return []string{r.Author} }))
	own("tags", t.each(a.hits, func(r *rules.Rule) []string { return r.Tags }))
	own("tactics", threats.tacticShortnames)
	own("techniques", threats.fullTechniqueIDs)
	for _, name := range t.options.ruleFields() {
		if !flatHas(name) {
			own(name, t.each(a.hits, func(r *rules.Rule) []string { return textsOf(r.Attribute(name)) }))
		}
	}
	return list
}

// appendRisk appends the risk annotations that the record decides.
func (t *Table) appendRisk(list []Member, hits []Hit, record Record) []Member {
	first := slices.MaxFunc(hits, func(x, y Hit) int { return int(t.entries[x.Rule].level) - int(t.entries[y.Rule].level) })
	who, kind := principal(record), "user"
	if who == unknown || who == record("userIdentity.invokedBy") {
		kind = "other" // for Enterprise Security: neither user nor system
	}
	return append(list,
		Member{Path: []string{"risk_object"}, Value: who}, Member{Path: []string{"risk_object_type"}, Value: kind},
		Member{Path: []string{"risk_message"}, Value: t.rules[first.Rule].Title + ": " + Summary(record, "")})
}
