package conf_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"

	"github.com/google/go-cmp/cmp"
)

// stanzas reads a .conf file of Splunk: [stanza], key = value, comments on lines of their own. Anything else, and a key or stanza that is there twice, is
// an error.
func stanzas(t *testing.T, file string) map[string]map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]map[string]string)
	var current map[string]string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		key, value, pair := strings.Cut(line, " = ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") && all[line[1:len(line)-1]] == nil:
			current = make(map[string]string)
			all[line[1:len(line)-1]] = current
		case pair && current != nil && regexp.MustCompile(`^[\w-]+$`).MatchString(key) && value != "" && strings.TrimSpace(value) == value && current[key] == "":
			current[key] = value
		default:
			t.Errorf("%s: %q is not understood", file, line)
		}
	}
	return all
}

// flatFields returns the names that format flat gives a hit, and whether they are lists, and the fields of the records themselves: those at the top.
func flatFields(t *testing.T) (written map[string]bool, own map[string]bool) {
	t.Helper()
	settings := conf.Default()
	settings.Format = "flat"
	engine, err := pipeline.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../testdata/events/cloudtrail.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	written, own = make(map[string]bool), make(map[string]bool)
	var counts pipeline.Counts
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		packed, err := record.AppendMsgpack(nil, line)
		if err != nil {
			t.Fatal(err)
		}
		judgement := engine.NewJudge().Event(packed, time.Time{})
		out, err := engine.AppendJSON(nil, line, &judgement, &counts)
		if err != nil {
			t.Fatal(err)
		}
		var before, after map[string]any
		if json.Unmarshal(line, &before) != nil || json.Unmarshal(out, &after) != nil {
			continue // no record
		}
		for name := range before {
			own[name] = true
			delete(after, name)
		}
		for name, value := range after {
			_, list := value.([]any)
			written[name] = written[name] || list
		}
	}
	delete(written, settings.Key)
	if len(written) < 20 {
		t.Fatalf("format flat writes %d names", len(written))
	}
	return written, own
}

// aliases returns what the field aliases of props.conf say: the field that there is for each that is wanted.
func aliases(t *testing.T, stanza map[string]string) map[string]string {
	t.Helper()
	// A name with something else than letters, digits and _ needs quotation marks.
	form := regexp.MustCompile(`^(\w+|"[\w.]+(?:\{\})?") ASNEW (\w+|"[\w.]+")$`)
	all := make(map[string]string)
	for key, value := range stanza {
		m := form.FindStringSubmatch(value)
		if m == nil || !strings.HasPrefix(key, "FIELDALIAS-sigma_") {
			t.Errorf("props.conf: %s = %s is no alias of ours that leaves a field alone which is there", key, value)
			continue
		}
		wanted := strings.Trim(m[2], `"`)
		if all[wanted] != "" {
			t.Errorf("props.conf: %s is an alias twice", wanted)
		}
		all[wanted] = strings.Trim(m[1], `"`)
	}
	return all
}

// TestSplunkProps holds props.conf against what format flat writes, and against what the data model Alerts asks for.
func TestSplunkProps(t *testing.T) {
	props := stanzas(t, "splunk/props.conf")
	if diff := cmp.Diff([]string{"aws:cloudtrail"}, slices.Collect(maps.Keys(props))); diff != "" {
		t.Fatal(diff)
	}
	written, own := flatFields(t)
	all := aliases(t, props["aws:cloudtrail"])
	for name, list := range written {
		if list && all[name] != name+"{}" {
			t.Errorf("format flat writes the list %s, and there is no alias for it", name)
		}
	}
	for wanted, field := range all {
		name, list := strings.CutSuffix(field, "{}")
		// One technique is no list, so that it needs no alias, and several are.
		if isList, ok := written[name]; (!ok && !own[name]) || (list && !isList && name != "mitre_technique_id") || (!list && isList) {
			t.Errorf("%s is an alias of %s, which nobody writes", wanted, field)
		}
	}
	// The fields of the model that are required or recommended, and those beside that CloudTrail has.
	for _, field := range []string{
		"app", "description", "dest", "id", "mitre_technique_id", "severity", "signature", "signature_id", "src", "type", "user", "vendor_account", "vendor_region",
	} {
		if _, ok := written[field]; !ok && all[field] == "" {
			t.Errorf("nobody makes %s", field)
		}
	}
}

// TestSplunkEventTypes: every tag is of an event type that there is, and searches ask for fields that format flat writes.
func TestSplunkEventTypes(t *testing.T) {
	types, written := stanzas(t, "splunk/eventtypes.conf"), make(map[string]bool)
	fields, _ := flatFields(t)
	for name := range fields {
		written[name] = true
	}
	tagged := make(map[string]map[string]string)
	for stanza, tags := range stanzas(t, "splunk/tags.conf") {
		name, value, _ := strings.Cut(stanza, "=")
		if name != "eventtype" || types[value] == nil {
			t.Errorf("tags.conf tags %s", stanza)
		}
		tagged[value] = tags
	}
	if diff := cmp.Diff(map[string]map[string]string{"sigma_alert": {"alert": "enabled"}}, tagged); diff != "" {
		t.Error(diff)
	}
	for name, stanza := range types {
		if len(stanza) != 1 || tagged[name] == nil {
			t.Errorf("eventtypes.conf: %s has %v, tags %v", name, stanza, tagged[name])
		}
		for term := range strings.FieldsSeq(stanza["search"]) {
			field, _, ok := strings.Cut(term, "=")
			if !ok || (field != "sourcetype" && !written[field]) {
				t.Errorf("eventtypes.conf: %s searches %s", name, term)
			}
		}
	}
}
