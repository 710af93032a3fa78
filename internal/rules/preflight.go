package rules

// The kinds of barcode that are read.
const (
	BarcodeCode128 = "code128"
	BarcodeQR      = "qr"
)

// Barcode is one code that a picture shows.
type Barcode struct {
	Format string `json:"format"`
	Text   string `json:"text"`
	Votes  int    `json:"votes"` // readings that agree
}

// PictureSight is how a picture is.
type PictureSight struct {
	Width     int     `json:"width"` // pixels, of the original
	Height    int     `json:"height"`
	Sharpness float64 `json:"sharpness"` // variance of the Laplacian at a fixed width, smoothed
	Dark      int     `json:"dark"`      // luminance of the darkest hundredth, 0 to 255
	Light     int     `json:"light"`     // of the lightest hundredth
}
