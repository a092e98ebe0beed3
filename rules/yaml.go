package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// This is the one file that knows the YAML library: the rest of the package sees nodes.

// place is a line and a column of the file that is being read, both from 1.
type place struct{ line, column int }

// nodeKind is the shape of a node.
type nodeKind uint8

const (
	scalarNode nodeKind = iota
	listNode
	mapNode
)

// node is one YAML value with its place.
type node struct {
	place
	kind nodeKind
	// tag is YAML's type of a scalar: !!str, !!int, !!float, !!bool, !!null, !!timestamp.
	tag string
	// text is a scalar's value.
	text string
	// block is set for scalars in literal or folded style, quoted for those in quotes.
	block, quoted bool
	items         []*node
	pairs         []pair
}

// pair is one member of a map.
type pair struct{ key, value *node }

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	for _, p := range n.pairs {
		if p.key.text == key {
			return p.value
		}
	}
	return nil
}

const (
	maxFile  = 4 << 20 // bytes; the largest rule of SigmaHQ has 60 KiB
	maxDepth = 64
	maxNodes = 200_000 // after aliases are followed, so that nested ones cannot blow up
)

// document is one document of a file; root is nil where it was refused. broken is set where an error of it was reported already.
type document struct {
	root   *node
	broken bool
}

// readYAML returns the documents of src. What cannot be read is reported, and ends the list with a broken document.
func readYAML(src []byte, r *report) (docs []document) {
	if len(src) > maxFile {
		r.err(place{}, YAMLLimit, "the file has %d bytes; a file of rules may have %d", len(src), maxFile)
		return []document{{broken: true}}
	}
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		r.err(place{}, YAMLSyntax, "the file is UTF-16; convert it to UTF-8 first, for example with iconv")
		return []document{{broken: true}}
	}
	// yaml.v3 has panicked on hostile input; a rule must never take the program down.
	defer func() {
		if p := recover(); p != nil {
			r.err(place{1, 1}, YAMLSyntax, "not YAML: %v", p)
			docs = append(docs, document{broken: true})
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return docs
		} else if err != nil {
			if at, strange := r.strangeSpace(); strange != 0 {
				return r.withPlainSpaces(at, strange)
			}
			r.syntax(err)
			return append(docs, document{broken: true})
		}
		before := r.errors
		c := converter{report: r}
		root := c.convert(doc.Content[0], 0)
		docs = append(docs, document{root: root, broken: r.errors > before})
	}
}

// syntax reports what the library says, or what is wrong with the line that it names or the one beside it.
func (r *report) syntax(err error) {
	at, reason := yamlMistake(err)
	for _, line := range []int{at.line, at.line - 1, at.line + 1} {
		if line > 0 && line <= len(r.lines) {
			if offset, message, hint := mendYAML(r.lines[line-1]); hint != "" {
				r.errHint(place{line, utf8.RuneCountInString(r.lines[line-1][:offset]) + 1}, YAMLSyntax, hint, "not YAML: %s", message)
				return
			}
		}
	}
	r.errHint(at, YAMLSyntax, "", "not YAML: %s", reason)
}

// withPlainSpaces reports a strange space, and reads the file as it would be with plain ones, so that what else is wrong with it is found in the
// same run. All documents count as broken.
func (r *report) withPlainSpaces(at place, strange rune) []document {
	plain := strings.Map(plainSpace, strings.Join(r.lines, "\n"))
	*r = report{file: r.file, lines: strings.Split(plain, "\n")}
	hint := "put plain spaces in"
	if strange == '\u00a0' {
		hint += `, for example: sed -i 's/\xc2\xa0/ /g' FILE`
	}
	r.errHint(at, YAMLSpace, hint, "what looks like a space here is the character U+%04X, which is none for YAML; text from web pages has it", strange)
	docs := readYAML([]byte(plain), r)
	for i := range docs {
		docs[i].broken = true
	}
	return docs
}

// errorLine is how the library begins an error of which it knows the line.
var errorLine = regexp.MustCompile(`^line (\d+): `)

// yamlMistake takes the line out of an error's text, the only place where the library puts it.
func yamlMistake(err error) (at place, reason string) {
	reason = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := errorLine.FindStringSubmatch(reason); m != nil {
		if line, err := strconv.Atoi(m[1]); err == nil {
			return place{line, 1}, reason[len(m[0]):]
		}
	}
	return place{1, 1}, reason
}

type converter struct {
	report *report
	nodes  int
	failed bool
}

// convert copies y, following aliases. It returns nil where the document is refused, which is reported once.
func (c *converter) convert(y *yaml.Node, depth int) *node {
	at := place{y.Line, y.Column}
	if c.nodes++; c.nodes > maxNodes || depth > maxDepth {
		c.refuse(at, YAMLLimit, fmt.Sprintf("more than %d values, or nested more than %d deep: no rule is like that", maxNodes, maxDepth))
		return nil
	}
	n := &node{place: at, text: y.Value, tag: y.ShortTag()}
	switch y.Kind {
	case yaml.AliasNode:
		return c.convert(y.Alias, depth+1)
	case yaml.ScalarNode:
		n.block = y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
		n.quoted = y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
	case yaml.SequenceNode:
		n.kind = listNode
		for _, e := range y.Content {
			if item := c.convert(e, depth+1); item != nil {
				n.items = append(n.items, item)
			}
		}
	case yaml.MappingNode:
		n.kind = mapNode
		c.pairs(n, y, depth)
	}
	if c.failed {
		return nil
	}
	return n
}

func (c *converter) pairs(n *node, y *yaml.Node, depth int) {
	seen := make(map[string]place)
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := c.convert(y.Content[i], depth+1), c.convert(y.Content[i+1], depth+1)
		if key == nil || value == nil {
			return
		}
		if key.tag == "!!merge" {
			c.refuse(key.place, YAMLMerge, "merge keys (<<) are not part of Sigma; write the keys out")
			return
		}
		if key.kind != scalarNode {
			c.refuse(key.place, WrongType, "a key must be a text")
			return
		}
		if first, twice := seen[key.text]; twice {
			c.report.err(key.place, DuplicateKey, "the key %q is here a second time; the first is in line %d", key.text, first.line)
			continue
		}
		seen[key.text] = key.place
		n.pairs = append(n.pairs, pair{key, value})
	}
}

func (c *converter) refuse(at place, code Code, message string) {
	if !c.failed {
		c.report.err(at, code, "%s", message)
	}
	c.failed = true
}

// placeIn returns the place of the byte at offset of a scalar's text. Where the scalar is folded, literal or quoted, the text is laid beside
// the source, so that the place is right across lines; where escapes make that impossible it is the scalar's beginning.
func (n *node) placeIn(r *report, offset int) place {
	line, column := n.line, n.column-1 // column as a count of characters before
	if n.block {
		line, column = line+1, 0
	} else if n.quoted {
		column++
	}
	for i, c := range n.text {
		if i > offset {
			break
		}
		var ok bool
		if isSpace(c) {
			if i == offset {
				break
			}
			continue
		}
		if line, column, ok = seek(r.lines, line, column, c); !ok {
			return n.place
		}
		if i >= offset {
			return place{line, column + 1}
		}
		column++
	}
	return place{line, column + 1}
}

// seek returns where the next character that is no white space stands, if it is c.
func seek(lines []string, line, column int, c rune) (int, int, bool) {
	for ; line >= 1 && line <= len(lines); line, column = line+1, 0 {
		for at, r := range []rune(lines[line-1]) {
			if at < column || isSpace(r) {
				continue
			}
			return line, at, r == c
		}
	}
	return 0, 0, false
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }
