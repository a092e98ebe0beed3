package receiver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Certificates are files in PEM that a test makes for itself: an authority, and what it has signed for 127.0.0.1 and receiver.example and for a
// client.
type Certificates struct {
	CAFile, ServerCertFile, ServerKeyFile, ClientCertFile, ClientKeyFile string
}

// NewCertificates writes certificates into a folder.
func NewCertificates(dir string) (c Certificates, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, err
	}
	ca := template(1, "authority")
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	server, client := template(2, "receiver.example"), template(3, "client")
	server.DNSNames, server.IPAddresses = []string{"receiver.example"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for _, f := range []struct {
		certificate *x509.Certificate
		name        string
		cert, key   *string
	}{
		{ca, "ca", &c.CAFile, new(string)},
		{server, "server", &c.ServerCertFile, &c.ServerKeyFile},
		{client, "client", &c.ClientCertFile, &c.ClientKeyFile},
	} {
		own := key
		if f.certificate != ca {
			if own, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
				return c, err
			}
		}
		der, err := x509.CreateCertificate(rand.Reader, f.certificate, ca, &own.PublicKey, key)
		if err != nil {
			return c, err
		}
		secret, err := x509.MarshalPKCS8PrivateKey(own)
		if err != nil {
			return c, err
		}
		*f.cert, *f.key = filepath.Join(dir, f.name+".crt"), filepath.Join(dir, f.name+".key")
		if err := os.WriteFile(*f.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			return c, err
		}
		if err := os.WriteFile(*f.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600); err != nil {
			return c, err
		}
	}
	return c, nil
}

func template(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}
