package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/kelseyhightower/envconfig"
)

const prefix = "PARCELWARD"

// problems collects what is wrong with the environment.
type problems struct{ list []error }

func (p *problems) add(key, got, expected string) {
	if got == "" {
		p.list = append(p.list, fmt.Errorf("%s: expected %s", key, expected))
		return
	}
	p.list = append(p.list, fmt.Errorf("%s: expected %s, got %q", key, expected, got))
}

func (p *problems) err() error { return errors.Join(p.list...) }

// read fills spec from the environment. envconfig takes an empty value for a value and
// stops at the first problem, so what it should not see again is taken out of the
// environment while it looks, and put back afterwards.
func read(spec any) *problems {
	p := new(problems)
	hidden := make(map[string]string)
	hide := func(key string) {
		hidden[key] = os.Getenv(key)
		_ = os.Unsetenv(key) // fails only for names that cannot be set either
	}
	defer func() {
		for key, value := range hidden {
			_ = os.Setenv(key, value)
		}
	}()
	for _, entry := range os.Environ() {
		key, value, _ := strings.Cut(entry, "=")
		if value == "" && (strings.HasPrefix(key, prefix+"_") || key == "DATABASE_URL") {
			hide(key)
		}
	}
	for {
		err := envconfig.Process(prefix, spec)
		var parse *envconfig.ParseError
		if !errors.As(err, &parse) {
			if err != nil {
				p.list = append(p.list, err)
			}
			break
		}
		expected := "a " + parse.TypeName
		if strings.HasPrefix(parse.TypeName, "map[") {
			expected = "pairs such as NAME:value, separated by commas"
		}
		p.add(parse.KeyName, parse.Value, expected)
		hide(parse.KeyName)
	}
	known := keys()
	for _, entry := range os.Environ() {
		if key, _, _ := strings.Cut(entry, "="); strings.HasPrefix(key, prefix+"_") && !slices.Contains(known, key) {
			p.add(key, "", "no such variable: nothing reads it; `starter env` lists those that are read")
		}
	}
	return p
}

// everything is what the programs read together: one may run in the environment of another.
type everything struct {
	Starter
	FilingMode
}

// keys lists every variable that any program reads.
func keys() []string {
	var b strings.Builder
	_ = envconfig.Usagef(prefix, new(everything), &b, "{{range .}}{{usage_key .}} {{end}}") // the template is good
	return strings.Fields(b.String())
}

// Usage writes every variable with its default and meaning.
func Usage(w io.Writer) error {
	const format = "VARIABLE\tDEFAULT\tMEANING\n" +
		"{{range .}}{{usage_key .}}\t{{usage_default .}}\t{{usage_description .}}\n{{end}}"
	tabs := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if err := envconfig.Usagef(prefix, new(everything), tabs, format); err != nil {
		return fmt.Errorf("list the variables: %w", err)
	}
	return tabs.Flush()
}
