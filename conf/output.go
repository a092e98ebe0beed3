package conf

import (
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Output is what a user can choose of the Go output, beside Settings: where records go. Fluent Bit keeps some names for itself on every output
// and shows them to no Go plugin: host, port, tls and all that begins with tls., net. and oauth2. Hence forward_host and the like; the other names are
// those of Fluent Bit's own forward output.
type Output struct {
	ForwardHost                 string        `help:"Name or address of the receiver; this or unix_path is needed. (Fluent Bit keeps host to itself.)"`
	ForwardPort                 int           `default:"24224" help:"Port of the receiver."`
	UnixPath                    string        `help:"Path of a unix socket of the receiver, in the place of forward_host."`
	ForwardTls                  bool          `default:"false" help:"Use TLS, 1.2 or later. (Fluent Bit keeps tls and tls.* to itself.)"`
	ForwardTlsVerify            bool          `default:"true" help:"Verify the receiver's certificate."`
	ForwardTlsVhost             string        `help:"Name that the receiver's certificate must have, where it is not forward_host."`
	ForwardTlsCaFile            string        `help:"File of the authorities, in PEM, that the receiver's certificate is verified with, instead of the system's."`
	ForwardTlsCrtFile           string        `help:"File of our own certificate, in PEM, for receivers that ask for one."`
	ForwardTlsKeyFile           string        `help:"File of the key of forward_tls_crt_file, in PEM."`
	SharedKey                   string        `help:"Key that both sides prove to each other to have, before the first record."`
	SelfHostname                string        `help:"Name under which this side presents itself with shared_key; the machine's, if it is not set."`
	Username                    string        `help:"User name for receivers that ask for one, with shared_key."`
	Password                    string        `help:"Password of username."`
	Compress                    string        `default:"text" enum:"text,gzip" help:"Compression of what is sent: text (none) or gzip."`
	RequireAckResponse          bool          `default:"true" help:"Take records for delivered when the receiver has acknowledged them. Without it they count when they were written to the connection, and a receiver that dies loses what it had not read."`
	RetainMetadataInForwardMode bool          `default:"true" help:"Send the metadata of events that have any, and the markers of groups, as Fluent Bit frames them. Fluentd does not know that framing: set it to off for Fluentd if your records have metadata."`
	Tag                         string        `default:"$TAG" help:"Tag of what is sent. $TAG stands for the record's own tag, $TAG[0], $TAG[1] and so on for its parts between dots."`
	AlertTag                    string        `help:"Tag, in the same manner, of records with hits at alert_level or above. Not set, these are sent like all others."`
	AlertLevel                  string        `default:"high" enum:"informational,low,medium,high,critical" help:"Lowest level of the hits of a record that is sent under alert_tag; with suppress, of its first hits."`
	AlertCopy                   bool          `default:"true" help:"Send records under tag as well when they are sent under alert_tag. With off they are sent under alert_tag alone."`
	ConnectTimeout              time.Duration `default:"2s" help:"Longest time for connecting, with the handshakes of TLS and of shared_key; in seconds."`
	FlushTimeout                time.Duration `default:"4s" help:"Longest time for delivering one chunk, with new connections; then Fluent Bit is asked to try again. When it stops, Fluent Bit waits for a delivery under way: keep this below the service's grace. In seconds."`
}

// OutputOptions lists every setting of the Go output that the filter does not have.
func OutputOptions() []Option { return optionsOf(reflect.TypeFor[Output]()) }

// ParseOutput reads what Parse does not read of a Go output's properties. All malformed values are reported at once.
func ParseOutput(get func(name string) (value string, set bool)) (Output, error) {
	var o Output
	return o, errors.Join(fill(reflect.ValueOf(&o).Elem(), get), o.validate())
}

func (o *Output) validate() error {
	var errs []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	const highestPort = 65535
	tlsFiles := o.ForwardTlsCaFile + o.ForwardTlsCrtFile + o.ForwardTlsKeyFile
	refuse(o.ForwardHost == "" && o.UnixPath == "", "forward_host: no receiver; set forward_host (Fluent Bit keeps host and port to itself) or unix_path")
	refuse(o.ForwardHost != "" && o.UnixPath != "", "forward_host: set either this or unix_path")
	refuse(o.UnixPath != "" && o.ForwardTls, "forward_tls: not on a unix socket")
	refuse(o.ForwardPort < 1 || o.ForwardPort > highestPort, "forward_port: %d is no port; use 1 to %d", o.ForwardPort, highestPort)
	refuse(!o.ForwardTls && tlsFiles+o.ForwardTlsVhost != "", "forward_tls: off, and settings of TLS are there; set it to on or leave them out")
	refuse((o.ForwardTlsCrtFile == "") != (o.ForwardTlsKeyFile == ""), "forward_tls_crt_file: it needs forward_tls_key_file, and the other way round")
	refuse(o.SharedKey == "" && o.Username+o.Password != "", "username: it is only asked for with shared_key, which is not set")
	refuse(o.ConnectTimeout > o.FlushTimeout && o.FlushTimeout > 0, "connect_timeout: %v is longer than flush_timeout, %v", o.ConnectTimeout, o.FlushTimeout)
	return errors.Join(errs...)
}
