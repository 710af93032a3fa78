package pack

// Visible makes a text of which every character shows.
func Visible(s string, has func(rune) bool) string { return visible(s, has) }

// Has tells which characters the pack's font shows.
func Has() (func(rune) bool, error) {
	f, err := openFont()
	if err != nil {
		return nil, err
	}
	return f.has, nil
}

// Wrap breaks a visible text into lines.
func Wrap(s string, width float64, measure func(rune) float64) []string {
	return wrap(s, width, measure)
}

// Printable makes a picture ready for print.
func Printable(data []byte) (jpeg []byte, width, height int, err error) {
	p, err := printable(data)
	return p.jpeg, p.width, p.height, err
}

// ErrLarge says that a picture is too large to be printed.
var ErrLarge = errLarge
