package pack_test

import (
	"image"
	_ "image/png" // registers its decoder
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// poppler runs one of the programs of poppler-utils on a document and gives its output; without
// them a test is skipped, but fails in CI.
func poppler(t *testing.T, program string, document []byte, arguments ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: run make poppler", program)
		}
		t.Skipf("%s is missing: run make poppler", program)
	}
	name := filepath.Join(t.TempDir(), "pack.pdf")
	require.NoError(t, os.WriteFile(name, document, 0o600))
	out, err := exec.CommandContext(t.Context(), program, append([]string{name}, arguments...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// page renders one page of a document, from 1 on, at so many dots per inch, as a PNG file.
func page(t *testing.T, document []byte, n, dpi int) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "page")
	poppler(t, "pdftoppm", document, file, "-png", "-singlefile", "-r", strconv.Itoa(dpi), "-f", strconv.Itoa(n), "-l", strconv.Itoa(n))
	return file + ".png"
}

// ink is the share of dark points in a part of a picture.
func ink(t *testing.T, img image.Image, part image.Rectangle) float64 {
	t.Helper()
	dark := 0
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if r, g, b, _ := img.At(x, y).RGBA(); r+g+b < 3*0x9000 {
				dark++
			}
		}
	}
	return float64(dark) / float64(part.Dx()*part.Dy())
}
