package main

import (
	"fmt"
	"strconv"
	"strings"
)

// dummy makes one record a second.
func dummy(record string) string {
	return fmt.Sprintf("{name: dummy, tag: ct, rate: 1, dummy: '%s'}", strings.ReplaceAll(record, "'", "''"))
}

// behind is copies of a filter and an output that drops everything.
func behind(filter string, copies int) string {
	var b strings.Builder
	if filter != "" {
		b.WriteString("  filters:\n")
		for n := range copies {
			fmt.Fprintf(&b, "    - {match: ct, %s}\n", strings.ReplaceAll(filter, "$N", strconv.Itoa(n)))
		}
	}
	b.WriteString("  outputs:\n    - {name: 'null', match: ct}\n")
	return b.String()
}
