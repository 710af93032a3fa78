package api

import (
	"errors"
	"io"
	"net/http"

	"parcelward/internal/port"
)

// UploadForm reads an upload's form whole: its fields, then how long each file is.
func UploadForm(r *http.Request) (o port.NewOriginal, sizes []int64, err error) {
	form, err := newUploadForm(r)
	if err != nil {
		return o, nil, err
	}
	o, file, err := form.fields()
	for err == nil {
		n, broken := io.Copy(io.Discard, file.content)
		if broken != nil {
			return o, sizes, file.problem(broken)
		}
		sizes = append(sizes, n)
		file, err = form.next()
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return o, sizes, err
}
