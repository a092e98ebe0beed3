package hostconf

import (
	"os"
	"strings"
)

// environment is what ${NAME} stands for: what the configuration sets goes before what the process has.
type environment struct {
	set    map[string]string
	getenv func(string) string
}

func newEnvironment(getenv func(string) string) environment {
	e := environment{set: make(map[string]string), getenv: getenv}
	if name, err := os.Hostname(); err == nil && getenv("HOSTNAME") == "" {
		e.set["HOSTNAME"] = name
	}
	return e
}

// put sets a variable. A value such as file:///run/secret is read from there; ok is false where it cannot be, or is empty, which the host does not take.
func (e environment) put(name, value string) (ok bool) {
	if path, isFile := strings.CutPrefix(value, "file://"); isFile {
		text, err := readFile(path)
		if err != nil || len(text) == 0 {
			return false
		}
		value = string(text)
		if last := value[len(value)-1]; last == '\n' || last == '\r' {
			value = value[:len(value)-1]
		}
	}
	e.set[name] = value
	return value != ""
}

func (e environment) get(name string) (value string, ok bool) {
	if value, ok = e.set[name]; ok {
		return value, true
	}
	value = e.getenv(name)
	return value, value != "" // the host takes an empty variable for none
}

// expand puts values in the place of ${NAME} and ${NAME:-VALUE}, once; unset lists the names that have none.
func (e environment) expand(text string) (expanded string, unset []string) {
	var b strings.Builder
	for {
		start, end := strings.Index(text, "${"), strings.Index(text, "}")
		if start < 0 || end <= start+2 { // also where a } stands before it, as in the host
			return b.String() + text, unset
		}
		b.WriteString(text[:start])
		name, fallback, hasFallback := strings.Cut(text[start+2:end], ":-")
		text = text[end+1:]
		switch value, ok := e.get(name); {
		case ok && (value != "" || !hasFallback):
			b.WriteString(value)
		case hasFallback:
			b.WriteString(fallback)
		default:
			unset = append(unset, name)
		}
	}
}
