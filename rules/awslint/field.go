package awslint

import (
	"slices"
	"strings"

	"sigmatrail/rules"
)

// named is a field and where it is named. Where told is set the parser tells of what is nearly a field of records.
type named struct {
	name string
	at   rules.Position
	told bool
}

// fieldsOf returns the field of an item, and with fieldref those of its values.
func fieldsOf(item *rules.Item) (list []named) {
	if item.Field != "" {
		list = append(list, named{item.Field, item.Position, true})
	}
	if item.FieldRef {
		for _, v := range item.Values {
			list = append(list, named{v.Text, v.Position, true})
		}
	}
	return list
}

// field tells of fields that records never have, and of those that were never seen.
func (s *subject) field() {
	for _, f := range fieldsOf(s.item) {
		if s.unknownField(f) || strings.HasPrefix(f.name, parameters) {
			continue
		}
		top, rest, _ := strings.Cut(f.name, ".")
		if members()[top] == nil && rest != "" {
			if events, ok := s.events(); ok {
				s.unseen(f, events)
			}
		}
	}
}

// unknownField looks for the first part of a field's path that the object around it does not have.
func (l *linter) unknownField(f named) bool {
	if strings.HasPrefix(f.name, "@") { // what a shipper has made
		return false
	}
	object, rest := "", f.name
	for rest != "" {
		have := members()[object]
		if have == nil {
			return false
		}
		name, behind, _ := strings.Cut(rest, ".")
		if !slices.Contains(have, name) {
			l.tellField(f, object, name, behind)
			return true
		}
		object, rest = strings.TrimPrefix(object+"."+name, "."), behind
	}
	return false
}

func (l *linter) tellField(f named, object, name, behind string) {
	have := members()[object]
	if object == "" && f.told {
		if closest := rules.Closest(name, have); len(closest) > 0 && editsAtMost(name, closest[0], 1) && len(name) > 1 {
			const least = 6 // from there on the parser tells
			if len(name) >= least || strings.EqualFold(name, closest[0]) {
				return
			}
		}
	}
	within := "records have"
	if object != "" {
		within = object + " has"
	}
	l.warn(f.at, UnknownField, fieldHint(f.name, object, name, behind), "%s no %q", within, name)
}

// fieldHint proposes another field.
func fieldHint(field, object, name, behind string) string {
	if object == "" {
		if instead := foreign()[field]; instead != "" {
			return "the field is " + instead
		}
		if name == "status" || field == "event.outcome" {
			return "of a call that succeeded write errorCode: null, of one that failed the errorCode"
		}
		if slices.Contains([]string{"detail", "Records", "event", "eventData", "CloudTrailEvent"}, name) && slices.Contains(rules.CloudTrailFields(), firstOf(behind)) {
			return "name the record's own fields, whatever it is wrapped in: " + behind
		}
		for container, names := range members() {
			if container != "" && slices.Contains(names, name) && !strings.Contains(container, ".") {
				return "did you mean \"" + container + "." + field + "\"?"
			}
		}
	}
	otherwise := "a field that your shipper adds is right all the same"
	if object != "" {
		otherwise = "it has " + strings.Join(members()[object], ", ")
	}
	closest := rules.Closest(name, members()[object])
	if len(closest) == 0 {
		return otherwise
	}
	for i, c := range closest {
		closest[i] = strings.Trim(object+"."+c+"."+behind, ".")
	}
	return "did you mean " + either(closest) + "?"
}

func firstOf(path string) string {
	first, _, _ := strings.Cut(path, ".")
	return first
}
