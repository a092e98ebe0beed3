package awslint

import (
	"slices"
	"strings"

	"sigmatrail/rules"
)

// source tells of event sources that AWS does not have. What has a URL in it the parser tells of.
func (s *subject) source() {
	if s.item.Field != "eventSource" || !plain(s.item) {
		return
	}
	for _, v := range s.item.Values {
		text, ok := literal(v)
		if s.item.Op != rules.Equal {
			s.sourcePart(v)
			continue
		}
		if !ok || text == "" || strings.Contains(text, "://") {
			continue
		}
		name, whole := strings.CutSuffix(strings.ToLower(text), domain)
		switch actual := recordedSources()[name]; {
		case actual != "":
			s.warn(v.Position, UnknownSource, "write "+actual+domain, "no records are known with the eventSource %q: those of that service have another", text)
		case s.aws.service(text) != nil:
		case !whole && s.aws.services[name] != nil:
			s.warn(v.Position, UnknownSource, "write "+name+domain, "the eventSource %q lacks its domain", text)
		default:
			s.warn(v.Position, UnknownSource, s.likelySource(name), "no service of AWS is known to have the eventSource %q", text)
		}
	}
}

// likelySource proposes sources for a name that is none.
func (s *subject) likelySource(name string) string {
	for _, tail := range []string{".aws.amazon.com", ".aws.com", ".amazon.com", ".amazonaws"} {
		name = strings.TrimSuffix(name, tail)
	}
	for _, word := range []string{name, strings.TrimPrefix(name, "aws-"), strings.TrimPrefix(name, "aws."), strings.TrimPrefix(name, "amazon"), strings.TrimPrefix(name, "aws")} {
		if actual := recordedSources()[word]; actual != "" {
			return "did you mean \"" + actual + domain + "\"?"
		}
		if s.aws.services[word] != nil {
			return "did you mean \"" + word + domain + "\"?"
		}
	}
	if !strings.Contains(name, ".amazon") {
		name += domain
	}
	return didYouMean(name, s.aws.sources, "an event source is a service's name before "+domain)
}

// sourcePart tells of parts of event sources that none has.
func (s *subject) sourcePart(v rules.Value) {
	if v.Kind == rules.Null || slices.ContainsFunc(s.aws.sources, valueTester(s.item, v)) {
		return
	}
	s.warn(v.Position, UnknownSource, "", "no service of AWS is known to have an eventSource for which this holds")
}
