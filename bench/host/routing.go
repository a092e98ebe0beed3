package main

// sigmaAlone is the row to which routings and formats are compared: one sigma, as they have it, and one output.
const sigmaAlone = "one sigma"

// routings returns the three ways to send hits to a second output (conf/README.md), and the formats in which hits are written, on the same records, of which
// all with a hit are alerts.
func routings(input string) []*setup {
	const (
		withHits = "no filter, hits"
		filter   = "  filters:\n    - {match: ct, " + sigma + "}\n"
		archive  = "  outputs:\n    - {name: 'null', alias: archive, match: ct}\n"
		alerts   = "    - {name: 'null', alias: alerts, match: "
		a        = filter + archive + alerts + "ct, processors: {logs: [{name: grep, regex: \"$sigma['level'] .\"}]}}\n"
		b        = archive + alerts + "alerts}\n"
		c        = filter + "    - {name: rewrite_tag, match: ct, rule: \"$sigma['level'] . alert.$TAG true\", emitter_mem_buf_limit: 50M}\n" + archive + alerts + "alert.*}\n"
	)
	// The input's own properties end with a brace, before which its processor and routes belong.
	routed := input[:len(input)-1] + `, processors: {logs: [{` + sigma + `}]}, routes: {logs: [{name: all, to: {outputs: [archive]}}, ` +
		`{name: alerts, condition: {op: and, rules: [{field: "$sigma['level']", op: regex, value: "."}]}, to: {outputs: [alerts]}}]}}`
	list := []*setup{
		{name: sigmaAlone, filter: sigma},
		{name: "routing A, a processor of the output", routing: a},
		{name: "routing B, conditional routes", input: routed, routing: b},
		{name: "routing C, rewrite_tag", routing: c},
		{name: "format ecs, ecs_base", filter: sigma + ", format: ecs, ecs_base: on"},
		{name: "format flat", filter: sigma + ", format: flat"},
	}
	for _, s := range list {
		s.base, s.copies, s.planted = withHits, 1, true
		if s.input == "" {
			s.input = input
		}
	}
	return list
}
