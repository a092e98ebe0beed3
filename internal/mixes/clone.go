package mixes

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// Cloned returns n rules made of SigmaHQ's rules for CloudTrail, of those whose every eventName item lists exact names, in turn. Each is a deep
// copy with a title and an id of its own, in which eventSource is another service and every eventName an operation of that service, drawn
// from all that AWS has with the seed. With absent they have endings that no record of the corpora has, so that no clone is ever hit.
func (s *Shared) Cloned(n int, seed uint64, absent bool) ([]*rules.Rule, error) {
	services, err := s.services()
	if err != nil {
		return nil, err
	}
	return s.cloned(n, seed, absent, services)
}

// Crowd returns n rules as Cloned does, in which services and operations are those of the records of a mix: each record then is looked at by many.
func (s *Shared) Crowd(n int, seed uint64, m Mix) ([]*rules.Rule, error) {
	operations := make(map[string]map[string]bool)
	var ev chunk.Event
	for w := chunk.NewWalker(m.Data); w.Next(&ev); {
		body, _ := record.Decode(m.Data, ev.BodyStart)
		o, ok := body.(*record.Object)
		if !ok {
			continue
		}
		name := strings.TrimSuffix(o.Text("eventSource"), ".amazonaws.com")
		if operations[name] == nil {
			operations[name] = make(map[string]bool)
		}
		operations[name][o.Text("eventName")] = true
	}
	var services []service
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		services = append(services, service{name, slices.Sorted(maps.Keys(operations[name]))})
	}
	return s.cloned(n, seed, false, services)
}

func (s *Shared) cloned(n int, seed uint64, absent bool, services []service) ([]*rules.Rule, error) {
	all, err := s.SigmaHQRules()
	if err != nil {
		return nil, err
	}
	originals := slices.DeleteFunc(all, func(r *rules.Rule) bool { return !hasExactNames(r) })
	random := rand.New(rand.NewPCG(seed, 0))
	list := make([]*rules.Rule, n)
	for i := range list {
		c := cloner{service: services[random.IntN(len(services))], random: random, searches: make(map[*rules.Search]*rules.Search)}
		if absent {
			c.ending = "X" + strconv.Itoa(i)
		}
		list[i] = c.rule(originals[i%len(originals)], i)
	}
	return list, nil
}

// service is a host name before .amazonaws.com and the operations of it.
type service struct {
	name       string
	operations []string
}

// services reads the services of AWS, in order of their names.
func (s *Shared) services() ([]service, error) {
	text, err := os.ReadFile(filepath.Join(s.data, "aws_operations.json"))
	if err != nil {
		return nil, err
	}
	var all map[string]map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("aws_operations.json: %w", err)
	}
	list := make([]service, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, service{name, slices.Sorted(maps.Keys(all[name]))})
	}
	return list, nil
}

// hasExactNames reports whether the rule names operations, and each of them exactly.
func hasExactNames(r *rules.Rule) bool {
	items := 0
	for _, s := range r.Searches {
		for _, g := range s.Groups {
			for _, i := range g.Items {
				if i.Field != "eventName" {
					continue
				}
				if items++; !isExact(i) {
					return false
				}
			}
		}
	}
	return items > 0
}

// isExact reports whether an item compares whole texts without wildcards.
func isExact(i *rules.Item) bool {
	if i.Op != rules.Equal || i.Negate || i.FieldRef || i.DatePart != rules.NoPart {
		return false
	}
	return !slices.ContainsFunc(i.Values, func(v rules.Value) bool {
		return v.Kind != rules.Text || len(v.Patterns) != 1 || len(v.Patterns[0]) != 1 || v.Patterns[0][0].Wildcard != rules.None
	})
}

// cloner copies one rule.
type cloner struct {
	service  service
	random   *rand.Rand
	ending   string
	searches map[*rules.Search]*rules.Search
}

func (c *cloner) rule(r *rules.Rule, number int) *rules.Rule {
	clone := *r
	clone.Title = fmt.Sprintf("%s (%d)", r.Title, number)
	clone.ID = fmt.Sprintf("00000000-0000-4000-8000-%012d", number)
	clone.Searches = make([]*rules.Search, len(r.Searches))
	for i, s := range r.Searches {
		clone.Searches[i] = c.search(s)
	}
	clone.Conditions = c.conditions(r.Conditions)
	return &clone
}

func (c *cloner) search(s *rules.Search) *rules.Search {
	clone := *s
	clone.Groups = make([]rules.Group, len(s.Groups))
	for i, g := range s.Groups {
		clone.Groups[i].Items = make([]*rules.Item, len(g.Items))
		for j, item := range g.Items {
			clone.Groups[i].Items[j] = c.item(item)
		}
	}
	c.searches[s] = &clone
	return &clone
}

func (c *cloner) item(i *rules.Item) *rules.Item {
	clone := *i
	clone.Values = slices.Clone(i.Values)
	if !isExact(i) {
		return &clone
	}
	switch i.Field {
	case "eventSource":
		clone.Values = []rules.Value{renamed(i.Values[0], c.service.name+lower(c.ending)+".amazonaws.com")}
	case "eventName":
		order := c.random.Perm(len(c.service.operations))
		for n := range clone.Values {
			operation := c.service.operations[order[n%len(order)]] // a service may have fewer
			clone.Values[n] = renamed(i.Values[n], operation+c.ending)
		}
	}
	return &clone
}

// lower makes the ending one of a host name.
func lower(ending string) string {
	if ending == "" {
		return ""
	}
	return "-x" + ending[1:]
}

// renamed returns v with another text, which has no wildcards.
func renamed(v rules.Value, text string) rules.Value {
	v.Text, v.Patterns = text, []rules.Pattern{{{Literal: text}}}
	return v
}

// conditions copies conditions, with the copies of the searches in them.
func (c *cloner) conditions(list []rules.Condition) []rules.Condition {
	clones := make([]rules.Condition, len(list))
	for i, condition := range list {
		clones[i] = c.condition(condition)
	}
	return clones
}

func (c *cloner) condition(condition rules.Condition) rules.Condition {
	switch condition := condition.(type) {
	case rules.And:
		return rules.And{Terms: c.conditions(condition.Terms)}
	case rules.Or:
		return rules.Or{Terms: c.conditions(condition.Terms)}
	case rules.Not:
		return rules.Not{Term: c.condition(condition.Term)}
	case rules.Ref:
		return rules.Ref{Search: c.searches[condition.Search]}
	case rules.Of:
		of := condition
		of.Searches = make([]*rules.Search, len(condition.Searches))
		for i, s := range condition.Searches {
			of.Searches[i] = c.searches[s]
		}
		return of
	}
	return condition
}
