package record

import (
	"slices"
	"strings"
	"time"
)

// Mapping describes records in another form than CloudTrail's own: under which paths they have its fields, and what they have lost. It is
// immutable.
type Mapping struct {
	// Name is what messages call the form.
	Name string
	// Fields maps CloudTrail's fields to paths of the form.
	Fields Aliases
	// Sparse is set where the form has neither nulls nor empty values.
	Sparse bool
	// Detached are beginnings of paths below which not even absence can be relied on: the form leaves the whole out where it is large.
	Detached []string
}

// Aliases returns where records of the form have the fields that rules name: DefaultAliases, each path of it mapped.
func (m *Mapping) Aliases() Aliases { return m.Fields.over(DefaultAliases()) }

// Has reports whether the form has a place for a field, and whether that is detached.
func (m *Mapping) Has(field string) (has, detached bool) {
	paths, has := m.Fields.find(field)
	return has, has && slices.ContainsFunc(paths, func(path string) bool {
		return slices.ContainsFunc(m.Detached, func(head string) bool { return strings.HasPrefix(path+".", head) })
	})
}

// isRecord reports whether o is a record of the form: it has an eventName, of whatever type, and an eventSource under amazonaws.com. Names such
// as event.action are everybody's, so nothing stands in for that source.
func (m *Mapping) isRecord(o *Object) bool {
	if len(m.at(o, "eventName")) == 0 {
		return false
	}
	return slices.ContainsFunc(m.at(o, "eventSource"), hasAWS)
}

// hasAWS reports whether a value, or an element of it, is an event source of AWS.
func hasAWS(v any) bool {
	list, ok := v.([]any)
	if !ok {
		return isAWS(v)
	}
	return slices.ContainsFunc(list, hasAWS)
}

func (m *Mapping) at(o *Object, field string) []any {
	var all []any
	for _, path := range m.Fields.Paths(field) {
		all = append(all, o.At(path)...)
	}
	return all
}

// Text returns the first text that the record has for a field, named as CloudTrail does, or "".
func (f Found) Text(field string) string {
	for _, v := range f.At(field) {
		if text, ok := v.(string); ok {
			return text
		}
	}
	return ""
}

// Stamp is where Logstash's codec for CloudTrail puts eventTime: what stands there counts where a record has no eventTime that is a time.
const Stamp = "@timestamp"

// Time returns when the record says that it happened, in any form that ParseTime knows. ok is false where it does not say.
func (f Found) Time() (t time.Time, ok bool) {
	for _, v := range f.At("eventTime") {
		if t, ok = ParseTime(v); ok {
			return t, true
		}
	}
	stamp, _ := f.Record.Get(Stamp)
	return ParseTime(stamp)
}

// At returns what the record has for a field, named as CloudTrail does: one value for each place that was found, as Object.At does.
func (f Found) At(field string) []any {
	if f.Form == nil {
		return f.Record.At(field)
	}
	return f.Form.at(f.Record, field)
}
