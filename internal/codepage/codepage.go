// Package codepage writes the pages on which every code of a problem stands, for the tests that keep them current: what it means and how to mend it, which the
// package's file code.go says behind each code, and an example, which its tests have.
package codepage

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Sections returns a section for each code in the code.go of the folder in which the test runs, in its order, and how many there are. A code whose line does not
// say what it means and how to mend it, or that has no example, fails the test.
func Sections(t testing.TB, examples map[string]string) (text string, codes int) {
	t.Helper()
	src, err := os.ReadFile("code.go")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`Code = "([a-z-]+)"\s+// (.*) → (.*)`).FindAllStringSubmatch(string(src), -1)
	if all := regexp.MustCompile(`Code = "`).FindAllString(string(src), -1); len(list) != len(all) {
		t.Fatalf("%d codes, of which %d say what they mean and how to mend it", len(all), len(list))
	}
	var b strings.Builder
	for _, m := range list {
		example := examples[m[1]]
		if example == "" {
			t.Errorf("no case for the code %s", m[1])
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s%s. %s\n\n```\n%s```\n", m[1], strings.ToUpper(m[2][:1]), m[2][1:], m[3], example)
	}
	return b.String(), len(list)
}
