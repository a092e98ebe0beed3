package conf

import (
	"errors"
	"fmt"
	"time"
)

// SuppressFor returns how long hits count as repetitions of the first; 0 where nothing is suppressed.
func (s *Settings) SuppressFor() (time.Duration, error) {
	if on, isSwitch := parseBool(s.Suppress); s.Suppress == "" || (isSwitch && !on) {
		return 0, nil
	}
	d, err := time.ParseDuration(s.Suppress)
	switch {
	case err != nil:
		return 0, fmt.Errorf("suppress: %q is no duration; use one such as 1h, 30m or 90s, or off", s.Suppress)
	case d < time.Second:
		return 0, fmt.Errorf("suppress: %q is shorter than a second, which is as exact as eventTime is", s.Suppress)
	}
	return d, nil
}

// SuppressFields returns the fields that SuppressBy names.
func (s *Settings) SuppressFields() []string { return list(s.SuppressBy) }

func (s *Settings) validSuppress() error {
	d, err := s.SuppressFor()
	if err == nil && d > 0 && len(s.SuppressFields()) == 0 {
		err = errors.New("suppress_by: no fields named; name those whose values tell hits apart, such as userIdentity.arn")
	}
	return err
}
