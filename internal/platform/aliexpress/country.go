package aliexpress

import "strings"

// countries are the platform's codes that differ from ISO 3166-1 alpha-2, from the list in
// its tracking query's documentation. The standard has no code of its own for Kosovo (it
// knows RS-KM), Zanzibar (TZ), Alderney (GG) and Ascension (SH); the exchange format takes no
// other codes than the standard's. Yugoslavia and the Netherlands Antilles are no more.
//
//nolint:gochecknoglobals // a constant that Go cannot write as one
var countries = map[string]string{
	"UK": "GB", "SRB": "RS", "MNE": "ME", "KS": "RS", "EAZ": "TZ", "BLM": "BL", "MAF": "MF", "GGY": "GG", "JEY": "JE",
	"SGS": "GS", "TLS": "TL", "TP": "TL", "ALA": "AX", "GBA": "GG", "ASC": "SH", "ZR": "CD", "FX": "FR",
}

// country is the ISO 3166-1 alpha-2 code for a platform's.
func country(code string) string {
	code = strings.ToUpper(strings.TrimSpace(code))
	if iso, ok := countries[code]; ok {
		return iso
	}
	return code
}
