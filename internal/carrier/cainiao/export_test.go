package cainiao

// Digest lets tests compare data_digest with the vendor's vector.
func Digest(content, secret string) string { return digest(content, secret) }
