package preflight_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/draw"
	"image/jpeg"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/config"
	"parcelward/internal/evidence/preflight"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// vault holds one original, as it is listed and as it is.
type vault struct {
	item    port.EvidenceItem
	content []byte
	opened  int
}

func (v *vault) Items(context.Context, string, string) ([]port.EvidenceItem, error) {
	return []port.EvidenceItem{v.item}, nil
}

func (v *vault) Open(context.Context, string) (io.ReadCloser, error) {
	v.opened++
	if v.content == nil {
		return nil, port.ErrRefused
	}
	return io.NopCloser(bytes.NewReader(v.content)), nil
}

// facts are of an order of which no more is known than its policy pack.
type facts string

func (f facts) OrderFacts(_ context.Context, store, order string) (*rules.Facts, string, error) {
	return rules.NewFacts(store, order), string(f), nil
}

// aliases are the further numbers of parcels, as carriers' services told them.
type aliases map[string][]string

func (a aliases) Aliases(_ context.Context, store, number string) ([]string, error) {
	if a == nil {
		return nil, errors.New("the records are away")
	}
	return a[store+"/"+number], nil
}

func checker(t *testing.T, content []byte) (*preflight.Checker, *vault) {
	t.Helper()
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)
	v := &vault{item: port.EvidenceItem{Evidence: protocol.Evidence{Kind: string(rules.EvidenceWaybill), SHA256: strings.Repeat("ab", 32)}}, content: content}
	return &preflight.Checker{
		Vault: v, Facts: facts(known.Book.InForce(port.Platform, time.Now()).ID), Aliases: aliases{}, For: known.For, Now: time.Now, Folder: t.TempDir(),
	}, v
}

func photo(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 300, 200)), nil))
	return b.Bytes()
}

func papers(t *testing.T, c *preflight.Checker) (protocol.Papers, error) {
	t.Helper()
	return c.Papers(t.Context(), protocol.PapersRequest{Store: "s", Order: "1", TrackingNumber: "LP1", Now: time.Now()})
}

// A picture is measured once for each kind of evidence, and judged every time: by what is stated,
// and by whether it is still there.
func TestPicturesAreMeasuredOnce(t *testing.T) {
	t.Parallel()
	c, v := checker(t, photo(t))
	first, err := papers(t, c)
	require.NoError(t, err)
	c.Folder = filepath.Join(c.Folder, "gone") // where nothing can be measured
	again, err := papers(t, c)
	require.NoError(t, err)
	require.Equal(t, first.Papers, again.Papers)
	require.Equal(t, 2, v.opened)

	v.item.Given = map[string]string{rules.GivenShipDate: "2026-03-01"}
	stated, err := papers(t, c)
	require.NoError(t, err)
	require.NotEqual(t, first.Papers, stated.Papers, "it is judged anew")

	v.item.Kind = string(rules.EvidenceRefusal)
	_, err = papers(t, c)
	require.ErrorContains(t, err, "spool", "another kind is looked at another way")

	v.item.Kind, v.content = string(rules.EvidenceWaybill), nil
	lost, err := papers(t, c)
	require.NoError(t, err)
	require.Equal(t, rules.VerdictRefused, lost.Originals[0].Verdict)
	require.Equal(t, rules.PreflightUnread, lost.Originals[0].Findings[0].Code)
}

// Real labels are compared with their own numbers without a second one being seen on them, and
// with another number they never pass.
func TestRealLabels(t *testing.T) {
	t.Parallel()
	for name, shows := range map[string]string{
		"active_shipping_label1.pdf": "2KKT143702321000336262700100", "zxing_code128-2_01.png": "0053379497200006",
		"zxing_code128-2_25.png": "31001171800000017989625355702636", "zxing_code128-2_29.png": "42094043", "quagga_code128_008.jpg": "1020185021797280784055",
	} {
		content, err := os.ReadFile("../../../../shared/data/barcodes/" + name)
		if errors.Is(err, fs.ErrNotExist) {
			if os.Getenv("CI") != "" {
				t.Fatal("the shared test data is not here")
			}
			t.Skip("the shared test data is not here")
		}
		require.NoError(t, err)
		c, v := checker(t, content)
		for _, number := range []string{shows, "LP00123456789012"} {
			v.item.Number = number
			got, err := c.Papers(t.Context(), protocol.PapersRequest{Store: "s", Order: "1", TrackingNumber: number, Now: time.Now()})
			require.NoError(t, err)
			o := got.Originals[0]
			require.Len(t, o.Barcodes, 1, name)
			require.False(t, o.Has(rules.PreflightBeside), name)
			require.Equal(t, number != shows, o.Has(rules.PreflightOtherNumber), name)
			if number != shows {
				require.Equal(t, rules.VerdictRefused, o.Verdict, name)
			}
		}
	}
}

// An order that was never created has no policy to judge by.
func TestNothingToJudgeBy(t *testing.T) {
	t.Parallel()
	c, _ := checker(t, photo(t))
	c.Facts = facts("")
	_, err := papers(t, c)
	require.ErrorContains(t, err, "order.created")
	_, _, err = c.Upload(t.Context(), port.NewOriginal{Store: "s", Order: "1"}, "")
	require.ErrorContains(t, err, "order.created")
}

// A table is as large as its sight: it is read again.
func TestWhatIsNotRemembered(t *testing.T) {
	t.Parallel()
	table, v := checker(t, []byte("sku,qty,time\nA,1,2026-01-05 10:00:00\n"))
	v.item.Kind = string(rules.EvidenceOutbound)
	_, err := papers(t, table)
	require.NoError(t, err)
	table.Folder = filepath.Join(table.Folder, "gone")
	_, err = papers(t, table)
	require.ErrorContains(t, err, "spool")
}

// waybill is a picture of a Code 128.
func waybill(t *testing.T, number string) []byte {
	t.Helper()
	code, err := code128.Encode(number)
	require.NoError(t, err)
	bars, err := barcode.Scale(code, 3*code.Bounds().Dx(), 150)
	require.NoError(t, err)
	page := image.NewGray(image.Rect(0, 0, 900, 600))
	draw.Draw(page, page.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(page, bars.Bounds().Add(image.Pt(100, 200)), bars, image.Point{}, draw.Src)
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, page, nil))
	return b.Bytes()
}

// A waybill that shows the last mile's number is right once a service has told of that number, of
// this parcel: at upload, and again before the filing.
func TestLearntNumberIsTheParcels(t *testing.T) {
	t.Parallel()
	const lastMile = "RB123456785CN"
	c, v := checker(t, waybill(t, lastMile))
	path := filepath.Join(t.TempDir(), "waybill.jpg")
	require.NoError(t, os.WriteFile(path, v.content, 0o600))
	for name, tc := range map[string]struct {
		learnt aliases
		wrong  bool // it is another parcel's
	}{
		"nothing is learnt":         {aliases{}, true},
		"of this parcel":            {aliases{"s/LP1": {"LX1", lastMile}}, false},
		"of another parcel":         {aliases{"s/LP2": {lastMile}}, true},
		"of another store's parcel": {aliases{"other/LP1": {lastMile}}, true},
	} {
		c.Aliases = tc.learnt
		uploaded, _, err := c.Upload(t.Context(), port.NewOriginal{Store: "s", Order: "1", TrackingNumber: "LP1", Kind: rules.EvidenceWaybill}, path)
		require.NoError(t, err)
		require.Equal(t, []string{lastMile}, uploaded.Barcodes)
		v.item.Number = "LP1"
		filed, err := papers(t, c)
		require.NoError(t, err)
		for _, judged := range []rules.Preflight{uploaded, filed.Originals[0].Preflight} {
			assert.Equal(t, tc.wrong, judged.Has(rules.PreflightOtherNumber), "%s: %+v", name, judged.Findings)
			assert.Equal(t, tc.wrong, judged.Verdict == rules.VerdictRefused, name)
		}
	}
	c.Aliases = aliases(nil)
	_, err := papers(t, c)
	require.ErrorContains(t, err, "away", "what is not known is not taken for none")
	_, _, err = c.Upload(t.Context(), port.NewOriginal{Store: "s", Order: "1", TrackingNumber: "LP1", Kind: rules.EvidenceWaybill}, path)
	require.ErrorContains(t, err, "away")
	_, _, err = c.Upload(t.Context(), port.NewOriginal{Store: "s", Order: "1", Kind: rules.EvidenceOther}, path)
	require.NoError(t, err, "of the order as a whole there is no number")
}
