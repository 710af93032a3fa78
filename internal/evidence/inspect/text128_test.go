package inspect_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/evidence/inspect"
	"parcelward/internal/rules"
)

// What the symbols mean: sets, shifts, FNC1 and the letters that FNC4 makes.
func TestText128(t *testing.T) {
	t.Parallel()
	const a, b, c = 103, 104, 105
	for name, tc := range map[string]struct {
		start  int
		values []int
		want   string
	}{
		"set B":              {b, []int{33, 66, 17}, "Ab1"},
		"set A with control": {a, []int{33, 73, 17}, "A\t1"},
		"set C":              {c, []int{0, 5, 99}, "000599"},
		"C to B":             {c, []int{12, 34, 100, 33}, "1234A"},
		"C to A":             {c, []int{12, 34, 101, 33}, "1234A"},
		"B to C":             {b, []int{33, 99, 12, 34}, "A1234"},
		"shift to A":         {b, []int{65, 98, 73, 65}, "a\ta"},
		"FNC1 leaves none":   {c, []int{102, 12, 34, 102, 56}, "123456"},
		"FNC4 once":          {b, []int{100, 40, 65, 66}, "\u00c8ab"},
		"FNC4 latched":       {b, []int{100, 100, 40, 40, 100, 40, 100, 100, 40}, "\u00c8\u00c8HH"},
		"FNC4 in set A":      {a, []int{101, 40, 40}, "\u00c8H"},
	} {
		sum := tc.start
		for i, v := range tc.values {
			sum += (i + 1) * v
		}
		got, ok := inspect.Text128(tc.start, append(tc.values, sum%103))
		assert.True(t, ok, name)
		assert.Equal(t, tc.want, got, name)
		_, ok = inspect.Text128(tc.start, append(tc.values, (sum+1)%103))
		assert.False(t, ok, "%s: the check symbol is wrong", name)
	}
}

// A code counts when several lines agree on it and nearly none contradicts.
func TestVotes(t *testing.T) {
	t.Parallel()
	lines := func(text string, n int, y float32) (seen []inspect.Seen) {
		for i := range n {
			seen = append(seen, inspect.Seen{Text: text, Y: y + float32(i)})
		}
		return seen
	}
	for name, tc := range map[string]struct {
		seen          []inspect.Seen
		found, unsure []string
	}{
		"one line":              {lines("LP001", 1, 0), nil, []string{"LP001"}},
		"two lines":             {lines("LP001", 2, 0), []string{"LP001"}, nil},
		"three of a short code": {lines("FW72", 3, 0), nil, []string{"FW72"}},
		"four of a short code":  {lines("FW72", 4, 0), []string{"FW72"}, nil},
		"three against one":     {append(lines("LP001", 3, 0), lines("LP002", 1, 5)...), nil, []string{"LP001", "LP002"}},
		"four against one":      {append(lines("LP001", 4, 0), lines("LP002", 1, 5)...), []string{"LP001"}, []string{"LP002"}},
		"five against two":      {append(lines("LP001", 5, 0), lines("LP002", 2, 6)...), nil, []string{"LP001", "LP002"}},
		"two codes, far apart":  {append(lines("LP001", 3, 0), lines("LP002", 3, 200)...), []string{"LP001", "LP002"}, nil},
		"nothing":               {nil, nil, nil},
	} {
		found, unsure := inspect.Vote(tc.seen)
		assert.Equal(t, tc.found, found, name)
		assert.Equal(t, tc.unsure, unsure, name)
	}
}

// exif is the data of a camera: when the picture was taken, and at which offset from UTC.
func exif(clock, offset string) []byte {
	order := binary.BigEndian
	entry := func(tag uint16, kind uint16, count, value uint32) []byte {
		e := order.AppendUint16(nil, tag)
		e = order.AppendUint16(e, kind)
		e = order.AppendUint32(e, count)
		return order.AppendUint32(e, value)
	}
	entries := 1
	if offset != "" {
		entries = 2
	}
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01")
	tiff = append(tiff, entry(0x8769, 4, 1, 26)...)
	tiff = append(tiff, 0, 0, 0, 0)
	data := uint32(26 + 2 + 12*entries + 4)
	tiff = order.AppendUint16(tiff, uint16(entries))
	tiff = append(tiff, entry(0x9003, 2, uint32(len(clock)+1), data)...)
	if offset != "" {
		tiff = append(tiff, entry(0x9011, 2, uint32(len(offset)+1), data+uint32(len(clock))+1)...)
	}
	tiff = append(tiff, 0, 0, 0, 0)
	tiff = append(append(tiff, clock...), 0)
	tiff = append(append(tiff, offset...), 0)
	app := append([]byte("Exif\x00\x00"), tiff...)
	return append(order.AppendUint16([]byte{0xff, 0xe1}, uint16(len(app)+2)), app...)
}

func TestTakenAt(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil))
	at := time.Date(2026, 1, 22, 10, 30, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		clock, offset string
		want          time.Time
		zone          bool
	}{
		"with offset": {"2026:01:22 07:30:00", "-03:00", at, true},
		"without":     {"2026:01:22 18:30:00", "", at, false},
		"nonsense":    {"0000:00:00 00:00:00", "", time.Time{}, false},
	} {
		content := append(append([]byte{0xff, 0xd8}, exif(tc.clock, tc.offset)...), b.Bytes()[2:]...)
		s := see(t, content, rules.EvidenceRefusal)
		assert.True(t, tc.want.Equal(s.TakenAt), "%s: %v", name, s.TakenAt)
		assert.Equal(t, tc.zone, s.TakenAtZone, name)
	}
}
