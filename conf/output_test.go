package conf

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func parseOutput(set map[string]string) (Output, error) {
	return ParseOutput(func(name string) (string, bool) {
		v, ok := set[name]
		return v, ok
	})
}

func TestOutputDefaults(t *testing.T) {
	got, err := parseOutput(map[string]string{"forward_host": "receiver"})
	if err != nil {
		t.Fatal(err)
	}
	want := Output{
		ForwardHost: "receiver", ForwardPort: 24224, ForwardTlsVerify: true, Compress: "text", RequireAckResponse: true, RetainMetadataInForwardMode: true,
		Tag: "$TAG", AlertLevel: "high", AlertCopy: true, ConnectTimeout: 2 * time.Second, FlushTimeout: 4 * time.Second,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseOutput(t *testing.T) {
	f := func(wantErr string, pairs ...string) {
		t.Helper()
		set := map[string]string{"forward_host": "receiver"}
		for i := 0; i < len(pairs); i += 2 {
			set[pairs[i]] = pairs[i+1]
		}
		_, err := parseOutput(set)
		if (err == nil) != (wantErr == "") || (err != nil && !strings.Contains(err.Error(), wantErr)) {
			t.Errorf("%q: error %v, want %q", pairs, err, wantErr)
		}
	}
	f("Fluent Bit keeps host and port to itself", "forward_host", "")
	f("", "forward_host", "", "unix_path", "/run/s")
	f("either this or unix_path", "unix_path", "/run/s")
	f("not on a unix socket", "forward_host", "", "unix_path", "/run/s", "forward_tls", "on")
	f("", "forward_port", "1")
	f("0 is no port", "forward_port", "0")
	f("65536 is no port", "forward_port", "65536")
	f(`"http" is not a whole number`, "forward_port", "http")
	f("", "forward_tls", "on", "forward_tls_ca_file", "ca", "forward_tls_crt_file", "c", "forward_tls_key_file", "k", "forward_tls_vhost", "v", "forward_tls_verify", "off")
	f("forward_tls: off", "forward_tls_ca_file", "ca")
	f("forward_tls_key_file, and the other way", "forward_tls", "on", "forward_tls_crt_file", "c")
	f("", "shared_key", "k", "self_hostname", "h", "username", "u", "password", "p")
	f("only asked for with shared_key", "username", "u")
	f("", "compress", "GZIP")
	f("is not one of text, gzip", "compress", "zstd")
	f("", "require_ack_response", "off", "retain_metadata_in_forward_mode", "off")
	f("", "alert_tag", "alert.$TAG", "alert_level", "critical", "alert_copy", "no")
	f("is not one of informational", "alert_level", "severe")
	f("", "connect_timeout", "500ms", "flush_timeout", "0.5")
	f("no length of time", "flush_timeout", "0")
	f("no length of time", "connect_timeout", "-1s")
	f("no length of time", "connect_timeout", "soon")
	f("is longer than flush_timeout", "connect_timeout", "5")
}

func TestOutputOptions(t *testing.T) {
	taken := make(map[string]bool)
	for _, o := range Options() {
		taken[o.Name] = true
	}
	header, table := Header(), OutputMarkdown()
	for _, o := range OutputOptions() {
		if taken[o.Name] {
			t.Errorf("%s is a setting of the engine too", o.Name)
		}
		// What flb_output_set_property keeps (Fluent Bit 1.9 to 5.1).
		for _, kept := range []string{"match", "match_regex", "alias", "log_level", "log_suppress_interval", "host", "port", "ipv6", "retry_limit", "tls", "workers", "storage.total_limit_size"} {
			if o.Name == kept || strings.HasPrefix(o.Name, "tls.") || strings.HasPrefix(o.Name, "net.") || strings.HasPrefix(o.Name, "oauth2") {
				t.Errorf("the host keeps %s to itself", o.Name)
			}
		}
		if !strings.HasSuffix(strings.TrimSuffix(o.Help, ")"), ".") || strings.IndexFunc(o.Help, func(r rune) bool { return r > 126 || r < 32 }) >= 0 {
			t.Errorf("%s: help %q is not sentences in plain ASCII", o.Name, o.Help)
		}
		if !strings.Contains(header, `OPTION("`+o.Name+`", "`+o.Default+`"`) || !strings.Contains(table, "| `"+o.Name+"` | "+shownDefault(o)+" | ") {
			t.Errorf("%s is not in the header or the table", o.Name)
		}
	}
}
