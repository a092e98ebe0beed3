// Package conf holds the settings of sigmatrail: one tagged struct from which the properties of the Fluent Bit plugin, the flags of the
// command line, their help texts and the README's table all come. It is a leaf: it knows no rule, record or host.
package conf

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Settings is what a user can choose, with the defaults in the tags. The tags are the ones that kong reads, so that the command line
// can embed the struct; the host's property is the field's name in snake case, the flag the same in kebab case. What kong is told to leave out
// is for the filter alone, and empty on the command line.
type Settings struct {
	Rules                 string        `default:"builtin" placeholder:"LIST" help:"Rules to evaluate, separated by commas: files, directories (searched for *.yml and *.yaml), globs, or builtin for the bundled pack."`
	Placeholders          string        `placeholder:"FILE" help:"File of the values that %name% stands for under the modifier expand: a YAML map of names and lists."`
	Fields                string        `default:"cloudtrail" placeholder:"FORM" help:"Form of the records that are judged beside CloudTrail's own: cloudtrail (none), ecs (as Elastic's integration makes them), or a file of field mappings."`
	MinLevel              string        `default:"informational" placeholder:"LEVEL" enum:"informational,low,medium,high,critical" help:"Lowest level of a rule that is written on records. Rules below it are evaluated all the same."`
	MinStatus             string        `default:"unsupported" placeholder:"STATUS" enum:"unsupported,deprecated,experimental,test,stable" help:"Least mature status of a rule that is written on records; a rule without one counts as experimental."`
	Exclude               string        `placeholder:"LIST" help:"Rules to leave out, separated by commas: ids, tags such as attack.t1078, or globs of titles."`
	LevelOverrides        string        `placeholder:"LIST" help:"Other levels for rules, separated by commas: an id, a tag or a glob of titles, then =LEVEL. The last one that names a rule counts."`
	AllowNarrowingFilters bool          `default:"false" help:"Accept Sigma Filters without a not in their condition, which keep only the hits that they describe."`
	Key                   string        `default:"sigma" placeholder:"NAME" help:"Top-level key under which hits are written on a record."`
	Format                string        `default:"sigma" placeholder:"FORMAT" enum:"sigma,ecs,flat" help:"Names under which hits are written: sigma (one nested key), ecs (Elastic Common Schema), flat (scalars and lists with the names of Splunk's CIM). The key keeps level and rules in all of them."`
	EcsBase               bool          `default:"false" help:"With format ecs, add to records with hits what ECS calls their parts: @timestamp, event.action, event.outcome, cloud, source, user, user_agent and error, as far as they are not there."`
	Evidence              bool          `default:"false" help:"Add to each rule of a hit, as evidence, the fields and values of the record that satisfied it: at most 16, values of up to 256 bytes. What is absent is no evidence."`
	RuleFields            string        `placeholder:"LIST" help:"Attributes of rules to copy to their hits, separated by commas, such as falsepositives,references,logsource, also ones of your own."`
	RevokedTechniques     string        `default:"as_written" placeholder:"CHOICE" enum:"as_written,both" help:"What is written of a technique that ATT&CK has replaced: as_written (its id, as the rule has it), or both (its id, then that of its successor)."`
	Split                 bool          `default:"false" kong:"-" help:"Make an event of its own of each element of the array (Records, logEvents, Events) in which an event holds its records."`
	Emit                  string        `default:"all" kong:"-" enum:"all,matches" help:"Which events go on: all, or those alone on which hits are written."`
	ReserveKey            bool          `default:"false" help:"Move what comes in under the key to <key>_original on every event, so that no sender can pretend to a hit."`
	Flatten               string        `placeholder:"LIST" help:"Top-level fields, separated by commas, of which records with hits get every leaf as a member of its own at the top, such as requestParameters,responseElements: under the leaf's path, with one value, or a list of several in their order. At most 512 members a record."`
	FlattenSeparator      string        `default:"." placeholder:"TEXT" help:"What stands between the parts of a path in the names that flatten gives: 1 to 8 printable characters."`
	Summary               bool          `default:"false" help:"Write under the key, as summary, one line that says who did what to which, from where."`
	Suppress              string        `default:"off" kong:"-" help:"How long hits of one rule by the same principal count as repetitions of the first, such as 1h, 30m or 90s, or off. All of them are written; the key has notify, the highest level among the event's first hits, to route notifications on."`
	SuppressBy            string        `default:"recipientAccountId,userIdentity.accountId,userIdentity.arn,userIdentity.principalId,userIdentity.userName,userIdentity.invokedBy" kong:"-" help:"With suppress, the fields, separated by commas, whose values tell hits of one rule apart. Of a record that has none of them nothing is suppressed."`
	CorrelationLateness   time.Duration `default:"15m" kong:"-" help:"How much later than others of its account and region a record may come and still be correlated in the order of event times; conditions that later events can make false are judged so much later. At most 24h."`
	CorrelationMaxGroups  int           `default:"100000" kong:"-" help:"Most groups of events that correlations keep, all together; 0 is no bound. Beyond them those go that had no event for longest, which is counted and logged."`
	CorrelationMaxEvents  int           `default:"1000" kong:"-" help:"Most events that a group keeps; never fewer than a condition needs; 0 is no bound. Beyond them the oldest go, which is counted and logged."`
	CorrelationState      string        `placeholder:"FILE" kong:"-" help:"File in which what correlations remember survives restarts: a kill loses one second of it at most. Without it they begin anew."`
	Strict                bool          `default:"false" help:"Refuse to start if any rule is rejected, instead of running the others."`
}

// EmitMatches is the value of Emit with which events without a hit do not go on.
const EmitMatches = "matches"

// Option describes one setting, as generated tables and host headers show it.
type Option struct {
	// Name is the property's name in snake case, such as min_level.
	Name string
	// Default is the value that holds when the property is not set, as a user would write it.
	Default string
	// Help is one or more sentences.
	Help string
	// Allowed lists the values that are accepted; empty means any.
	Allowed []string
	// FilterOnly is set where the command line has no such flag.
	FilterOnly bool

	field int
}

// Flag returns the option's name as a flag of the command line, without dashes before it.
func (o Option) Flag() string { return strings.ReplaceAll(o.Name, "_", "-") }

// Options lists every setting in the order of the struct.
func Options() []Option { return optionsOf(reflect.TypeFor[Settings]()) }

func optionsOf(t reflect.Type) []Option {
	list := make([]Option, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		o := Option{Name: snake(f.Name), Default: f.Tag.Get("default"), Help: f.Tag.Get("help"), FilterOnly: f.Tag.Get("kong") == "-", field: i}
		if enum := f.Tag.Get("enum"); enum != "" {
			o.Allowed = strings.Split(enum, ",")
		}
		if f.Type.Kind() == reflect.Bool {
			o.Allowed = []string{"on", "off"}
			o.Default = onOff(o.Default == "true")
		}
		list = append(list, o)
	}
	return list
}

// Default returns the settings that hold when nothing is set.
func Default() Settings {
	s, err := Parse(func(string) (string, bool) { return "", false })
	if err != nil {
		return Settings{} // unreachable: TestDefaultsAreValid parses them
	}
	return s
}

// Parse reads every setting from get, which returns a property's value and whether the user set it. All malformed values are reported
// at once, each with the property's name and what is allowed.
func Parse(get func(name string) (value string, set bool)) (Settings, error) {
	var s Settings
	return s, errors.Join(fill(reflect.ValueOf(&s).Elem(), get), s.Validate())
}

// fill sets the fields of a struct of settings.
func fill(v reflect.Value, get func(name string) (value string, set bool)) error {
	var errs []error
	for _, o := range optionsOf(v.Type()) {
		text, set := get(o.Name)
		if !set {
			text = o.Default
		}
		if err := o.assign(v.Field(o.field), strings.TrimSpace(text)); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Validate reports what the types of the settings cannot rule out. A command line that fills the struct by itself calls it too.
func (s *Settings) Validate() error {
	if s.Rules == "" {
		return errors.New("rules: no rules named; name files, directories, globs or builtin")
	}
	if err := validKey(s.Key); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if s.Fields == "ecs" && slices.Contains(ecsFields(), s.Key) {
		return fmt.Errorf("key: %q is a field of records that fields: ecs is for; choose a name of your own, such as sigma", s.Key)
	}
	if err := s.validRuleFields(); err != nil {
		return err
	}
	if err := s.validFlatten(); err != nil {
		return err
	}
	if err := s.validCorrelation(); err != nil {
		return err
	}
	return s.validSuppress()
}

func (s *Settings) validCorrelation() error {
	switch {
	case s.CorrelationLateness < 0:
		return fmt.Errorf("correlation_lateness: %v is no length of time", s.CorrelationLateness)
	case s.CorrelationLateness > 24*time.Hour:
		return fmt.Errorf("correlation_lateness: %v is more than 24h", s.CorrelationLateness)
	case s.CorrelationMaxGroups < 0:
		return fmt.Errorf("correlation_max_groups: %d is negative; 0 is no bound", s.CorrelationMaxGroups)
	case s.CorrelationMaxEvents < 0:
		return fmt.Errorf("correlation_max_events: %d is negative; 0 is no bound", s.CorrelationMaxEvents)
	}
	return nil
}

func (o Option) assign(field reflect.Value, text string) error {
	switch field.Kind() {
	case reflect.Bool:
		on, ok := parseBool(text)
		if !ok {
			return fmt.Errorf("%s: %q is not a switch; use on or off", o.Name, text)
		}
		field.SetBool(on)
		return nil
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%s: %q is not a whole number", o.Name, text)
		}
		field.SetInt(int64(n))
		return nil
	case reflect.Int64: // a time.Duration
		d, ok := parseDuration(text)
		if !ok {
			return fmt.Errorf("%s: %q is no length of time above 0; write seconds, such as 4 or 0.5, or with a unit: 500ms, 15m", o.Name, text)
		}
		field.SetInt(int64(d))
		return nil
	default: // a text
	}
	if len(o.Allowed) > 0 {
		text = strings.ToLower(text)
		if !slices.Contains(o.Allowed, text) {
			return fmt.Errorf("%s: %q is not one of %s", o.Name, text, strings.Join(o.Allowed, ", "))
		}
	}
	field.SetString(text)
	return nil
}

// validKey refuses names that would hide a part of the record itself or that no store accepts.
func validKey(key string) error {
	if key == "" {
		return errors.New("the name is empty")
	}
	if len(key) > 128 {
		return errors.New("the name is longer than 128 bytes")
	}
	if i := strings.IndexFunc(key, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar }); i >= 0 {
		return fmt.Errorf("%q has a space, a control character or invalid UTF-8 in it", key)
	}
	if slices.Contains(recordFields(), key) {
		return fmt.Errorf("%q is a field of CloudTrail records or of their envelopes; choose a name of your own, such as sigma", key)
	}
	return nil
}

// recordFields lists the top-level names that CloudTrail records and their known envelopes use (CloudTrail User Guide, "CloudTrail
// record contents"): hits written there would displace evidence.
func recordFields() []string {
	return []string{
		"additionalEventData", "addendum", "apiVersion", "awsRegion", "edgeDeviceDetails", "errorCode", "errorMessage", "eventCategory",
		"eventID", "eventName", "eventSource", "eventTime", "eventType", "eventVersion", "insightDetails", "managementEvent", "readOnly",
		"recipientAccountId", "requestID", "requestParameters", "resources", "responseElements", "serviceEventDetails",
		"sessionCredentialFromConsole", "sharedEventID", "sourceIPAddress", "tlsDetails", "userAgent", "userIdentity", "vpcEndpointAccountId",
		"vpcEndpointId",
		"Body", "Events", "Message", "Records", "CloudTrailEvent", "_raw", "body", "detail", "event", "eventData", "json", "log", "logEvents",
		"message", "payload",
	}
}

// ecsFields lists the top-level names that CloudTrail records have in the form of Elastic's integration, beside those of envelopes.
func ecsFields() []string {
	return []string{"@timestamp", "aws", "cloud", "ecs", "file", "group", "related", "source", "tags", "tls", "user", "user_agent"}
}

func parseBool(text string) (on, ok bool) {
	switch strings.ToLower(text) {
	case "on", "true", "yes":
		return true, true
	case "off", "false", "no":
		return false, true
	}
	return false, false
}

// parseDuration reads what the host's own properties of time accept, seconds without a unit, and Go's units.
func parseDuration(text string) (d time.Duration, ok bool) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d > 0
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// snake turns a Go field name into the host's spelling: MinLevel becomes min_level.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
