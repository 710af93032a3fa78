package api_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"parcelward/internal/api"
	"parcelward/internal/rules"
)

const export = "仓库出库明细\n出库时间,订单号,运单号,SKU,数量\n" +
	"2026-02-01 09:30:00,1,LP00123456789012,RED-1,2\n" +
	"2026-02-01 09:31:00,77,LP9,BLUE,1\n" + // row 4: no such order
	"2026-02-01 09:32:00,1,LP9,BLUE,1\n" + // row 5: another's parcel
	"2026-02-01 09:33:00,,,BLUE,1\n" + // row 6
	"2026-02-01 09:34:00,8.19E+15,,BLUE,1\n" + // row 7
	"2026-02-01 09:35:00,,LP9,BLUE,1\n" + // row 8: nobody's number
	"\n" +
	"2026-02-01 09:36:00,1,,=1+1,1\n"

func importOutbound(t *testing.T, b *bundle, content []byte) (api.OutboundImport, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "export")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	return b.client.ImportOutbound(t.Context(), "s", "李 & Co", file)
}

// An export of many orders becomes one original for each, with one fact; what belongs to no order
// is listed with its reason, and the same file again changes nothing.
func TestImportOutbound(t *testing.T) {
	b, index := withVault(t, nil)
	for _, first := range []bool{true, false} {
		got, err := importOutbound(t, b, []byte(export))
		require.NoError(t, err)
		require.Len(t, got.Orders, 1)
		require.Equal(t, "1", got.Orders[0].Order)
		require.Equal(t, 2, got.Orders[0].Lines)
		require.Equal(t, first, got.Orders[0].New)
		var codes []string
		var rows []int
		for _, l := range got.Unmatched {
			codes, rows = append(codes, l.Code), append(rows, l.Row)
			assert.NotEmpty(t, l.ZH)
		}
		require.Equal(t, []int{4, 5, 6, 7, 8}, rows)
		require.Equal(t, []string{"unknown-order", "other-parcel", "nameless", "unknown-order", "unknown-number"}, codes)
		require.Contains(t, got.Unmatched[3].Detail, "scientific")
		require.Len(t, index.Chains["s"], 1)
		facts := b.facts()
		require.Len(t, facts, 1)
		data, ok := facts[0].Data.(*rules.EvidenceAdded)
		require.True(t, ok)
		require.Equal(t, "李 & Co", data.By)
		require.Equal(t, []rules.Original{{Kind: rules.EvidenceOutbound, SHA256: got.Orders[0].SHA256}}, data.Originals)
	}
	item := index.Chains["s"][0]
	require.Equal(t, "warehouse 李 & Co outbound-1.csv", item.Source+" "+item.By+" "+item.Name)
	res, err := http.Get(b.url + "/v1/evidence/" + item.SHA256 + "?store=s&order=1")
	require.NoError(t, err)
	content, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "出库时间,订单号,运单号,SKU,数量\n2026-02-01 09:30:00,1,LP00123456789012,RED-1,2\n2026-02-01 09:36:00,1,,=1+1,1\n", string(content))
}

// A workbook is read like a text; its days are written as dates.
func TestImportOutboundWorkbook(t *testing.T) {
	b, index := withVault(t, nil)
	f := excelize.NewFile()
	require.NoError(t, f.SetSheetRow("Sheet1", "A1", &[]any{"SKU", "订单号", "出库时间"}))
	require.NoError(t, f.SetSheetRow("Sheet1", "A2", &[]any{"RED-1", "1", 46054.5}))
	var book bytes.Buffer
	_, err := f.WriteTo(&book)
	require.NoError(t, err)
	got, err := importOutbound(t, b, book.Bytes())
	require.NoError(t, err)
	require.Len(t, got.Orders, 1)
	require.Empty(t, got.Unmatched)
	require.Equal(t, "2026-02-01T04:00:00Z", index.Chains["s"][0].TakenAt.UTC().Format("2006-01-02T15:04:05Z07:00"))
}

func TestImportOutboundOfSomethingElse(t *testing.T) {
	b, index := withVault(t, nil)
	for name, content := range map[string]string{
		"nothing": "", "a picture": photo(t, 20), "no columns": "a,b\n1,2\n", "a broken workbook": "PK\x03\x04xl/workbook.xml", "a page": "<html>",
	} {
		_, err := importOutbound(t, b, []byte(content))
		var problem *api.ProblemError
		require.ErrorAs(t, err, &problem, name)
		require.GreaterOrEqual(t, problem.Status, 400, name)
		require.Less(t, problem.Status, 500, name)
	}
	require.Empty(t, index.Chains)
	require.Empty(t, b.facts())
}
