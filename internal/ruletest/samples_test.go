package ruletest

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestSamples(t *testing.T) {
	read := func(text string) ([]Sample, error) {
		return Samples(fstest.MapFS{"a.yml": {Data: []byte(text)}, "other.yml": {Data: []byte("none")}}, "a*.yml")
	}
	const head = "- {module: m, eventName: CreateUser, eventSource: iam.amazonaws.com, rule: r"
	got, err := read(head + ", event: {requestParameters: {userName: x}}}\n" + head + ", event: {eventName: CreateUser, errorCode: '1'}}\n")
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v %v", got, err)
	}
	if s := got[1]; s.Module != "m" || s.EventName != "CreateUser" || s.EventSource != "iam.amazonaws.com" || s.Rule != "r" || s.String() != "a.yml:2:3" {
		t.Errorf("%+v", s)
	}
	for i, want := range []string{
		`{"requestParameters":{"userName":"x"},"eventName":"CreateUser","eventSource":"iam.amazonaws.com"}`,
		`{"eventName":"CreateUser","errorCode":"1","eventSource":"iam.amazonaws.com"}`,
	} {
		if string(got[i].Event) != want {
			t.Errorf("%s, want %s", got[i].Event, want)
		}
	}
	got, err = read(head + "}\n- [a]\n" + head + ", event: {eventName: DeleteUser}}\n" + head + ", event: {}}\n")
	if len(got) != 1 || err == nil {
		t.Fatalf("%+v %v", got, err)
	}
	for _, want := range []string{"a.yml:1:3: must have module", "a.yml:2:3: ", "a.yml:3:3: the row's eventName is CreateUser, its event's DeleteUser"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing says %q: %v", want, err)
		}
	}
	if _, err = read("a: b"); err == nil || !strings.HasPrefix(err.Error(), "a.yml") {
		t.Errorf("no list: %v", err)
	}
}
