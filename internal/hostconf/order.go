package hostconf

import (
	"strings"

	"sigmatrail/conf"
)

// asks returns the values of a section that ask for what stands under key, such as $sigma['level'] .
func asks(s *section, key string) (list []value) {
	for _, p := range s.properties {
		for _, v := range p.values {
			if asksFor(v.text, key) {
				list = append(list, v)
			}
		}
	}
	return list
}

// asksFor reports whether a record accessor in text begins with key.
func asksFor(text, key string) bool {
	for {
		_, rest, found := strings.Cut(text, "$"+key)
		if !found {
			return false
		}
		if rest == "" || strings.ContainsRune("[. '\"", rune(rest[0])) {
			return true
		}
		text = rest
	}
}

// keys returns under what hits may be written; all is false where a key is not known.
func (k *checker) keys() (list []string, all bool) {
	all = true
	for _, i := range k.own {
		all = all && i.known
		list = append(list, i.key)
	}
	return list, all
}

// writes returns the first section in list that writes under key, by its index, or -1.
func (k *checker) writes(list []section, key string) int {
	for i := range list {
		for _, own := range k.own {
			if own.section == &list[i] && own.key == key {
				return i
			}
		}
	}
	return -1
}

// order looks for filters and processors that ask for hits that nobody has written by then.
func (k *checker) order() {
	keys, all := k.keys()
	if len(keys) == 0 {
		return
	}
	for _, key := range unique(append(keys, conf.Default().Key)) {
		onInput := false
		for i := range k.inputs {
			onInput = onInput || k.writes(k.inputs[i].processors, key) >= 0
			k.inOrder(k.inputs[i].processors, key, false, all)
		}
		k.inOrder(k.filters, key, onInput, all)
		anywhere := onInput || k.writes(k.filters, key) >= 0
		for i := range k.outputs {
			k.inOrder(k.outputs[i].processors, key, anywhere, all)
		}
	}
}

func unique(names []string) (list []string) {
	seen := make(map[string]bool)
	for _, name := range names {
		if name != "" && !seen[name] {
			list = append(list, name)
		}
		seen[name] = true
	}
	return list
}

// inOrder looks at plugins that records pass one after the other. written is set where something before them has written hits under key.
func (k *checker) inOrder(list []section, key string, written, all bool) {
	writer := k.writes(list, key)
	for i := range list {
		if written || (writer >= 0 && writer < i) {
			return
		}
		if i == writer {
			continue
		}
		for _, v := range asks(&list[i], key) {
			at := k.within(v.Position, "$"+key)
			if writer > i {
				k.err(at, AskedEarly, "put it behind "+pluginName, "this asks for $%s, which %s in line %d writes only later", key, pluginName, list[writer].Line)
				continue
			}
			if !all {
				continue // perhaps the key that is not known is this one
			}
			k.err(at, AskedForNobody, "", "this asks for $%s, and nothing before it writes that%s", key, k.others(key))
		}
	}
}

// others names the keys that are written instead.
func (k *checker) others(key string) string {
	keys, _ := k.keys()
	for _, other := range unique(keys) {
		if other != key {
			return "; there is $" + other
		}
	}
	return ""
}

// routes looks for routes that ask for hits, without sigma among the processors of their input.
func (k *checker) routes() {
	keys, _ := k.keys()
	for _, key := range unique(append(keys, conf.Default().Key)) {
		for i := range k.inputs {
			in := &k.inputs[i]
			if len(k.own) == 0 || k.writes(in.processors, key) >= 0 {
				continue
			}
			for _, v := range in.conditions {
				if asksFor(v.text, key) {
					k.err(v.Position, RoutesEarly, "write processors: {logs: [{name: "+pluginName+"}]} on this input, in the place of the filter",
						"routes are decided before filters: this finds no hits, and nothing is ever routed by it")
				}
			}
		}
	}
}
