package kdniao

import (
	"crypto/md5" //nolint:gosec // the service's scheme
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
)

// sign is DataSign before URL encoding: Base64 of the 32 lower-case hexadecimal digits of
// the MD5 of the data, as sent but not URL-encoded, and the key.
func sign(data, key string) string {
	sum := md5.Sum([]byte(data + key)) //nolint:gosec // the service's scheme
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:])))
}

// signed compares in constant time. The scheme has senders URL-encode the signature and
// forms are URL-encoded anyway, so that it may arrive encoded once more.
func signed(data, key, signature string) bool {
	if strings.Contains(signature, "%") { // no letter of Base64
		if once, err := url.QueryUnescape(signature); err == nil {
			signature = once
		}
	}
	return subtle.ConstantTimeCompare([]byte(sign(data, key)), []byte(signature)) == 1
}
