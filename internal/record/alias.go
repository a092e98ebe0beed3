package record

// Aliases maps a dotted path, as rules write it, to every path that it means, itself first. What a rule says of the path it says of the
// union of their values.
type Aliases map[string][]string

// Paths returns the paths that a field means: itself where the table says nothing.
func (a Aliases) Paths(field string) []string {
	if paths, ok := a[field]; ok {
		return paths
	}
	return []string{field}
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
