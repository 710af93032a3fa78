package aliexpress

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// Sign is the signature of a call, in upper-case hexadecimal: HMAC-SHA256, under the app's
// secret, of the parameters in the order of their names, name and value run together. Empty
// values and sign itself do not count. path is put before them for a system call, and is
// empty for a business call.
func Sign(secret, path string, params map[string]string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(path))
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name != "sign" && params[name] != "" {
			mac.Write([]byte(name + params[name]))
		}
	}
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
}

// PushSignature is what a push's Authorization header holds on the sibling platforms:
// HMAC-SHA256, under the app's secret, of the app's key and the raw body, in lower-case
// hexadecimal.
func PushSignature(appKey, appSecret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write([]byte(appKey))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
