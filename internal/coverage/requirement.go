package coverage

import (
	"cmp"
	"slices"
	"strings"

	"sigmatrail/rules"
)

// Requirement is something that CloudTrail must be told to record, such as data:AWS::S3::Object.
type Requirement string

// The requirements, and what the others begin with: behind data: stands a type of resources, behind not-excluded: a service.
const (
	ManagementWrite Requirement = "management:write"
	ManagementRead  Requirement = "management:read"
	AnyData         Requirement = "data"
	Insights        Requirement = "insights"
	NetworkActivity Requirement = "network-activity"
	GlobalServices  Requirement = "global-services"
	SignIn          Requirement = "sign-in"

	dataPrefix     = "data:"
	excludedPrefix = "not-excluded:"
)

// Enable says what to do for CloudTrail to record it, in terms of its API.
func (r Requirement) Enable() string {
	if resource, ok := strings.CutPrefix(string(r), dataPrefix); ok {
		return "data events with the resources.type " + resource
	}
	if service, ok := strings.CutPrefix(string(r), excludedPrefix); ok {
		return "management events, " + service + " not among ExcludeManagementEventSources"
	}
	return map[Requirement]string{
		ManagementWrite: "management events, ReadWriteType All or WriteOnly",
		ManagementRead:  "management events, ReadWriteType All or ReadOnly",
		AnyData:         "data events, of whatever resources are to be watched",
		Insights:        "Insights events",
		NetworkActivity: "network activity events of the service, where it is called through VPC endpoints",
		GlobalServices:  "a multi-Region trail, or one in us-east-1, with IncludeGlobalServiceEvents",
		SignIn:          "a multi-Region trail: root signs in in us-east-1, users also in us-east-2, eu-north-1, ap-southeast-2 or a Region of their choice",
	}[r]
}

// rank puts requirements in the order in which they are listed.
func (r Requirement) rank() int {
	order := []Requirement{ManagementWrite, ManagementRead, AnyData, Insights, NetworkActivity, GlobalServices, SignIn, excludedPrefix}
	return slices.IndexFunc(order, func(first Requirement) bool { return strings.HasPrefix(string(r), string(first)) })
}

// Compare is negative where r is listed before other.
func (r Requirement) Compare(other Requirement) int {
	return cmp.Or(cmp.Compare(r.rank(), other.rank()), strings.Compare(string(r), string(other)))
}

// Needs are the requirements of one rule, both lists in their order.
type Needs struct {
	// All must be met for the rule to see anything.
	All []Requirement
	// Some must be met too for it to see all that it is about. Where All is empty one of them must be for it to see anything.
	Some []Requirement
}

// NeedsOf works out the requirements of a rule from the calls that it may match.
func NeedsOf(r *rules.Rule) Needs {
	var n Needs
	ways := waysOf(Calls(r))
	for i, way := range ways {
		for _, need := range way {
			if slices.Contains(n.All, need) || slices.Contains(n.Some, need) {
				continue
			}
			if everywhere := !slices.ContainsFunc(ways, func(other []Requirement) bool { return !slices.Contains(other, need) }); everywhere && i == 0 {
				n.All = append(n.All, need)
			} else {
				n.Some = append(n.Some, need)
			}
		}
	}
	slices.SortFunc(n.All, Requirement.Compare)
	slices.SortFunc(n.Some, Requirement.Compare)
	return n
}

// waysOf returns what must be met, all of it, for each of the kinds of events that calls may be.
func waysOf(calls []Call) (ways [][]Requirement) {
	for _, c := range calls {
		switch {
		case is(c.Category, "Insight") || is(c.Type, "AwsCloudTrailInsight"):
			ways = append(ways, []Requirement{Insights})
		case is(c.Category, "NetworkActivity") || is(c.Type, "AwsVpceEvent"):
			ways = append(ways, []Requirement{NetworkActivity})
		default:
			ways = append(ways, waysOfCall(c)...)
		}
	}
	return ways
}

func is(text, other string) bool { return strings.EqualFold(text, other) }

// waysOfCall is waysOf for what is a management or a data event.
func waysOfCall(c Call) (ways [][]Requirement) {
	types, management := resourceTypes(c)
	switch {
	case c.Source == "*" && c.Name == "*":
		types = []string{""}
	case is(c.Category, "Management"):
		types = nil
	case c.Source == "*" && len(types) > 1:
		types = nil // a name that several services have says nothing
	}
	for _, t := range types {
		ways = append(ways, []Requirement{Requirement(strings.TrimSuffix(dataPrefix+t, ":"))})
	}
	if !management || is(c.Category, "Data") {
		return ways
	}
	var where []Requirement
	if slices.Contains(globalServices(), c.Source) {
		where = append(where, GlobalServices)
	}
	if isSignIn(c) {
		where = append(where, SignIn)
	}
	if slices.Contains(excludable(), c.Source) {
		where = append(where, Requirement(excludedPrefix+c.Source))
	}
	reads, writes := readOnly(c)
	if writes {
		ways = append(ways, append([]Requirement{ManagementWrite}, where...))
	}
	if reads {
		ways = append(ways, append([]Requirement{ManagementRead}, where...))
	}
	return ways
}
