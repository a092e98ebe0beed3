package awslint

import (
	"bytes"
	"compress/gzip"
	_ "embed" // for the tables
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// operationsFile is made by generate: behind a first line that says what it is, a line with the names of a service and then its operations, each
// behind a tab with the members of its input.
//
//go:embed operations.gz
var operationsFile []byte

// domain is what event sources end in.
const domain = ".amazonaws.com"

// catalogue is what AWS has.
type catalogue struct {
	services map[string]*service // by their names in lower case
	sources  []string            // all event sources, sorted
	names    []string            // the events of all services, sorted
}

// service is one, or several that share an event source.
type service struct {
	operations map[string]operation // by their names in lower case
	names      []string             // of operations and of other events
	extra      []string             // in lower case: events that are no operations
	open       bool                 // it has events that nobody has listed
}

// operation is one operation of a service.
type operation struct {
	name    string
	members string // of its input, with spaces between
}

// unpack returns the lines of a table behind its first.
func unpack(file []byte, title string) (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	if !strings.HasPrefix(first, title) {
		return "", errors.New("the table is of another form: " + first)
	}
	return rest, nil
}

func loadCatalogue() (*catalogue, error) {
	text, err := unpack(operationsFile, "# AWS operations 1: ")
	if err != nil {
		return nil, err
	}
	c := &catalogue{services: make(map[string]*service)}
	var s *service
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if row, ok := strings.CutPrefix(line, "\t"); ok {
			name, members, _ := strings.Cut(row, " ")
			s.operations[strings.ToLower(name)] = operation{name, members}
			s.names = append(s.names, name)
			continue
		}
		s = &service{operations: make(map[string]operation)}
		for name := range strings.FieldsSeq(line) {
			c.services[strings.ToLower(name)] = s
		}
	}
	c.furnish()
	return c, nil
}

// furnish adds what no model of AWS says.
func (c *catalogue) furnish() {
	for _, name := range furtherSources() {
		if c.services[name] == nil {
			c.services[name] = &service{open: true}
		}
	}
	for _, name := range openSources() {
		c.services[name].open = true
	}
	recorded := recordedSources()
	for _, table := range []map[string]string{recorded, guests()} {
		for name, actual := range table {
			c.lodge(name, actual)
		}
	}
	for name, events := range otherEvents() {
		s := c.services[name]
		for e := range strings.FieldsSeq(events) {
			s.names, s.extra = append(s.names, e), append(s.extra, strings.ToLower(e))
		}
	}
	for name := range c.services {
		if _, renamed := recorded[name]; !renamed {
			c.sources = append(c.sources, name+domain)
		}
	}
	slices.Sort(c.sources)
	all := make(map[string]bool)
	for _, s := range c.services {
		for _, name := range s.names {
			all[name] = true
		}
	}
	c.names = slices.Sorted(maps.Keys(all))
}

// lodge gives a service the operations of another one, under whose name there may be nothing else.
func (c *catalogue) lodge(name, actual string) {
	guest, host := c.services[name], c.services[actual]
	if guest == nil || guest == host {
		return
	}
	if host == nil {
		c.services[actual] = guest
		return
	}
	for key, op := range guest.operations {
		if _, taken := host.operations[key]; !taken {
			host.operations[key] = op
			host.names = append(host.names, op.name)
		}
	}
}

// service returns that of an event source, or nil. In China sources may end as addresses do there.
func (c *catalogue) service(source string) *service {
	name, ok := strings.CutSuffix(strings.TrimSuffix(strings.ToLower(source), ".cn"), domain)
	if !ok {
		return nil
	}
	return c.services[name]
}

// homes returns the event sources of the services that have an event, the shortest first.
func (c *catalogue) homes(event string) []string {
	found, recorded := make(map[string]bool), recordedSources()
	for name, s := range c.services {
		if actual := recorded[name]; actual != "" {
			name = actual
		}
		if s.has(event) {
			found[name+domain] = true
		}
	}
	list := slices.Collect(maps.Keys(found))
	if undotted := slices.DeleteFunc(slices.Clone(list), isEndpoint); len(undotted) > 0 {
		list = undotted
	}
	slices.SortFunc(list, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return list
}

// isEndpoint reports whether an event source is called as an endpoint is, such as api.ecr, which hardly any is.
func isEndpoint(source string) bool { return strings.Contains(strings.TrimSuffix(source, domain), ".") }

// has reports whether the service has an event, also as one with the version of an interface behind its name.
func (s *service) has(event string) bool {
	event = strings.ToLower(event)
	if _, ok := s.operations[event]; ok || slices.Contains(s.extra, event) {
		return true
	}
	_, ok := s.operations[withoutVersion(event)]
	return ok
}

// operation returns that of an event, which may have the version of an interface behind its name.
func (s *service) operation(event string) (operation, bool) {
	event = strings.ToLower(event)
	op, ok := s.operations[event]
	if !ok {
		op, ok = s.operations[withoutVersion(event)]
	}
	return op, ok
}

// member returns the member of the input with a name, in any case.
func (o operation) member(name string) (string, bool) {
	for member := range strings.FieldsSeq(o.members) {
		if strings.EqualFold(member, name) {
			return member, true
		}
	}
	return "", false
}
