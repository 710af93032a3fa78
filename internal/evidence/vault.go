package evidence

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
	"golang.org/x/sync/semaphore"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// Vault keeps originals in a bucket and says in an index what they are. It is safe for
// concurrent use.
type Vault struct {
	bucket   *blob.Bucket
	index    port.EvidenceIndex
	folder   string              // of temporary files; empty: the system's
	memory   *semaphore.Weighted // for files that are looked through, in bytes
	decoding *semaphore.Weighted // for images that are decoded, in bytes
}

var _ port.Vault = (*Vault)(nil)

// New is a vault over a bucket and its index. Uploads are spooled to folder, or where it is
// empty to the system's temporary folder.
func New(bucket *blob.Bucket, index port.EvidenceIndex, folder string) *Vault {
	return &Vault{
		bucket: bucket, index: index, folder: folder,
		memory: semaphore.NewWeighted(4 * MaxDocument), decoding: semaphore.NewWeighted(maxDecoded),
	}
}

// Close closes the bucket.
func (v *Vault) Close() error {
	if err := v.bucket.Close(); err != nil {
		return fmt.Errorf("close the evidence's bucket: %w", err)
	}
	return nil
}

// Put implements [port.Vault].
func (v *Vault) Put(ctx context.Context, o port.NewOriginal, content io.Reader) (protocol.Evidence, error) {
	kept, err := v.Keep(ctx, o, content, nil)
	return kept.Evidence, err
}

// Look is shown an original that is kept, while its bytes lie in a file.
type Look func(ctx context.Context, item port.EvidenceItem, path string)

// Keep is Put that tells the entry of the index. look may be nil.
func (v *Vault) Keep(ctx context.Context, o port.NewOriginal, content io.Reader, look Look) (item port.EvidenceItem, err error) {
	if err := checkOriginal(&o); err != nil {
		return item, err
	}
	f, err := os.CreateTemp(v.folder, "parcelward-evidence-*")
	if err != nil {
		return item, fmt.Errorf("spool the file: %w", err)
	}
	defer func() {
		err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	}()
	sum := sha256.New()
	mediaType, size, fault, err := spool(io.MultiWriter(f, sum), content)
	if err == nil && fault == nil {
		o.Name, fault = CheckExtension(o.Name, mediaType)
	}
	if err == nil && fault == nil {
		fault, err = v.check(ctx, f, mediaType, size)
	}
	switch {
	case err != nil:
		return item, err
	case fault != nil:
		return item, &port.OriginalError{OriginalFault: *fault, Name: o.Name}
	}
	if o.TakenAt.IsZero() {
		o.TakenAt = takenAt(mediaType, f, size)
	}
	item = port.EvidenceItem{
		Store: o.Store, Order: o.Order, Number: o.TrackingNumber, Given: o.Given, KeptAt: time.Now().UTC().Truncate(time.Microsecond),
		Evidence: protocol.Evidence{
			Kind: string(o.Kind), Name: o.Name, SHA256: hex.EncodeToString(sum.Sum(nil)), MediaType: mediaType, Size: size,
			Source: o.Source, By: o.By, TakenAt: o.TakenAt.UTC().Truncate(time.Microsecond),
		},
	}
	if err := v.store(ctx, &item, f); err != nil {
		return port.EvidenceItem{}, err
	}
	if item, err = v.index.Append(ctx, item); err != nil {
		return port.EvidenceItem{}, fmt.Errorf("enter the original in the index: %w", err)
	}
	if look != nil {
		look(ctx, item, f.Name())
	}
	return item, nil
}

// store writes the content under its hash, unless it is there. Who writes the same at the same
// time writes the same bytes.
func (v *Vault) store(ctx context.Context, item *port.EvidenceItem, f *os.File) error {
	key := blobKey(item.SHA256)
	switch broken, err := v.rehash(ctx, item.SHA256, item.Size); {
	case err != nil:
		return err
	case broken == "":
		return nil
	case broken != BlobMissing: // nothing is ever overwritten
		return fmt.Errorf("the vault's content %s is not what it was (%s): bring it back from a backup, `starter evidence verify` tells more", item.SHA256, broken)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the file back: %w", err)
	}
	w, err := v.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: item.MediaType})
	if err != nil {
		return fmt.Errorf("write the original: %w", err)
	}
	_, err = io.Copy(w, f)
	if err != nil {
		_ = w.Close() // the error that counts is the first
		return fmt.Errorf("write the original: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("write the original: %w", err)
	}
	return nil
}

// Evidence implements [port.Vault].
func (v *Vault) Evidence(ctx context.Context, store, order, number string) ([]protocol.Evidence, error) {
	items, err := v.Items(ctx, store, order)
	if err != nil {
		return nil, err
	}
	held := []protocol.Evidence{}
	for _, item := range items {
		same := func(e protocol.Evidence) bool { return e.Kind == item.Kind && e.SHA256 == item.SHA256 }
		if (item.Number == "" || item.Number == number) && !slices.ContainsFunc(held, same) {
			held = append(held, item.Evidence)
		}
	}
	slices.SortFunc(held, func(a, b protocol.Evidence) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.SHA256, b.SHA256))
	})
	return held, nil
}

// Items lists the originals of an order: of each place and content what was stated last, the
// latest first.
func (v *Vault) Items(ctx context.Context, store, order string) ([]port.EvidenceItem, error) {
	all, err := v.index.Items(ctx, store, order)
	if err != nil {
		return nil, fmt.Errorf("list the evidence of order %s/%s: %w", store, order, err)
	}
	type place struct{ number, kind, hash string }
	seen := make(map[place]bool, len(all))
	var latest []port.EvidenceItem
	for _, item := range slices.Backward(all) {
		if at := (place{item.Number, item.Kind, item.SHA256}); !seen[at] {
			seen[at] = true
			latest = append(latest, item)
		}
	}
	return latest, nil
}

// KeepEvidence implements [port.Vault].
func (v *Vault) KeepEvidence(ctx context.Context, store, order, number string, originals []protocol.Evidence) error {
	items, err := v.Items(ctx, store, order)
	if err != nil {
		return err
	}
	for _, original := range originals {
		i := slices.IndexFunc(items, func(item port.EvidenceItem) bool { return item.SHA256 == original.SHA256 })
		if i < 0 {
			return fmt.Errorf("the vault holds no original %s of order %s/%s: %w", original.SHA256, store, order, port.ErrRefused)
		}
		item := items[i]
		item.Number, item.Kind, item.KeptAt = number, original.Kind, time.Now().UTC().Truncate(time.Microsecond)
		if _, err := v.index.Append(ctx, item); err != nil {
			return fmt.Errorf("enter the original in the index: %w", err)
		}
	}
	return nil
}

// Open implements [port.Vault].
func (v *Vault) Open(ctx context.Context, sum string) (io.ReadCloser, error) {
	want, good := contentHash(sum)
	if !good {
		return nil, fmt.Errorf("original %.80q: expected 64 hexadecimal digits in lower case: %w", sum, port.ErrRefused)
	}
	r, err := v.bucket.NewReader(ctx, blobKey(sum), nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fmt.Errorf("the vault has no content %s: %w", sum, port.ErrRefused)
	}
	if err != nil {
		return nil, fmt.Errorf("open original %s: %w", sum, err)
	}
	return &verified{Reader: r, want: want[:], hash: sha256.New()}, nil
}

// verified reads content and ends with an error where it is not that of its hash.
type verified struct {
	*blob.Reader
	want []byte
	hash hash.Hash
}

// Read implements [io.Reader].
func (r *verified) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	_, _ = r.hash.Write(b[:n])                                  // a hash never fails
	if err == io.EOF && !bytes.Equal(r.hash.Sum(nil), r.want) { //nolint:errorlint // a Reader returns it as it is
		return n, fmt.Errorf("original %x was changed in the bucket: `starter evidence verify` tells more: %w", r.want, port.ErrChanged)
	}
	return n, err //nolint:wrapcheck // io.EOF must come as it is
}

// WriteTo would go past the check.
func (r *verified) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{r}) //nolint:wrapcheck // as Read
}

// contentHash reads a hash as it is written: 64 hexadecimal digits in lower case.
func contentHash(sum string) (hash [sha256.Size]byte, ok bool) {
	raw, err := hex.DecodeString(sum)
	if err != nil || len(raw) != sha256.Size || sum != strings.ToLower(sum) {
		return hash, false
	}
	return [sha256.Size]byte(raw), true
}

// blobKey is where content lies.
func blobKey(sum string) string { return "sha256/" + sum[:2] + "/" + sum }

// The bounds of what is stated of an original.
const (
	maxGiven = 30
	maxText  = 500 // bytes
)

// checkOriginal cleans what is known of an original, or says what is wrong with it.
func checkOriginal(o *port.NewOriginal) error {
	bad := func(key, expected string) error {
		return fmt.Errorf("%s: expected %s: %w", key, expected, port.ErrRefused)
	}
	switch {
	case !protocol.ValidName(o.Store) || !protocol.ValidName(o.Order):
		return bad("order", "STORE/ORDER, each of 1 to 64 characters A-Z a-z 0-9 . _ -")
	case !slices.Contains(rules.EvidenceKinds(), o.Kind):
		return bad("kind", fmt.Sprint(rules.EvidenceKinds()))
	case len(o.TrackingNumber) > 64 || !plain(o.TrackingNumber):
		return bad("tracking_number", "at most 64 letters and digits")
	case o.By == "" || len(o.By) > maxText || !plain(o.By):
		return bad("by", "a name of 1 to 500 bytes")
	case len(o.Source) > 64 || !plain(o.Source):
		return bad("source", "at most 64 characters")
	case len(o.Given) > maxGiven:
		return bad("given", fmt.Sprintf("at most %d statements", maxGiven))
	}
	for key, value := range o.Given {
		if key == "" || len(key) > 40 || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || len(value) > maxText || !plain(value) {
			return bad("given", "names of a to z, 0 to 9 and _, each with a text of at most 500 bytes")
		}
	}
	o.Name = CleanName(o.Name, o.Kind)
	return nil
}

// plain tells whether a text is one line that people can read.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
}
