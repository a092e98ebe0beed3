package enrich

import (
	"net/netip"
	"slices"
	"time"

	"sigmatrail/rules"
)

// ecs returns what hits write in the Elastic Common Schema (fields event.*, rule.*, threat.*, tags). ECS knows one rule an event and this may be several:
// their values then are lists, which its keyword fields take as well. What ECS has as a list is one also of one value.
func (t *Table) ecs(hits []Hit, level rules.Level) []Member {
	list := make([]Member, 0, 32)
	put := func(value any, path ...string) { list = append(list, Member{Path: path, Mode: Put, Value: value}) }
	unite := func(values []string, path ...string) {
		if len(values) > 0 {
			list = append(list, Member{Path: path, Mode: Unite, Value: oneOrMany(values)})
		}
	}
	always := func(values []string, path ...string) {
		if len(values) > 0 {
			list = append(list, Member{Path: path, Mode: Unite, Value: values})
		}
	}
	put("alert", "event", "kind")
	put(severity(level), "event", "severity")
	a := t.collect(slices.Clone(hits), nil, nil)
	unite(t.each(a.hits, func(r *rules.Rule) []string { return []string{r.ID} }), "rule", "id")
	unite(t.each(a.hits, func(r *rules.Rule) []string { return []string{r.Title} }), "rule", "name")
	unite(t.each(a.hits, func(r *rules.Rule) []string { return []string{r.Description} }), "rule", "description")
	always(t.each(a.hits, func(r *rules.Rule) []string { return []string{r.Author} }), "rule", "author")
	unite(t.each(a.hits, func(r *rules.Rule) []string { return []string{r.License} }), "rule", "license")
	unite(t.each(a.hits, func(r *rules.Rule) []string { return r.References }), "rule", "reference")
	unite([]string{"Sigma"}, "rule", "ruleset")
	if threats := newThreats(a.tactics, a.techniques); len(threats.tacticNames)+len(threats.techniqueIDs) > 0 {
		put("MITRE ATT&CK", "threat", "framework")
		always(threats.tacticIDs, "threat", "tactic", "id")
		always(threats.tacticNames, "threat", "tactic", "name")
		always(threats.techniqueIDs, "threat", "technique", "id")
		always(threats.techniqueNames, "threat", "technique", "name")
		always(threats.subtechniqueIDs, "threat", "technique", "subtechnique", "id")
		always(threats.subtechniqueNames, "threat", "technique", "subtechnique", "name")
	}
	always(t.each(a.hits, func(r *rules.Rule) []string { return r.Tags }), "tags")
	return list
}

// each returns the texts that the rules of hits have, without duplicates and empty ones.
func (t *Table) each(hits []Hit, of func(r *rules.Rule) []string) []string {
	var all []string
	for _, h := range hits {
		for _, text := range of(t.rules[h.Rule]) {
			if text != "" && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all
}

// oneOrMany returns a single text as itself.
func oneOrMany(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// appendBase appends what ECS calls the parts of a CloudTrail record, as Elastic's integration maps them.
func appendBase(list []Member, record Record) []Member {
	keep := func(value string, path ...string) {
		if value != "" {
			list = append(list, Member{Path: path, Value: value})
		}
	}
	keep(timestamp(record("eventTime")), "@timestamp")
	keep(record("eventName"), "event", "action")
	keep(record("eventSource"), "event", "provider")
	keep(record("eventID"), "event", "id")
	keep(outcome(record), "event", "outcome")
	keep("aws", "cloud", "provider")
	keep(record("awsRegion"), "cloud", "region")
	keep(firstOf(record, "userIdentity.accountId", "recipientAccountId"), "cloud", "account", "id")
	address := record("sourceIPAddress")
	keep(address, "source", "address")
	if _, err := netip.ParseAddr(address); err == nil {
		keep(address, "source", "ip")
	}
	keep(record("userIdentity.principalId"), "user", "id")
	keep(firstOf(record, "userIdentity.userName", "userIdentity.sessionContext.sessionIssuer.userName"), "user", "name")
	keep(record("userAgent"), "user_agent", "original")
	keep(record("errorCode"), "error", "code")
	keep(record("errorMessage"), "error", "message")
	return list
}

// outcome is what ECS calls success or failure. A failed sign-in has no errorCode: its responseElements say so.
func outcome(record Record) string {
	if record("errorCode") != "" || record("errorMessage") != "" || record("responseElements.ConsoleLogin") == "Failure" {
		return "failure"
	}
	return "success"
}

// timestamp returns the text of a time if it is one that every store takes as it is.
func timestamp(text string) string {
	if _, err := time.Parse(time.RFC3339, text); err != nil {
		return ""
	}
	return text
}

func firstOf(record Record, fields ...string) string {
	for _, field := range fields {
		if text := record(field); text != "" {
			return text
		}
	}
	return ""
}
