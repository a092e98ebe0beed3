//go:build sigmafaults

package main

import "bytes"

// provoke fails as the tests of the border ask, by a word in the chunk. Only their builds have it.
func provoke(data []byte) {
	said := func(word string) bool { return bytes.Contains(data, []byte("provoke:"+word)) }
	switch {
	case said("panic"):
		panic("provoked")
	case said("nil"):
		var nowhere *int
		*nowhere = 1
	case said("background"):
		process.background.run("a provoked job", func() { panic("provoked") })
	}
}
