// Package cloudtrail is the bundled rule pack: Sigma rules on AWS CloudTrail records, written for this project, each with its tests beside
// it.
package cloudtrail

import (
	"embed"
	"io/fs"
)

//go:generate go run ./generate -root ../..

//go:embed *.yml
var files embed.FS

// FS returns the pack: NAME.yml holds a rule, NAME.test.yml its tests.
func FS() fs.FS { return files }
