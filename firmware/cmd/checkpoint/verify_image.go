package main

import (
	"context"

	"example.org/checkpoint/firmware/symbol"
)

// readPicture returns the texts of the codes in a picture.
func readPicture(ctx context.Context, r *symbol.Reader, file string) ([][]byte, error) {
	img, err := loadGray(file)
	if err != nil {
		return nil, err
	}
	symbols, err := r.Read(ctx, img, symbol.Thorough())
	var texts [][]byte
	for _, s := range symbols {
		texts = append(texts, []byte(s.Text))
	}
	return texts, err
}

// pictureDetail says why a picture gave no code.
func pictureDetail(err error) string {
	if err != nil {
		return err.Error()
	}
	return "no code found in the picture"
}
