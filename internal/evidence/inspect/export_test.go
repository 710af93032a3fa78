package inspect

// Text128 lets a test turn symbols into text without drawing them.
func Text128(start int, values []int) (string, bool) { return text128(start, values) }
