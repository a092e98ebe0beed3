package forward

import (
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// shake proves to each other that both sides have the shared key:
//
//	receiver: ["HELO", {"nonce": …, "auth": salt or "", "keepalive": bool}]
//	we:       ["PING", hostname, salt, digest of the key, user name, digest of the password]
//	receiver: ["PONG", accepted, reason, hostname, digest of the key]
func (k *connection) shake(c *Config) error {
	helo, err := k.readParts("HELO", 2)
	if err != nil {
		return err
	}
	nonce, ok := helo[1].member("nonce")
	if !ok {
		return errors.New("its HELO has no nonce")
	}
	auth, _ := helo[1].member("auth")
	k.once = helo[1].off("keepalive")

	salt := newSalt()
	username, password := "", ""
	if auth != "" { // Fluent Bit sends a salt also where it has no users, and takes any
		username, password = c.Username, digest(auth, c.Username, c.Password)
	}
	ping, err := msgpack.Marshal([]string{"PING", c.SelfHostname, salt, digest(salt, c.SelfHostname, nonce, c.SharedKey), username, password})
	if err != nil {
		return err
	}
	if _, err := k.conn.Write(ping); err != nil {
		return err
	}
	pong, err := k.readParts("PONG", 5)
	if err != nil {
		return fmt.Errorf("%w (a receiver with another shared key answers nothing)", err)
	}
	if !pong[1].yes() {
		return fmt.Errorf("it refuses: %.200q", pong[2].text())
	}
	hostname, proof := pong[3].text(), pong[4].text()
	if subtle.ConstantTimeCompare([]byte(proof), []byte(digest(salt, hostname, nonce, c.SharedKey))) != 1 {
		return errors.New("it does not have the shared key")
	}
	return nil
}

// readParts reads an array that begins with a name and has at least so many parts.
func (k *connection) readParts(name string, least int) ([]value, error) {
	v, err := k.read()
	if err != nil {
		return nil, fmt.Errorf("waiting for %s: %w", name, err)
	}
	parts := v.parts()
	if len(parts) < least || !parts[0].is(name) {
		return nil, fmt.Errorf("%.100q where %s was due", v, name)
	}
	return parts, nil
}

// newSalt returns 16 characters that nobody can guess.
func newSalt() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b)
}

// digest returns the SHA-512 of the parts, one behind the other, in hexadecimal.
func digest(parts ...string) string {
	h := sha512.New()
	for _, p := range parts {
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}
