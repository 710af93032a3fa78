package evidence

import (
	"io"
	"time"

	"github.com/bep/imagemeta"
)

// The bounds of reading EXIF. Hostile files are answered fast in any case; these hold if not.
const (
	exifPatience = 2 * time.Second
	maxTags      = 2000
	maxTag       = 256 // bytes; a time has 20
)

func takenAt(mediaType string, f io.ReaderAt, size int64) time.Time {
	return TakenAt(mediaType, io.NewSectionReader(f, 0, size))
}

// TakenAt is the time of an image's EXIF; zero where it tells none that is sure: a camera's time
// without its offset may be of any zone. Nothing else is read, least of all where it was taken.
func TakenAt(mediaType string, r io.ReadSeeker) time.Time {
	format, ok := map[string]imagemeta.ImageFormat{JPEG: imagemeta.JPEG, PNG: imagemeta.PNG, WebP: imagemeta.WebP}[mediaType]
	if !ok {
		return time.Time{}
	}
	var original, offset string
	wanted := map[string]*string{"DateTimeOriginal": &original, "OffsetTimeOriginal": &offset}
	_, err := imagemeta.Decode(imagemeta.Options{
		R: r, ImageFormat: format, Sources: imagemeta.EXIF, Timeout: exifPatience, LimitNumTags: maxTags, LimitTagSize: maxTag,
		Warnf:           func(string, ...any) {},
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return wanted[tag.Tag] != nil },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if text, ok := tag.Value.(string); ok && wanted[tag.Tag] != nil {
				*wanted[tag.Tag] = text
			}
			return nil
		},
	})
	if err != nil {
		return time.Time{}
	}
	at, err := time.Parse("2006:01:02 15:04:05-07:00", original+offset)
	if err != nil || at.Year() < 2000 || at.Year() > 2100 { // a clock that was never set
		return time.Time{}
	}
	return at.UTC()
}
