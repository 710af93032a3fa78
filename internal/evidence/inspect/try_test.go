package inspect

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	files, _ := filepath.Glob("../../../../shared/data/barcodes/*.[pj][np]g")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		start := time.Now()
		g, size, err := readPicture(b)
		if err != nil {
			t.Fatal(err)
		}
		p := g.measure(size)
		m := time.Since(start).Milliseconds()
		found, unsure, err := barcodes(context.Background(), g)
		fmt.Printf("%-34s %v %d %4d ms %v %q %v\n", filepath.Base(f), *p, m, time.Since(start).Milliseconds(), found, unsure, err)
	}
}
