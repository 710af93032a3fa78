package preflight_test

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	"image/jpeg"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
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

func checker(t *testing.T, content []byte) (*preflight.Checker, *vault) {
	t.Helper()
	known, err := new(config.Shared).Rules()
	require.NoError(t, err)
	v := &vault{item: port.EvidenceItem{Evidence: protocol.Evidence{Kind: string(rules.EvidenceWaybill), SHA256: strings.Repeat("ab", 32)}}, content: content}
	return &preflight.Checker{Vault: v, Facts: facts(known.Book.InForce(port.Platform, time.Now()).ID), For: known.For, Now: time.Now, Folder: t.TempDir()}, v
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

// parcels knows further numbers of parcels, by them.
type parcels map[string]string

func (p parcels) Parcel(_ context.Context, store, number string) (port.Tracked, *rules.Facts, error) {
	if declared, known := p[number]; known {
		number = declared
	}
	return port.Tracked{Store: store, Number: number}, nil, nil
}

// A label may show the last mile's number of its parcel, which our own records know; another
// parcel's it may not.
func TestFurtherNumbersOfTheParcel(t *testing.T) {
	t.Parallel()
	label, err := code128.Encode("RX123456785CN")
	require.NoError(t, err)
	scaled, err := barcode.Scale(label, 800, 400)
	require.NoError(t, err)
	page := image.NewGray(image.Rect(0, 0, 1000, 600))
	draw.Draw(page, page.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(page, scaled.Bounds().Add(image.Pt(100, 100)), scaled, image.Point{}, draw.Src)
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, page, nil))
	for name, tt := range map[string]struct {
		known parcels
		other bool
	}{
		"not known":             {nil, true},
		"this parcel's":         {parcels{"RX123456785CN": "LP00123456789012"}, false},
		"another parcel's":      {parcels{"RX123456785CN": "LP00123456789013"}, true},
		"another parcel itself": {parcels{"RX123456785CN": "RX123456785CN"}, true},
	} {
		c, v := checker(t, b.Bytes())
		v.item.Number = "LP00123456789012"
		if tt.known != nil {
			c.Parcels = tt.known
		}
		got, err := c.Papers(t.Context(), protocol.PapersRequest{Store: "s", Order: "1", TrackingNumber: v.item.Number, Now: time.Now()})
		require.NoError(t, err)
		require.Equal(t, tt.other, got.Originals[0].Has(rules.PreflightOtherNumber), name)
		require.Equal(t, []string{"RX123456785CN"}, got.Originals[0].Barcodes, name)
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
