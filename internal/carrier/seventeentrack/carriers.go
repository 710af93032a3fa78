package seventeentrack

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// carrierKeys are 17TRACK's keys by the folded names that orders use.
func carrierKeys() map[string]int {
	return map[string]int{
		"CAINIAO":     190271,
		"YANWEN":      190012,
		"4PX":         190094,
		"ALIEXPRESS":  190625,
		"YUNEXPRESS":  190008,
		"SUNYOU":      190072,
		"CNE":         190208,
		"UBI":         190112,
		"WANB":        190086,
		"WANBEXPRESS": 190086,
		"CHINAPOST":   3011,
		"EMS":         3013,
		"CHINAEMS":    3013,
		"CORREIOS":    2151,
		"UPS":         100002,
		"FEDEX":       100003,
		"DHL":         100001,
		"DHLEXPRESS":  100001,
		"USPS":        21051,
		"ROYALMAIL":   11031,
		"LAPOSTE":     6051,
	}
}

// fold brings spellings of a carrier's name to one form.
func fold(carrier string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, strings.ToUpper(norm.NFKC.String(carrier)))
}

// carrierKey is 17TRACK's key of a carrier; 0: let it detect.
func (c *Client) carrierKey(carrier string) int { return c.carriers[fold(carrier)] }
