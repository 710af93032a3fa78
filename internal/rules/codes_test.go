package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
)

// Every code that the package declares is in its list, and so has a case in a table here or
// beside its subject.
func TestCodesAreListed(t *testing.T) {
	t.Parallel()
	lists := map[string][]string{}
	list := func(name string, codes ...string) { lists[name] = codes }
	list("PreflightCode", texts(rules.PreflightCodes())...)
	list("LossCode", texts(rules.LossCodes())...)
	list("EvidenceKind", texts(rules.EvidenceKinds())...)
	list("ComplaintStatus", texts(rules.ComplaintStatuses())...)
	list("DisputeStatus", texts(rules.DisputeStatuses())...)
	list("Verdict", "ready", "look", "refused")
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	declared := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if name, ok := spec.Type.(*ast.Ident); ok && lists[name.Name] != nil && len(spec.Values) == 1 {
				if value, ok := spec.Values[0].(*ast.BasicLit); ok {
					text, err := strconv.Unquote(value.Value)
					require.NoError(t, err)
					declared[name.Name] = append(declared[name.Name], text)
				}
			}
			return true
		})
	}
	for name, codes := range lists {
		assert.ElementsMatch(t, codes, declared[name], name)
	}
}

func texts[T ~string](codes []T) []string {
	list := make([]string, len(codes))
	for i, code := range codes {
		list[i] = string(code)
	}
	return list
}
