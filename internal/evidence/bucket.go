package evidence

import (
	"context"
	"fmt"
	"net/url"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/s3blob"   // s3://
)

// OpenBucket opens the bucket of a URL: file:///FOLDER, or s3://BUCKET?region=… with the
// parameters of gocloud.dev/blob/s3blob. A folder is created, for its owner alone, and temporary
// files lie beside the final ones, so that keeping is one renaming. To S3 checksums are sent only
// where the URL asks for them (request_checksum_calculation=when_supported): Aliyun OSS refuses
// the encoding that they come in, and the vault hashes what it reads by itself.
func OpenBucket(ctx context.Context, address string) (*blob.Bucket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("evidence URL: %w", err)
	}
	q := u.Query()
	for key, value := range defaults(u.Scheme) {
		if !q.Has(key) {
			q.Set(key, value)
		}
	}
	u.RawQuery = q.Encode()
	bucket, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, fmt.Errorf("open the evidence's bucket: %w", err)
	}
	return bucket, nil
}

// defaults are parameters of a URL that need not be given.
func defaults(scheme string) map[string]string {
	switch scheme {
	case "file":
		return map[string]string{"create_dir": "true", "dir_file_mode": "0700", "no_tmp_dir": "true", "metadata": "skip"}
	case "s3":
		return map[string]string{"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
	}
	return nil
}
