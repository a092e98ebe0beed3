package awslint

import (
	"slices"
	"strings"

	"sigmatrail/rules"
)

// sources returns the event sources of the records for which a map is looked at. ok is false where they may be any.
func (s *subject) sources() (list []string, ok bool) {
	for _, items := range s.reading.around(s.part) {
		texts, constrained := choose(s.part.group.Items, "eventSource", s.aws.sources)
		if !constrained {
			texts, constrained = choose(items, "eventSource", s.aws.sources)
		}
		if !constrained {
			return nil, false
		}
		for _, text := range texts {
			if !containsFold(list, text) {
				list = append(list, text)
			}
		}
	}
	return list, true
}

// event tells of names that events do not have.
func (s *subject) event() {
	if s.item.Field != "eventName" || !plain(s.item) || s.item.Op == rules.Exists {
		return
	}
	sources, constrained := s.sources()
	for _, v := range s.item.Values {
		if v.Kind == rules.Null {
			continue
		}
		text, whole := literal(v)
		switch {
		case s.item.Op != rules.Equal || !whole:
			s.eventPart(v, sources, constrained)
		case text != "":
			s.eventName(v, text, sources, constrained)
		}
	}
}

// closed reports whether all of the sources are known, with their events.
func (s *subject) closed(sources []string) bool {
	return !slices.ContainsFunc(sources, func(source string) bool {
		service := s.aws.service(source)
		return service == nil || service.open
	})
}

func (s *subject) eventName(v rules.Value, name string, sources []string, constrained bool) {
	if !constrained {
		s.eventAnywhere(v, name)
		return
	}
	if s.isAction(v, name, sources) || s.isRecordedOtherwise(v, name, sources) {
		return
	}
	for _, source := range sources {
		if service := s.aws.service(source); service == nil || service.has(name) {
			return
		}
	}
	names := s.namesOf(sources)
	if !s.closed(sources) {
		if closest := rules.Closest(name, names); len(closest) > 0 && isTypingMistake(name, closest[0]) && len(s.aws.homes(name)) == 0 {
			s.warn(v.Position, UnknownEvent, "did you mean "+either(closest)+"?", "%s is not known to have an event %q", either(sources), name)
		}
		return
	}
	if homes := s.aws.homes(name); len(homes) > 0 {
		s.warn(v.Position, UnknownEvent, "it is an event of "+elsewhere(homes), "%s is not known to have an event %q", either(sources), name)
		return
	}
	s.warn(v.Position, UnknownEvent, didYouMean(name, names, "look it up in the service's API reference, or in a record"), "%s is not known to have an event %q", either(sources), name)
}

// namesOf returns the events of sources.
func (s *subject) namesOf(sources []string) (names []string) {
	for _, source := range sources {
		if service := s.aws.service(source); service != nil {
			names = append(names, service.names...)
		}
	}
	return names
}

// isTypingMistake reports whether a name is hardly another than known.
func isTypingMistake(name, known string) bool {
	const most = 2
	return len(name) > 3*most && len(rules.Closest(name, []string{known})) > 0 && editsAtMost(name, known, most)
}

// editsAtMost reports whether the texts, in any case, differ by no more than n characters at one place.
func editsAtMost(a, b string, n int) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	start := 0
	for start < min(len(a), len(b)) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < min(len(a), len(b))-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	return max(len(a), len(b))-start-end <= n
}

// elsewhere names a few of the sources that have an event.
func elsewhere(homes []string) string {
	const few = 3
	if len(homes) > few {
		return either(homes[:few]) + ", and others"
	}
	return either(homes)
}

// eventAnywhere judges a name without an event source.
func (s *subject) eventAnywhere(v rules.Value, name string) {
	for _, service := range []string{"s3", "lambda", "kms", "iam", "dynamodb"} {
		if s.isAction(v, name, []string{service + domain}) {
			return
		}
	}
	homes := s.aws.homes(name)
	if len(homes) > 0 && s.isRecordedOtherwise(v, name, homes[:1]) {
		return
	}
	if len(homes) == 0 {
		s.warn(v.Position, UnknownEvent, didYouMean(name, s.aws.names, "look it up in the service's API reference, or in a record"), "no service of AWS is known to have an event %q", name)
	}
}

// isAction tells of a name that is an IAM action's, with its service before a colon or without.
func (s *subject) isAction(v rules.Value, name string, sources []string) bool {
	if prefix, operation, ok := strings.Cut(name, ":"); ok {
		if service := s.aws.services[strings.ToLower(prefix)]; service != nil {
			event, action := iamAction(strings.ToLower(prefix), operation)
			if !action {
				event = operation
			}
			s.warn(v.Position, IAMAction, actionHint(event), "%q is written as an action of IAM policies", name)
			return true
		}
	}
	for _, source := range sources {
		if event, ok := iamAction(strings.TrimSuffix(strings.ToLower(source), domain), name); ok {
			s.warn(v.Position, IAMAction, actionHint(event), "%q is an action of IAM policies, and no operation of %s", name, source)
			return true
		}
	}
	return false
}

// actionHint says what is recorded of what an action allows.
func actionHint(event string) string {
	if event == noEvent {
		return "no event is called so, nor by another name: the action only stands in policies"
	}
	return "the event is " + either([]string{event})
}

// isRecordedOtherwise tells of an operation that has another name in records, unless the rule has that name as well.
func (s *subject) isRecordedOtherwise(v rules.Value, name string, sources []string) bool {
	for _, source := range sources {
		names := recordedAs(strings.TrimSuffix(strings.ToLower(source), domain), name)
		if len(names) == 0 {
			continue
		}
		hint, versioned := "write "+either(names), withoutVersion(names[0]) != names[0]
		if versioned {
			hint = "write eventName|startswith: " + withoutVersion(names[0]) + ", for " + either(names)
		}
		if !s.has(func(item *rules.Item) bool { return asksFor(item, names) || versioned && asksForVersion(item, name) }) {
			s.warn(v.Position, RecordedAs, hint, "CloudTrail records the operation %q of %s under another name", name, source)
		}
		return true
	}
	return false
}

// has reports whether an item on eventName anywhere in the rule is such.
func (s *subject) has(such func(item *rules.Item) bool) bool {
	return slices.ContainsFunc(s.reading.parts, func(p part) bool {
		return slices.ContainsFunc(p.group.Items, func(item *rules.Item) bool {
			return item.Field == "eventName" && plain(item) && !item.Negate && such(item)
		})
	})
}

func asksFor(item *rules.Item, names []string) bool { return slices.ContainsFunc(names, tester(item)) }

// asksForVersion reports whether an item has the name with some version behind it.
func asksForVersion(item *rules.Item, name string) bool {
	return slices.ContainsFunc(item.Values, func(v rules.Value) bool {
		text, ok := literal(v)
		return ok && !strings.EqualFold(text, name) && strings.EqualFold(withoutVersion(text), name)
	})
}

// eventPart judges a value that is a part of a name, or a pattern.
func (s *subject) eventPart(v rules.Value, sources []string, constrained bool) {
	names := s.aws.names
	if constrained {
		if !s.closed(sources) {
			return
		}
		names = s.namesOf(sources)
		for _, source := range sources {
			if source == "lambda"+domain {
				names = append(names, strings.Fields(lambdaEvents)...)
			}
		}
	}
	if slices.ContainsFunc(names, valueTester(s.item, v)) {
		return
	}
	where := "a service of AWS"
	if constrained {
		where = either(sources)
	}
	s.warn(v.Position, UnknownEvent, "", "%s is not known to have an event for which this holds", where)
}
