package awslint

import "regexp"

// version is what Lambda and CloudFront put behind the names of operations in records: UpdateFunctionCode20150331v2, CreateDistribution2020_05_31.
var version = regexp.MustCompile(`20[0-9]{2}_?[01][0-9]_?[0-3][0-9](v[0-9])?$`)

// withoutVersion returns a name without the version behind it.
func withoutVersion(name string) string {
	if at := version.FindStringIndex(name); at != nil {
		return name[:at[0]]
	}
	return name
}
