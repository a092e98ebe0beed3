package hostconf

import (
	"errors"
	"slices"
	"strings"

	"sigmatrail/conf"
)

// pluginName is that of the filter and of the output.
const pluginName = "sigma"

// door is a kind of plugin that is ours: which properties it takes, and how their values are read.
type door struct {
	// own are the names of our properties. host are those that Fluent Bit reads itself on every plugin of the kind, prefixes the beginnings of such.
	own, host, prefixes []string
	// parse reads our properties; errors begin with the property's name and a colon.
	parse func(get func(name string) (value string, set bool)) (conf.Settings, error)
}

// doorOf returns the door of a section that is ours. What Fluent Bit reads itself is in flb_filter_set_property, flb_output_set_property,
// flb_processor_unit_set_property and flb_config_map_properties_check.
func doorOf(k kind) door {
	d := door{own: names(conf.Options()), host: []string{"name", "match", "match_regex", "alias", "log_level", "log_suppress_interval", "active", "condition"}, parse: conf.Parse}
	if k == output {
		d.own = append(d.own, names(conf.OutputOptions())...)
		d.parse = parseOutput
		d.prefixes = []string{"net.", "oauth2", "tls."}
		d.host = append(d.host, "host", "port", "ipv6", "retry_limit", "tls", "storage.total_limit_size", "workers")
	}
	return d
}

// parseOutput reads the properties of the Go output, which are more.
func parseOutput(get func(name string) (value string, set bool)) (conf.Settings, error) {
	settings, err := conf.Parse(get)
	_, wrong := conf.ParseOutput(get)
	return settings, errors.Join(err, wrong)
}

func names(options []conf.Option) (list []string) {
	for _, o := range options {
		list = append(list, o.Name)
	}
	return list
}

// knows reports whether the host or the plugin reads the property.
func (d *door) knows(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(d.own, name) || slices.Contains(d.host, name) ||
		slices.ContainsFunc(d.prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}
