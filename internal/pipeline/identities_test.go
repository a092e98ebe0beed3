package pipeline

import (
	"slices"
	"strings"
	"testing"

	"sigmatrail/rules"
)

// TestSameIdentity: rules that ask an identity alone are not judged again while it stays the same, and are where anything else can add to it.
func TestSameIdentity(t *testing.T) {
	const issuer = "userIdentity.sessionContext.sessionIssuer.type"
	rs := []*rules.Rule{
		item(t, "userIdentity.type: AssumedRole, "+issuer+": Role"), item(t, "userIdentity.type: AssumedRole, "+issuer+": Other"), item(t, "userIdentity.type: AssumedRole, userAgent: curl"),
		ruleOf(t, "s: {userIdentity.type: AssumedRole}\nn: {"+issuer+": Other}\ncondition: s and not n"), item(t, "userIdentity.type: AssumedRole, "+issuer+"|exists: false"),
		item(t, "userIdentity.type: AssumedRole, userIdentity|contains: some-role"), item(t, "userIdentity.arn|contains: some-role, "+issuer+": Other"),
		item(t, "userIdentity.type: AssumedRole, userIdentity.type|fieldref: kind"), item(t, "userIdentity.type: AssumedRole, userIdentity.since|hour: 0"),
	}
	member := func(name, kind string) []string {
		return []string{str("userIdentity"), dict(str("type"), str("AssumedRole"), str("arn"), str("arn:aws:sts::012345678901:assumed-role/"+name),
			str("sessionContext"), dict(str("sessionIssuer"), dict(str("type"), str(kind))))}
	}
	role, other := member("some-role", "Role"), member("any", "Other")
	bare := []string{str("userIdentity"), dict(str("type"), str("AssumedRole"), str("since"), str("2026-01-01T00:10:00Z"))}
	records := []struct {
		members []string
		want    []int
	}{
		{role, []int{0, 3, 5}},
		{slices.Concat(role, []string{str("userAgent"), str("curl")}), []int{0, 2, 3, 5}},
		{slices.Concat(role, []string{str(issuer), str("Other")}), []int{0, 1, 5, 6}},
		{slices.Concat([]string{str("userIdentity.sessionContext"), dict(str("sessionIssuer"), dict(str("type"), str("Other")))}, role), []int{0, 1, 5, 6}},
		{slices.Concat(role, []string{str("kind"), str("assumedrole")}), []int{0, 3, 5, 7}},
		{slices.Concat(role, other), []int{1}},
		{slices.Concat(other, role), []int{0, 3, 5}},
		{other, []int{1}},
		{slices.Concat(other, []string{str("userAgent"), str("curl")}), []int{1, 2}},
		{bare, []int{3, 4, 8}},
		{slices.Concat(bare, []string{str(issuer), str("Role")}), []int{0, 3, 8}},
	}
	var bodies [][]byte
	var want [][]int
	for round := range 40 {
		for i := range records {
			r := records[(i*(round%7+1)+round)%len(records)]
			for range 1 + round%4 {
				bodies, want = append(bodies, body(r.members...)), append(want, r.want)
			}
		}
	}
	check(t, rs, bodies, func(rule, body int) bool { return slices.Contains(want[body], rule) })
}

// TestNotedObjects: objects in which rules look often are noted on the walk over the record, whatever their keys are and in whatever order.
func TestNotedObjects(t *testing.T) {
	rs := []*rules.Rule{
		item(t, "requestParameters.acl: public"), item(t, "requestParameters.acl: null"), item(t, "requestParameters.a.b: x"), item(t, "requestParameters|contains: groups/global/AllUsers-of-the-world"),
		item(t, "requestParameters.acl|exists: true"), item(t, "requestParameters.list.acl: public"),
	}
	long := str(strings.Repeat("k", 40))
	public, private := []string{str("acl"), str("public")}, []string{str("acl"), str("private")}
	records := []struct {
		value string
		want  []int
	}{
		{dict(slices.Concat(public, []string{str("x"), str("y")})...), []int{0, 4}},
		{dict(slices.Concat(private, []string{str("x"), str("y")}, public)...), []int{0, 4}},
		{dict(slices.Concat(public, private)...), []int{4}},
		{dict(slices.Concat(public, []string{"\xc4\x03acl", str("private")})...), []int{4}},
		{dict(slices.Concat(public, []string{"\xd9\x03acl", str("private"), "\x01", "\x02", "\xc0", "\xc0", "\x90", "\x80", long, long})...), []int{4}},
		{dict(slices.Concat([]string{long, dict(public...), "\x90", str("acl")}, public)...), []int{0, 4}},
		{list(dict(public...), dict(private...)), []int{0, 4}},
		{dict(str("a"), dict(str("b"), str("x")), str("acl"), "\xc0"), []int{1, 2, 4}},
		{dict(str("a.b"), str("x")), []int{1, 2}},
		{dict(str("a"), list(dict(str("b"), str("y")), list(dict(str("b"), str("x"))))), []int{1, 2}},
		{dict(str("list"), list(dict(public...)), str("acl"), dict(public...)), []int{4, 5}},
		{dict(append(many(), str("uri"), str("http://acs/GROUPS/global/allusers-of-the-world/"))...), []int{1, 3}},
		{dict(append(many(), str("uri"), str("http://acs/group\u017f/global/allusers-of-the-world/"))...), []int{1, 3}},
		{dict(), []int{1}},
		{"\xc0", []int{1}},
		{str("acl"), []int{1}},
	}
	var bodies [][]byte
	var want [][]int
	for round := range 40 {
		for i := range records {
			r := records[(i*(round%7+1)+round)%len(records)]
			bodies, want = append(bodies, body(str("requestParameters"), r.value)), append(want, r.want)
			if round%3 == 0 { // of two members with one key the last counts
				twice := body(str("requestParameters"), records[i].value, str("requestParameters"), r.value)
				bodies, want = append(bodies, twice), append(want, r.want)
			}
		}
	}
	check(t, rs, bodies, func(rule, body int) bool { return slices.Contains(want[body], rule) })
}
