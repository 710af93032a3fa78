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
// files lie beside the final ones, so that keeping is one renaming.
func OpenBucket(ctx context.Context, address string) (*blob.Bucket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("evidence URL: %w", err)
	}
	if u.Scheme == "file" {
		q := u.Query()
		for key, value := range map[string]string{"create_dir": "true", "dir_file_mode": "0700", "no_tmp_dir": "true", "metadata": "skip"} {
			if !q.Has(key) {
				q.Set(key, value)
			}
		}
		u.RawQuery = q.Encode()
	}
	bucket, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, fmt.Errorf("open the evidence's bucket: %w", err)
	}
	return bucket, nil
}
