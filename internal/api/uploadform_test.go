package api_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
)

// FuzzUploadForm reads anything as an upload's form: it is refused for a reason that the sender
// can mend, or its fields are complete, bounded and normalised.
func FuzzUploadForm(f *testing.F) {
	const ct, head = "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name="
	fields := head + "kind\r\n\r\nwaybill\r\n" + head + "by\r\n\r\nli\r\n"
	file := head + "file; filename=\"a.png\"\r\n\r\nPNG\r\n"
	for _, body := range []string{
		fields + file + file + "--x--\r\n",
		fields + head + "tracking_number\r\n\r\nlp 1\r\n" + head + "taken_at\r\n\r\n2026-03-01T08:00:00+08:00\r\n" + head + "given.ship_date\r\n\r\n2026-03-01\r\n" + file + "--x--\r\n",
		fields + file,                                   // it breaks off
		fields + file + fields + "--x--\r\n",            // fields behind the file
		file + fields + "--x--\r\n",                     // all of them
		fields + "--x--\r\n",                            // no file
		strings.Repeat(fields, 30) + file,               // many fields
		head + "by\r\n\r\n" + strings.Repeat("l", 5000), // a long one
		head + "by; filename*=UTF-8''%2e%2e%2fa\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n--x--",
		"",
	} {
		f.Add(ct, []byte(body))
	}
	f.Add("multipart/mixed; boundary=x", []byte(fields+file))
	f.Add("multipart/form-data", []byte(fields))
	f.Add("text/plain", []byte("kind=waybill"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		o, sizes, err := api.UploadForm(&http.Request{
			Method: http.MethodPost, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(bytes.NewReader(body)),
		})
		if err != nil {
			var refused huma.StatusError
			require.ErrorAs(t, err, &refused)
			require.True(t, refused.GetStatus() >= 400 && refused.GetStatus() < 500, "%d", refused.GetStatus())
			require.Less(t, len(err.Error()), 1000, "it does not repeat what was sent")
			return
		}
		require.NotEmpty(t, sizes)
		require.Contains(t, rules.EvidenceKinds(), o.Kind)
		require.NotEmpty(t, o.By)
		require.Equal(t, tracknum.Normalize(o.TrackingNumber), o.TrackingNumber)
		require.LessOrEqual(t, len(o.TrackingNumber), 64)
		require.LessOrEqual(t, len(o.Given), 40)
		for _, text := range append(slices.Collect(maps.Values(o.Given)), o.By) {
			require.LessOrEqual(t, len(text), 4<<10)
		}
	})
}
