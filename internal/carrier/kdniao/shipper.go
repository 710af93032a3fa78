package kdniao

import (
	"fmt"

	"parcelward/internal/port"
	"parcelward/internal/rules/tracknum"
)

// shippers are the known shipper codes by the normalised name that orders use. The codes are
// the documentation's, but YANWEN's, which one list has. CAINIAO has none in any source.
func shippers() map[string]string {
	return map[string]string{
		"SF": "SF", "SFEXPRESS": "SF", "SHUNFENG": "SF",
		"ZTO": "ZTO", "ZHONGTONG": "ZTO",
		"YTO": "YTO", "YUANTONG": "YTO",
		"YD": "YD", "YUNDA": "YD",
		"STO": "STO", "SHENTONG": "STO",
		"JD": "JD", "JDL": "JD",
		"JTSD": "JTSD", "JT": "JTSD", "JTEXPRESS": "JTSD",
		"DBL": "DBL", "DEPPON": "DBL",
		"HTKY": "HTKY", "BEST": "HTKY",
		"KYSY": "KYSY",
		"EMS":  "EMS", "YZPY": "YZPY",
		"GJYZBG": "GJYZBG", "CHINAPOST": "GJYZBG", "CPAM": "GJYZBG", // the post's international parcels
		"D4PX": "D4PX", "4PX": "D4PX", "A4PX": "A4PX",
		"YANWEN": "IYWWL",
		"DHL":    "DHL", "UPS": "UPS", "FEDEX": "FEDEX", "USPS": "USPS",
		"ROYALMAIL": "ROYALMAIL", "JP": "JP", "EMSBG": "EMSBG",
	}
}

// errNoShipper and errNoPhone say what configuration lacks; a repeat does not bring it.
var (
	errNoShipper = fmt.Errorf("no shipper code is known; set one in the option Shippers, or let the service find the carrier by the option Detect: %w", port.ErrRefused)
	errNoPhone   = fmt.Errorf("the carrier answers only to who knows the last four digits of the phone number; set the option CustomerName: %w", port.ErrRefused)
)

// shipper is the code of a carrier as orders name it.
func (c *Client) shipper(carrier string) (string, error) {
	code := c.shippers[tracknum.Normalize(carrier)]
	switch {
	case code == "":
		return "", fmt.Errorf("kdniao: carrier %q: %w", carrier, errNoShipper)
	case wantsPhone(code) && c.o.CustomerName == "":
		return "", fmt.Errorf("kdniao: carrier %q: %w", carrier, errNoPhone)
	}
	return code, nil
}

// wantsPhone tells whether a shipper's traces are shown only along with CustomerName.
func wantsPhone(shipper string) bool {
	switch shipper {
	case "SF", "ZTO", "KYSY":
		return true
	default:
		return false
	}
}
