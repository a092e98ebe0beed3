package awslint

import (
	"slices"
	"strings"

	"sigmatrail/rules"
)

// parameters is where requests stand.
const parameters = "requestParameters."

// event is what a record may be of.
type event struct {
	source, name string
	operation    operation
	known        bool // the operation is, else only the name
	seen         map[string]shape
}

// events returns the events for which a map is looked at, or ok false where there is no telling.
func (s *subject) events() (list []event, ok bool) {
	sources, constrained := s.sources()
	if !constrained {
		return nil, false
	}
	names := s.namesOf(sources)
	for _, items := range s.reading.around(s.part) {
		texts, constrained := choose(s.part.group.Items, "eventName", names)
		if !constrained {
			texts, constrained = choose(items, "eventName", names)
		}
		if !constrained {
			return nil, false
		}
		for _, name := range texts {
			list = append(list, s.eventsOf(name, sources)...)
		}
	}
	return list, len(list) > 0
}

// eventsOf returns those of a name that the sources have.
func (s *subject) eventsOf(name string, sources []string) (list []event) {
	for _, source := range sources {
		e := event{source: source, name: name, seen: s.shapes.of(source, name)}
		if service := s.aws.service(source); service != nil {
			e.operation, e.known = service.operation(name)
		}
		if e.known || e.seen != nil {
			list = append(list, e)
		}
	}
	return list
}

// renames reports whether records of a service have members of requestParameters that no model names.
func renames(source string) bool {
	return slices.Contains([]string{"ec2", "s3", "apigateway", "securityhub"}, strings.TrimSuffix(source, domain))
}

// parameter tells of members of requestParameters that an operation does not have, or that records spell in another way.
func (s *subject) parameter() {
	for _, f := range fieldsOf(s.item) {
		if rest, ok := strings.CutPrefix(f.name, parameters); ok && !slices.Contains(short(), f.name) {
			member, _, _ := strings.Cut(rest, ".")
			s.member(f, member)
		}
	}
}

func (s *subject) member(f named, member string) {
	events, ok := s.events()
	if !ok || slices.ContainsFunc(events, func(e event) bool { return !e.known || renames(e.source) || e.saw(parameters+member) }) {
		s.unseen(f, events)
		return
	}
	var have, spelt []string
	for _, e := range events {
		have = append(have, strings.Fields(e.operation.members)...)
		if known, ok := e.operation.member(member); ok {
			spelt = append(spelt, recorded(known))
		}
	}
	for i, name := range have {
		have[i] = recorded(name)
	}
	switch {
	case slices.Contains(spelt, member):
		if f.name != parameters+member { // an optional parameter of which it is known that there is one needs no record
			s.unseen(f, events)
		}
	case len(spelt) > 0:
		s.warn(f.at, ParameterCase, "write "+parameters+spelt[0]+strings.TrimPrefix(f.name, parameters+member), "records write the member %q of requestParameters as %q; names are compared exactly", member, spelt[0])
	default:
		s.warn(f.at, UnknownParameter, didYouMean(member, have, hasMembers(have)), "%s is not known to have the parameter %q", eventNames(events), member)
	}
}

// recorded returns a member's name as records have it.
func recorded(member string) string { return strings.ToLower(member[:1]) + member[1:] }

// hasMembers lists the first few of an operation's members.
func hasMembers(have []string) string {
	const few = 8
	have = slices.Compact(slices.Sorted(slices.Values(have)))
	switch {
	case len(have) == 0:
		return "it has no parameters"
	case len(have) > few:
		return "it has " + strings.Join(have[:few], ", ") + " …"
	}
	return "it has " + strings.Join(have, ", ")
}

// eventNames joins the names of events.
func eventNames(events []event) string {
	const few = 3
	var names []string
	for _, e := range events {
		if !slices.Contains(names, e.name) {
			names = append(names, e.name)
		}
	}
	if len(names) > few {
		return strings.Join(names[:few], ", ") + " …"
	}
	return strings.Join(names, ", ")
}

// saw reports whether a record of the event had a path.
func (e *event) saw(path string) bool {
	_, ok := e.seen[path]
	return ok
}

// oftenSeen is how often the object around a field must have been seen before it means something that it was without the field.
const oftenSeen = 20

// unseen notes a field that no record of any of the events had, though many had the object around it.
func (s *subject) unseen(f named, events []event) {
	end := strings.LastIndexByte(f.name, '.')
	if len(events) == 0 || end < 0 || slices.Contains(short(), f.name) {
		return
	}
	around := f.name[:end]
	for _, e := range events {
		if container := e.seen[around]; container.object+container.array < oftenSeen || e.saw(f.name) {
			return
		}
	}
	s.add(rules.Info, f.at, UnseenField, "compare with a record of yours; what is optional may be right all the same",
		"of %d records of %s with %s none had the field %q", seenRecords(events, around), eventNames(events), around, f.name)
}

func seenRecords(events []event, path string) (n int) {
	for _, e := range events {
		n += e.seen[path].object + e.seen[path].array
	}
	return n
}
