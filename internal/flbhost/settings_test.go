package flbhost

import (
	"strings"
	"testing"

	"sigmatrail/conf"
)

// TestWritten: the settings of what is written reach the engine, and an attribute that no rule has is named once, at start.
func TestWritten(t *testing.T) {
	data := framed(t, framings["v2"], quiet, stop)
	settings := conf.Default()
	settings.Evidence, settings.RuleFields, settings.RevokedTechniques, settings.Format = true, "falsepositives,x-none", "both", "ecs"
	want := expectedBy(t, settings, data)
	if !strings.Contains(string(want), "evidence") || !strings.Contains(string(want), "falsepositives") {
		t.Fatalf("%q", want)
	}
	each(t, func(t *testing.T, descriptor string) {
		properties := []string{"evidence=on", "rule_fields=falsepositives,x-none", "revoked_techniques=both", "format=ecs"}
		r := host(t, descriptor, properties, "filter", file(t, "in", data), file(t, "want", want)).ok(t)
		if strings.Count(r.log, `rule_fields: no rule has the attribute "x-none"`) != 1 || strings.Contains(r.log, `"falsepositives"`) {
			t.Error(r.log)
		}
	})
}
