package hostconf

import (
	"path/filepath"
	"strings"
	"unicode"

	"sigmatrail/rules"
)

// yaml reads a YAML file (src/config_format/flb_cf_yaml.c), as includes at from names it.
func (c *config) yaml(path string, from rules.Position) {
	src, ok := c.open(path, from)
	if !ok {
		return
	}
	root := c.parseYAML(path, src)
	if root == nil {
		return
	}
	if root.kind != mapNode {
		c.err(root.Position, Syntax, "write sections such as pipeline:", "the file is no map of sections")
		return
	}
	for _, p := range root.pairs {
		switch strings.ToLower(p.key.text) {
		case "env":
			c.variables(p.value)
		case "includes":
			for _, v := range scalars(p.value) {
				dir := filepath.Dir(path)
				for _, file := range c.files(below(dir, v.text), v.Position) {
					if file = doubled(dir, v.text, file); file == "" {
						c.err(v.Position, Unreadable, "name the configuration by its whole path when fluent-bit is started, or leave out the star",
							"Fluent Bit looks for what fits a star below the directory of the configuration twice: in %s", filepath.Join(dir, dir))
						continue
					}
					c.yaml(file, v.Position)
				}
			}
		case "pipeline":
			c.pipeline(p.value)
		}
	}
}

// below returns a name relative to dir.
func below(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// doubled returns where the host looks for a file that a pattern has found: it puts dir before its name once more, which makes no difference if dir is
// absolute or where the process is. It returns "" where nothing is there.
func doubled(dir, pattern, file string) string {
	if !strings.Contains(pattern, "*") {
		return file
	}
	if file = below(dir, file); !exists(file) {
		return ""
	}
	return file
}

// variables reads env: a map, or a list of maps with name, and value or uri.
func (c *config) variables(n *node) {
	put := func(name string, v *node, value string) {
		if !c.env.put(name, value) && strings.HasPrefix(value, "file://") {
			c.err(v.Position, Unreadable, "name a file with something in it", "the variable %s cannot be read from %s", name, value)
		}
	}
	for _, p := range n.pairs {
		put(p.key.text, p.value, p.value.text)
	}
	for _, item := range n.items {
		var name, text string
		for _, p := range item.pairs {
			switch key := strings.ToLower(p.key.text); {
			case key == "name":
				name = p.value.text
			case key == "uri", key == "value" && text == "":
				text = p.value.text
			}
		}
		if name != "" {
			put(name, item, text)
		}
	}
}

func (c *config) pipeline(n *node) {
	for _, p := range n.pairs {
		var list *[]section
		var k kind
		switch strings.ToLower(p.key.text) {
		case "inputs":
			list, k = &c.inputs, input
		case "filters":
			list, k = &c.filters, filter
		case "outputs":
			list, k = &c.outputs, output
		case "customs":
			continue
		default:
			c.err(p.key.Position, Syntax, "the sections of a pipeline are inputs, filters and outputs", "a pipeline has no %q", p.key.text)
			continue
		}
		if p.value.kind == mapNode {
			c.err(p.value.Position, Syntax, "put a dash before each", "%s is no list", p.key.text)
		}
		for _, item := range p.value.items {
			*list = append(*list, sectionOf(item, k))
		}
	}
}

// sectionOf returns the instance that a map describes.
func sectionOf(n *node, k kind) section {
	s := section{Position: n.Position, kind: k}
	for _, p := range n.pairs {
		switch {
		case k != processor && p.key.text == "processors":
			s.processors = append(s.processors, processorsOf(p.value, k)...)
		case k == input && strings.EqualFold(p.key.text, "routes"):
			s.routed = scalars(p.value)
			s.conditions = conditionFields(p.value, false)
		default:
			one := property{Position: p.key.Position, name: p.key.text, values: scalars(p.value), nested: p.value.kind == mapNode}
			if k != processor { // of those the host takes names as they are
				one.name = translated(p.key.text)
			}
			for _, item := range p.value.items {
				one.nested = one.nested || item.kind != scalarNode
			}
			s.properties = append(s.properties, one)
		}
	}
	return s
}

func processorsOf(n *node, of kind) (list []section) {
	for _, signal := range n.pairs {
		for _, item := range signal.value.items {
			s := sectionOf(item, processor)
			s.of, s.signal = of, strings.ToLower(signal.key.text)
			list = append(list, s)
		}
	}
	return list
}

// scalars returns the scalars of n in their order.
func scalars(n *node) (list []value) {
	if n.kind == scalarNode {
		return []value{{n.Position, n.text}}
	}
	for _, item := range n.items {
		list = append(list, scalars(item)...)
	}
	for _, p := range n.pairs {
		list = append(list, scalars(p.value)...)
	}
	return list
}

// conditionFields returns what stands under field inside conditions.
func conditionFields(n *node, inside bool) (list []value) {
	for _, item := range n.items {
		list = append(list, conditionFields(item, inside)...)
	}
	for _, p := range n.pairs {
		if inside && p.key.text == "field" {
			list = append(list, scalars(p.value)...)
			continue
		}
		list = append(list, conditionFields(p.value, inside || p.key.text == "condition")...)
	}
	return list
}

// translated returns a name of a YAML section as the host makes it: camelCase becomes snake_case.
func translated(name string) string {
	if name == "" || !unicode.IsLower(rune(name[0])) || strings.Contains(name, "_") {
		return name
	}
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
