package record

import (
	"maps"
	"slices"
	"strings"
)

// Aliases says where records have the fields that rules name: it maps a field to the paths that it stands at. What a rule says of the field it
// says of the union of their values. A key that ends in a dot is for every field that begins with it, and so is the empty key for all; their
// paths end the same way, and what follows in the field follows there. Paths reads the table.
type Aliases map[string][]string

// Paths returns the paths of a field: those of its own entry, else those of the longest beginning that has one, else the field itself. The
// order is that of the table. The caller must not change the result.
func (a Aliases) Paths(field string) []string {
	paths, _ := a.find(field)
	return paths
}

// find also reports whether there is an entry.
func (a Aliases) find(field string) ([]string, bool) {
	if paths, ok := a[field]; ok {
		return paths, true
	}
	for end := len(field); end > 0; {
		end = strings.LastIndexByte(field[:end-1], '.') + 1
		if heads, ok := a[field[:end]]; ok {
			return behind(heads, field[end:]), true
		}
	}
	return []string{field}, false
}

func behind(heads []string, rest string) []string {
	paths := make([]string, 0, len(heads))
	for _, head := range heads {
		paths = append(paths, head+rest)
	}
	return paths
}

// over returns the table that first looks a field up in others, then each of the paths found in a.
func (a Aliases) over(others Aliases) Aliases {
	all := make(Aliases, len(a)+len(others))
	maps.Copy(all, a)
	for field, paths := range others {
		var mapped []string
		for _, p := range paths {
			for _, m := range a.Paths(p) {
				if !slices.Contains(mapped, m) {
					mapped = append(mapped, m)
				}
			}
		}
		all[field] = mapped
	}
	return all
}

// DefaultAliases returns the table that makes the short paths of articles and of old rules find today's record shapes: security group
// rules stand flat in old records, under ipPermissions in today's, and under ModifySecurityGroupRulesRequest in changes of them.
// The caller owns the result.
func DefaultAliases() Aliases {
	const (
		request     = "requestParameters."
		permissions = request + "ipPermissions."
		modify      = request + "ModifySecurityGroupRulesRequest.SecurityGroupRule.SecurityGroupRule."
	)
	table := Aliases{
		request + "cidrIp": {
			request + "cidrIp",
			request + "cidrIpv6",
			modify + "CidrIpv4",
			modify + "CidrIpv6",
		},
	}
	for short, long := range map[string]string{"fromPort": "FromPort", "toPort": "ToPort", "ipProtocol": "IpProtocol"} {
		table[request+short] = []string{request + short, permissions + short, permissions + "items." + short, modify + long}
	}
	for _, items := range []string{"", "items."} {
		for _, ranges := range []string{"ipRanges.", "ipRanges.items.", "ipv6Ranges.", "ipv6Ranges.items."} {
			for _, name := range []string{"cidrIp", "cidrIpv6"} {
				table[request+"cidrIp"] = append(table[request+"cidrIp"], permissions+items+ranges+name)
			}
		}
	}
	return table
}
