package rulegen

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// fields are the paths that rules name and that records fill.
func fields() []string {
	return []string{
		"eventName", "eventSource", "errorCode", "userAgent", "sourceIPAddress", "userIdentity.type", "userIdentity.arn",
		"requestParameters.a", "requestParameters.a.b", "requestParameters.list.x", "a.b.c", "eventTime",
		"requestParameters.toPort", "requestParameters.fromPort", "requestParameters.ipProtocol", "requestParameters.cidrIp",
		"requestParameters", "userIdentity", "userIdentity.sessionContext.attributes.mfaAuthenticated", "a.b", "a", "readOnly", "responseElements.a",
	}
}

// aliased are paths that record.DefaultAliases gives as other places of fields.
func aliased() []string {
	const permissions, modify = "requestParameters.ipPermissions.", "requestParameters.ModifySecurityGroupRulesRequest.SecurityGroupRule.SecurityGroupRule."
	return []string{
		permissions + "toPort", permissions + "items.toPort", permissions + "fromPort", permissions + "items.ipProtocol", permissions + "items.ipRanges.items.cidrIp",
		permissions + "ipv6Ranges.cidrIpv6", modify + "ToPort", modify + "FromPort", modify + "CidrIpv4", modify + "IpProtocol", "requestParameters.cidrIpv6",
	}
}

// wordsOf returns what is likely to stand at a path: few enough words that a rule and a record often have the same.
func wordsOf(path string) []string {
	switch path {
	case "eventName":
		return names()
	case "eventSource":
		return []string{"s3.amazonaws.com", "iam.amazonaws.com", "sts.amazonaws.com", "ec2.amazonaws.com"}
	case "errorCode":
		return []string{"AccessDenied", "Client.UnauthorizedOperation", "", "NoSuchBucket"}
	case "sourceIPAddress", "requestParameters.cidrIp":
		return addresses()
	case "userIdentity.type":
		return []string{"Root", "IAMUser", "AssumedRole", "AWSService"}
	case "userIdentity.arn":
		return []string{"arn:aws:iam::012345678901:root", "arn:aws:iam::123456789012:user/alice", "arn:aws:sts::123456789012:assumed-role/admin/bob"}
	case "eventTime":
		return times()
	case "requestParameters.toPort", "requestParameters.fromPort":
		return numbers()
	case "requestParameters.ipProtocol":
		return []string{"tcp", "-1", "udp", "6"}
	case "readOnly", "userIdentity.sessionContext.attributes.mfaAuthenticated":
		return []string{"true", "false"}
	}
	return words()
}

// names are operations: eight that come often, and many more for long lists.
func names() []string {
	list := []string{"PutObject", "GetObject", "ConsoleLogin", "StopLogging", "DeleteTrail", "AssumeRole", "CreateAccessKey", "RunInstances"}
	for _, verb := range []string{"Create", "Delete", "Update", "Attach"} {
		for _, noun := range []string{"User", "Role", "Policy", "Key", "Group", "Stack"} {
			list = append(list, verb+noun)
		}
	}
	return list
}

// words are texts of every kind: of one character and many, with a case that one byte cannot fold, wildcards and backslashes, JSON's own
// characters, line ends, dashes.
func words() []string {
	return []string{
		"stop", "admin", "-exec", "aws-cli/2.13 -exec /tmp", "a", "ab", "", "alice", "Boto3/1.34", "cloudtrail.amazonaws.com",
		"kelvin", "\u212aelvin", "\u017ftop", "straße", "STRAẞE", "İ", "i", "é", "É", "😀 ok", "a*b", "a?b", `a\b`, `c:\*`, `say "x"`, "line\nend",
		"*", "–exec", "/exec", "http://x", "22", "true", "null", "PutObject", "AccessDenied", "10.0.0.1", "\x00", "Root",
	}
}

// secrets are what stands encoded in records and rules; of few words, as each has many forms.
func secrets() []string { return []string{"-exec", "ab", "a", "é\U0001f600"} }

// secretive are the paths at which secrets stand.
func secretive() []string {
	return []string{"userAgent", "requestParameters.a", "requestParameters.list.x"}
}

func addresses() []string {
	return []string{
		"10.0.0.1", "10.0.0.0/24", "10.1.2.3", "192.168.1.7", "2001:db8::1", "2001:db8::/48", "::ffff:10.0.0.1", "::ffff:10.0.0.0/120", "fe80::1%eth0",
		"0.0.0.0/0", "::/0", "cloudtrail.amazonaws.com", "AWS Internal", "10.0.0.256",
	}
}

func networks() []string {
	return []string{"10.0.0.0/8", "10.0.0.0/24", "10.0.0.1/32", "2001:db8::/32", "::ffff:10.0.0.0/104", "0.0.0.0/0", "::/0", "fe80::/10", "192.168.1.7/16"}
}

func times() []string {
	return []string{
		"2024-05-22T06:35:53Z", "2024-05-22T06:35:54Z", "2024-12-30T23:59:59+02:00", "2021-01-01T00:00:00-0330", "2024-05-22 06:35:53", "2024-05-22T06:35:53.123456789Z",
		"1716359753", "1716359753123", "1716359753.5", "yesterday",
	}
}

// numbers are as rules write them: forms that mean the same, leading zeros, what float64 and int64 cannot hold, YAML's own.
func numbers() []string {
	return []string{
		"22", "22.0", "1.10", "012345678901", "9007199254740993", "18446744073709551615", "-9223372036854775808", "123456789012345678901234567890",
		"-1", "-0.5", "0", "-0", "1e3", "1E-2", "65535", "3389", "1000", "12345678901", "1e21", "1e-7", "2.2e1",
	}
}

// recased returns text with another case: all upper, all lower, or with characters that fold onto others across ASCII.
func recased(c choices, text string) string {
	switch c.next(4) {
	case 0:
		return strings.ToUpper(text)
	case 1:
		return strings.ToLower(text)
	case 2:
		return strings.NewReplacer("s", "\u017f", "S", "\u017f", "k", "\u212a", "K", "\u212a", "ß", "ẞ", "ẞ", "ß", "é", "É", "É", "é").Replace(text)
	default:
		return strings.NewReplacer("\u017f", "s", "\u212a", "K", "o", "O", "A", "a").Replace(text)
	}
}

// around returns text with something before or behind it.
func around(c choices, text string) string {
	switch c.next(3) {
	case 0:
		return text + pick(c, []string{"x", "Object", " ", "é"})
	case 1:
		return pick(c, []string{"x", "My", "\u017f", "\n"}) + text
	default:
		return "(" + text + ")"
	}
}

// encoded returns text in one of the forms that the encoding modifiers find.
func encoded(c choices, text string) string {
	units := utf16.Encode([]rune(text))
	var little, big []byte
	for _, u := range units {
		little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
	}
	forms := []string{text, string(little), string(big), "\xff\xfe" + string(little)}
	form := pick(c, forms)
	switch c.next(4) {
	case 0:
		return form
	case 1:
		return base64.StdEncoding.EncodeToString([]byte(form))
	default:
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", c.next(3)) + form + strings.Repeat("y", c.next(3))))
	}
}
