package relay

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strconv"

	"sigmatrail/conf"
	"sigmatrail/internal/forward"
)

// clientConfig turns settings into what the client needs, and reads the files that they name.
func clientConfig(o conf.Output) (forward.Config, error) {
	c := forward.Config{
		Network: "tcp", Address: net.JoinHostPort(o.ForwardHost, strconv.Itoa(o.ForwardPort)),
		SharedKey: o.SharedKey, SelfHostname: o.SelfHostname, Username: o.Username, Password: o.Password,
		Gzip: o.Compress == "gzip", Ack: o.RequireAckResponse, ConnectTimeout: o.ConnectTimeout,
	}
	if o.UnixPath != "" {
		c.Network, c.Address = "unix", o.UnixPath
	}
	var err error
	if c.SelfHostname == "" {
		if c.SelfHostname, err = os.Hostname(); err != nil {
			return c, fmt.Errorf("self_hostname: %w", err)
		}
	}
	if o.ForwardTls {
		c.TLS, err = secured(o)
	}
	return c, err
}

func secured(o conf.Output) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.ForwardHost, InsecureSkipVerify: !o.ForwardTlsVerify}
	if o.ForwardTlsVhost != "" {
		c.ServerName = o.ForwardTlsVhost
	}
	if o.ForwardTlsCaFile != "" {
		text, err := os.ReadFile(o.ForwardTlsCaFile)
		if err != nil {
			return nil, fmt.Errorf("forward_tls_ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("forward_tls_ca_file: there is no certificate in PEM in %s", o.ForwardTlsCaFile)
		}
	}
	if o.ForwardTlsCrtFile != "" {
		pair, err := tls.LoadX509KeyPair(o.ForwardTlsCrtFile, o.ForwardTlsKeyFile)
		if err != nil {
			return nil, fmt.Errorf("forward_tls_crt_file: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
