package conf_test

import (
	"fmt"

	"sigmatrail/conf"
)

func ExampleParse() {
	properties := map[string]string{"rules": "/etc/sigma", "min_level": "severe"}
	_, err := conf.Parse(func(name string) (string, bool) {
		value, set := properties[name]
		return value, set
	})
	fmt.Println(err)
	// Output: min_level: "severe" is not one of informational, low, medium, high, critical
}
