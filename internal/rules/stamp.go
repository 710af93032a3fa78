package rules

import "time"

// Stamp is a moment as the exchange format shows it: UTC with Z, whole seconds, rounded down.
type Stamp time.Time

// Time is the exact moment.
func (s Stamp) Time() time.Time { return time.Time(s) }

// String is the RFC 3339 form.
func (s Stamp) String() string { return s.Time().UTC().Format(time.RFC3339) }

// AppendText implements [encoding.TextAppender].
func (s Stamp) AppendText(b []byte) ([]byte, error) {
	return s.Time().UTC().AppendFormat(b, time.RFC3339), nil
}

// MarshalText implements [encoding.TextMarshaler].
func (s Stamp) MarshalText() ([]byte, error) { return s.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Stamp) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339, string(b))
	*s = Stamp(t)
	return err
}
