package inspect

import (
	"bytes"
	"context"
	"fmt"
	"image"

	"golang.org/x/sync/semaphore"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// maxMemory is up to how many bytes all examinations of a process take at once, by their weights:
// two of the heaviest pictures and some everyday ones.
const maxMemory = 512 << 20

// memory is shared by uploads and by the worker's activities, for the process has one memory.
var memory = semaphore.NewWeighted(maxMemory) //nolint:gochecknoglobals // as the memory is

// turn waits until there is memory for an examination of a weight; done gives it back. Nobody
// who holds a share may wait for another: they would wait for each other.
func turn(ctx context.Context, weight int64) (done func(), err error) {
	weight = min(weight, maxMemory)
	if err := memory.Acquire(ctx, weight); err != nil {
		return nil, fmt.Errorf("evidence: wait for memory: %w", err)
	}
	return func() { memory.Release(weight) }, nil
}

// What forms take beside their bytes, at most, measured on files crafted to take much
// (TestWeights).
const (
	documentWeight = 2*maxInflated + 32<<20 // a stream while it grows, and the picture of it
	workbookWeight = 16 * maxUnzipped       // a workbook's table of strings, each a value
	measureWeight  = 6 * grayPixels         // the grey picture, its smaller ones and those of QR codes
	messagesWeight = 8                      // times the bytes, of one long message
	tableWeight    = 8                      // the same: decoded, and kept by rows
	cellWeight     = 72                     // bytes of an empty cell
)

// weight is how many bytes an examination takes at most, the content's own among them.
func weight(content []byte, kind rules.EvidenceKind) int64 {
	n := int64(len(content))
	if n > MaxBytes {
		return n // it is not examined
	}
	mediaType, form := sniff(content, kind)
	switch form {
	case policy.FormPicture:
		return n + pictureWeight(content) + measureWeight
	case policy.FormDocument:
		return n + max(documentWeight, photoWeight(content)) + measureWeight
	case policy.FormTable:
		if mediaType == typeXLSX {
			return n + workbookWeight
		}
		return tableWeight*n + cellWeight*int64(min(separators(content), maxRows*maxColumns))
	case policy.FormMessages:
		return messagesWeight * n
	}
	return 3 * n // brought to UTF-8
}

// pictureWeight is what decoding a picture takes; of one that is refused it is nothing.
func pictureWeight(content []byte) int64 {
	config, format, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || !decodable(&config) {
		return 0
	}
	each := bytesPerPixel(config.ColorModel)
	switch {
	case format == "jpeg" && bytes.Contains(content, []byte{0xff, 0xc2}): // progressive: its coefficients are kept
		each += 12
	case format == "png" && len(content) > 28 && content[28] != 0: // interlaced: each pass is a picture
		each *= 2
	case format == "webp":
		each += 4
	}
	return int64(config.Width) * int64(config.Height) * int64(each)
}

// photoWeight is the heaviest JPEG in a document.
func photoWeight(content []byte) (most int64) {
	for {
		at := bytes.Index(content, []byte{0xff, 0xd8, 0xff})
		if at < 0 {
			return most
		}
		content = content[at:]
		most = max(most, pictureWeight(content))
		content = content[2:]
	}
}

// separators counts what may part cells.
func separators(content []byte) int {
	return bytes.Count(content, []byte(",")) + bytes.Count(content, []byte(";")) + bytes.Count(content, []byte("\t"))
}
