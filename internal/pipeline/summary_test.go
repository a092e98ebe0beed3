package pipeline

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"sigmatrail/conf"

	"github.com/google/go-cmp/cmp"
)

// TestSummaryOnOwnEvents: what is said of the project's own events, through both doors, in every format.
func TestSummaryOnOwnEvents(t *testing.T) {
	want := []string{
		"user bob called sts:GetCallerIdentity from 198.51.100.23 in 111122223333/eu-west-1",
		"user bob called iam:CreateAccessKey on backup-svc from 198.51.100.23 in 111122223333/us-east-1",
		"user bob called iam:AttachUserPolicy on backup-svc with policy AdministratorAccess from 198.51.100.23 in 111122223333/us-east-1",
		"user backup-svc called cloudtrail:StopLogging on arn:aws:cloudtrail:eu-west-1:111122223333:trail/org-trail from 203.0.113.77 in 111122223333/eu-west-1",
		"user backup-svc called ec2:AuthorizeSecurityGroupIngress on sg-0a1b2c3d4e5f60718 from 203.0.113.77 in 111122223333/eu-west-1",
		"user backup-svc called s3:DeleteBucket on example-finance-archive from 203.0.113.77 in 111122223333/eu-west-1; " +
			`completes "Logging Stopped, Then Data Deleted", 2 events since 2026-11-20T08:03:55Z`,
		"root of 111122223333 signed in to the console without MFA from 203.0.113.77 in 111122223333/us-east-1",
		"user mallory was denied iam:CreateUser on mallory2 from 198.51.100.23 in 111122223333/us-east-1: AccessDenied",
	}
	for _, format := range formats() {
		e, err := New(settingsOf(func(s *conf.Settings) { s.Summary, s.Format = true, format }))
		if err != nil {
			t.Fatal(err)
		}
		for name, through := range doors() {
			var got []string
			events(t, "../../testdata/events/*.ndjson", func(text []byte) {
				w := readOutcome(t, through(t, e, string(text)))
				if len(w.Sigma.Rules) == 0 {
					return
				}
				got = append(got, w.Sigma.Summary)
				if _, there := w.top["sigma_summary"]; there != (format == "flat") {
					t.Errorf("%s, %s: %s", format, name, w.top)
				}
				var flat string
				if format == "flat" && (json.Unmarshal(w.top["sigma_summary"], &flat) != nil || flat != w.Sigma.Summary) {
					t.Errorf("%q at the top, %q under the key", flat, w.Sigma.Summary)
				}
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s: %s", format, name, diff)
			}
		}
	}
}

// settingsOf are the defaults with changes.
func settingsOf(change func(*conf.Settings)) conf.Settings {
	s := conf.Default()
	change(&s)
	return s
}

// TestSummaryPlaces: the record is found wherever it stands; of several the first that was hit is told of.
func TestSummaryPlaces(t *testing.T) {
	const line = "somebody called cloudtrail:StopLogging on t"
	hit := stopWith(`"requestParameters":{"name":"t"}`)
	for _, test := range []struct{ name, body, want string }{
		{"a record", hit, line},
		{"dots in its keys", `{"requestParameters.name":"t",` + stop[1:], line},
		{"in detail", `{"detail":` + hit + `}`, line},
		{"in JSON text", fmt.Sprintf(`{"log":%q}`, hit), line},
		{"one of several", `{"Records":[` + quiet + "," + hit + "," + quiet + `]}`, line},
		{"several", `{"Records":[` + quiet + "," + hit + "," + denied + "," + stop + `]}`, line + " and 2 more"},
		{"behind an earlier tier", with(hit, `{"level":"low","summary":"old","rules":[{"id":"x"}]}`), line},
		{"no hit", quiet, ""},
	} {
		for _, format := range formats() {
			for name, through := range doors() {
				e := engine(t, func(s *conf.Settings) { s.Summary, s.Format = true, format })
				if got := readOutcome(t, through(t, e, test.body)).Sigma.Summary; got != test.want {
					t.Errorf("%s, %s, %s: %q", test.name, format, name, got)
				}
				off := engine(t, func(s *conf.Settings) { s.Format = format })
				if got := readOutcome(t, through(t, off, test.body)).Sigma.Summary; got != "" && got != "old" {
					t.Errorf("%s, %s, %s: %q, and summary is off", test.name, format, name, got)
				}
			}
		}
	}
	e := engine(t, func(s *conf.Settings) { s.Summary, s.Fields = true, "ecs" })
	ecs := `{"event":{"action":"StopLogging","provider":"cloudtrail.amazonaws.com"},"user":{"name":"bob"},"aws":{"cloudtrail":{"user_identity":{"type":"IAMUser"}}}}`
	for name, through := range doors() {
		if got := readOutcome(t, through(t, e, ecs)).Sigma.Summary; got != "user bob called cloudtrail:StopLogging" {
			t.Errorf("ECS, %s: %q", name, got)
		}
	}
}

// TestSummaryOnSharedEvents: every summary is one harmless line that names somebody and what was called.
func TestSummaryOnSharedEvents(t *testing.T) {
	if _, err := os.Stat(sharedEvents); err != nil {
		t.Skipf("skipped: %s is not there", sharedEvents)
	}
	e, err := New(settingsOf(func(s *conf.Settings) {
		s.Summary, s.Rules, s.Exclude = true, Builtin+","+sharedRules, bundledCorrelations(t)
	}))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	events(t, sharedEvents+"/*.ndjson", func(text []byte) {
		w := readOutcome(t, doors()["chunk"](t, e, string(text)))
		if len(w.Sigma.Rules) == 0 {
			return
		}
		n++
		line := w.Sigma.Summary
		verbs := []string{" called ", " was denied ", " tried ", " signed in ", " failed to sign in "}
		said := 0
		for _, verb := range verbs {
			said += strings.Count(line, verb)
		}
		if said != 1 || strings.HasPrefix(line, " ") || utf8.RuneCountInString(line) > 300 || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q", line)
		}
	})
	if n < 1000 {
		t.Errorf("%d summaries", n)
	}
}
