package evidence_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"parcelward/internal/evidence"
	"parcelward/internal/rules"
)

func TestCleanName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"面单 1.jpg":                      "面单 1.jpg",
		"../../etc/passwd":              "passwd",
		`C:\Users\li\面单.jpg`:            "面单.jpg",
		"photo\u202egpj.exe":            "photogpj.exe",
		"a\x00b\r\nc\u200b.pdf":         "abc.pdf",
		"CON.txt":                       "_CON.txt",
		"lpt1.tar.pdf":                  "_lpt1.tar.pdf",
		"com10.txt":                     "com10.txt",
		"nul":                           "_nul",
		"...":                           "waybill",
		"":                              "waybill",
		".jpg":                          "jpg",
		"-a- <b>|c?.png ":               "-a- _b__c_.png",
		"\xff\xfe.png":                  "png",
		"e\u0301.png":                   "\u00e9.png",
		"This is it. And so it goes on": "This is it. And so it goes on",
	} {
		require.Equal(t, want, evidence.CleanName(name, rules.EvidenceWaybill), "%q", name)
	}
	long := evidence.CleanName(strings.Repeat("面", 200)+".jpeg", rules.EvidenceWaybill)
	require.LessOrEqual(t, len(long), 120)
	require.True(t, utf8.ValidString(long))
	require.True(t, strings.HasSuffix(long, "面.jpeg"))
}

func FuzzCleanName(f *testing.F) {
	for _, seed := range []string{"面单.jpg", "../a", `..\..\CON.txt`, "a\u202egpj.exe", "", ".", "LPT1 .x", strings.Repeat("é", 100), "a. . .", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		clean := evidence.CleanName(name, rules.EvidenceWaybill)
		require.NotEmpty(t, clean)
		require.LessOrEqual(t, len(clean), 121)
		require.True(t, utf8.ValidString(clean))
		require.False(t, strings.ContainsAny(clean, "/\\\x00\r\n\u202e<>:\"|?*"), "%q", clean)
		require.NotEqual(t, "..", clean)
		require.Equal(t, clean, evidence.CleanName(clean, rules.EvidenceWaybill), "cleaning again changes nothing")
	})
}
