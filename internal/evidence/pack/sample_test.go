package pack_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"parcelward/internal/evidence/pack"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/rulestest"
	"parcelward/internal/rules/wording"
)

const number = "LP00123456789012"

// store holds originals by their hash, as a vault does.
type store map[string][]byte

func (s store) put(content []byte) string {
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	s[hash] = content
	return hash
}

func (s store) open(_ context.Context, hash string) (io.ReadCloser, error) {
	content, ok := s[hash]
	if !ok {
		return nil, fmt.Errorf("no original %s", hash)
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// add puts an original into the store and lists it in the pack.
func (s store) add(p *pack.Pack, kind rules.EvidenceKind, mediaType, name string, content []byte) {
	p.Originals = append(p.Originals, pack.Original{
		Evidence: protocol.Evidence{
			Kind: string(kind), Name: name, SHA256: s.put(content), MediaType: mediaType, Size: int64(len(content)),
			Source: "upload", By: "wang.li", TakenAt: at("2026-01-09T03:20:00Z"),
		},
		TrackingNumber: number, Verdict: "ready",
	})
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func usd(tb testing.TB, s string) money.Amount {
	tb.Helper()
	a, err := money.Parse(s, "USD")
	require.NoError(tb, err)
	return a
}

func shanghai(tb testing.TB) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(tb, err)
	return loc
}

// letter is a claim for a parcel that stalled.
func letter(tb testing.TB) wording.Letter {
	tb.Helper()
	rs := rulestest.Ruleset()
	sums := rs.Reckon(&rules.OrderCreated{AmountPaid: usd(tb, "96.40"), Commission: usd(tb, "7.71"), Tax: usd(tb, "0.49")})
	require.NotEmpty(tb, sums)
	return wording.Letter{
		Kind: rules.LetterClaim, Case: number + ".stall.20260220T184000Z", Platform: "AliExpress",
		Store: "cn-8812", Order: "8190034567812345",
		Parcels:   []wording.LetterParcel{{Number: number, LastMile: "RB123456785RU", Carrier: "Cainiao", Service: "CAINIAO_STANDARD"}},
		Exception: rules.KindStall,
		Dates: []rules.LetterDate{
			{Code: string(rules.TypeOrderCreated), At: at("2026-01-08T06:12:00Z")},
			{Code: string(rules.TypeOrderPaid), At: at("2026-01-08T06:15:00Z")},
			{Code: string(rules.TypeShipmentRecorded), At: at("2026-01-09T03:05:00Z")},
			{Code: rules.DateLastMovement, At: at("2026-01-14T18:40:00Z")},
			{Code: rules.MomentCaseOpened, At: at("2026-02-20T18:40:00Z")},
			{Code: string(rules.TypeConfirmed), At: at("2026-02-25T02:30:00Z")},
			{Code: rules.DeadlineFile, At: at("2026-03-08T15:59:59Z")},
		},
		Asked: &sums[len(sums)-1].Amount, Reckoning: sums,
		Citations: wording.Citations(rules.LetterClaim, rules.KindStall, "standard", rs.Pack),
		At:        at("2026-02-26T02:00:00Z"),
	}
}

// sample is a whole pack, with originals of every kind of file.
func sample(tb testing.TB) (pack.Pack, store) {
	tb.Helper()
	row := func(when string, m rules.Milestone, place, words string) rules.Row {
		return rules.Row{At: at(when), Milestone: m, Location: place, Description: words, Source: rules.FromCarrier}
	}
	p := pack.Pack{
		Letter: letter(tb), Location: shanghai(tb),
		Traces: []pack.Trace{{Number: number, Rows: []rules.Row{
			row("2026-01-09T03:05:00Z", rules.InfoReceived, "义乌市, CN", "【义乌】卖家已发货，等待揽收 Shipment information received"),
			row("2026-01-09T09:41:12Z", rules.PickedUp, "义乌市, CN", "【义乌】揽收成功 Accepted by carrier"),
			row("2026-01-10T01:22:45Z", rules.InTransit, "金华市, CN", "离开分拨中心 Left from sorting center"),
			row("2026-01-11T14:03:31Z", rules.InTransit, "杭州市, CN", "到达出口海关 Arrived at export customs"),
			row("2026-01-12T20:15:00Z", rules.InTransit, "杭州市, CN", "出口清关完成 Export customs clearance complete"),
			{
				At: at("2026-01-14T18:40:00Z"), Milestone: rules.DepartedOrigin, Location: "Hangzhou → Москва", Code: "LH_DEPART",
				Description: "干线航班起飞，目的地谢列梅捷沃 Вылет рейса", Source: rules.FromAggregator,
			},
		}}},
	}
	s := store{}
	s.add(&p, rules.EvidenceWaybill, "image/jpeg", "IMG_20260109_112000.jpg", photo(tb, 1200, 900, "物流底单 Waybill", number, "2026-01-09  0.42 kg  1800 cm³"))
	s.add(&p, rules.EvidenceOutbound, "image/png", "出库记录.png", screenshot(tb, 1100, 620, "出库记录 Outbound record", "2026-01-09 11:02:17", "SKU-7781-BLK × 2", "订单 8190034567812345"))
	s.add(&p, rules.EvidenceMessages, "text/plain", "messages.txt", []byte("2026-02-18 09:14 buyer: Здравствуйте! Посылка не пришла 😢\n2026-02-18 09:20 seller: 您好，我们正在核实物流。\n2026-02-19 21:02 buyer: I have still not received anything.\n"))
	s.add(&p, rules.EvidenceCarrierProof, "application/pdf", "carrier.pdf", []byte("%PDF-1.4 not shown"))
	s.add(&p, rules.EvidenceRefusal, "video/mp4", "refusal.mp4", []byte("\x00\x00\x00\x18ftypmp42 not shown"))
	p.Originals[3].Verdict = "look"
	return p, s
}

// drawn is a picture with lines of text, and bars as of a barcode.
func drawn(tb testing.TB, w, h int, lines ...string) *image.RGBA {
	tb.Helper()
	packed, err := os.ReadFile("font/sans.ttf.gz")
	require.NoError(tb, err)
	z, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(tb, err)
	ttf, err := io.ReadAll(z)
	require.NoError(tb, err)
	parsed, err := opentype.Parse(ttf)
	require.NoError(tb, err)
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: float64(h) / 16, DPI: 72})
	require.NoError(tb, err)
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{250, 249, 244, 255}), image.Point{}, draw.Src)
	for i := range len(number) * 6 {
		x := w/12 + i*w/120
		if number[i/6]>>(i%6)&1 == 1 {
			draw.Draw(img, image.Rect(x, h/2, x+w/150, h*7/8), image.Black, image.Point{}, draw.Src)
		}
	}
	for i, text := range lines {
		d := font.Drawer{Dst: img, Src: image.Black, Face: face, Dot: fixed.P(w/12, h/8+i*h/10)}
		d.DrawString(text)
	}
	return img
}

func photo(tb testing.TB, w, h int, lines ...string) []byte {
	tb.Helper()
	var b bytes.Buffer
	require.NoError(tb, jpeg.Encode(&b, drawn(tb, w, h, lines...), &jpeg.Options{Quality: 90}))
	return b.Bytes()
}

func screenshot(tb testing.TB, w, h int, lines ...string) []byte {
	tb.Helper()
	var b bytes.Buffer
	require.NoError(tb, png.Encode(&b, drawn(tb, w, h, lines...)))
	return b.Bytes()
}
