package rules_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"parcelward/internal/rules"
)

func TestAddressHash(t *testing.T) {
	t.Parallel()
	hash := rules.AddressHash("BR", "SP", "São Paulo", "Rua A, nº 12", "01000-000")
	for _, same := range [][5]string{
		{"br", "sp", "SÃO PAULO", "rua a  Nº 12", "01000-000"},
		{"ＢＲ", "SP", "Sa\u0303o Paulo", "Rua A; nº-12.", "01000 000"},
		{"BR", "SP", "", "São Paulo Rua A nº 12", "01000-000"},
	} {
		assert.Equal(t, hash, rules.AddressHash(same[0], same[1], same[2], same[3], same[4]), same)
	}
	for _, other := range [][5]string{
		{"BR", "SP", "São Paulo", "Rua A, nº 13", "01000-000"},
		{"BR", "SP", "São Paulo", "Rua A, nº 12", "01000-001"},
		{"BR", "SP", "São Paulo", "Rua A, nº 1 2", "01000-000"},
		{"BR", "SP", "Sao Paulo", "Rua A, nº 12", "01000-000"},
	} {
		assert.NotEqual(t, hash, rules.AddressHash(other[0], other[1], other[2], other[3], other[4]), other)
	}
	assert.Len(t, hash, 64)
	assert.Empty(t, rules.AddressHash("", " ", "-", "", ""))
}

func FuzzNormalAddress(f *testing.F) {
	f.Add("BR, São Paulo", "Rua ẞ 12")
	f.Fuzz(func(t *testing.T, a, b string) {
		once := rules.NormalAddress(a, b)
		assert.Equal(t, once, rules.NormalAddress(once), "normalising again changes nothing")
	})
}
