package printer

import (
	"bytes"
	"image"
	"image/png"
)

// knife is how many rows the knife is behind the head.
const knife = 40

// Piece is a piece of paper. What is below the last row is blank.
type Piece struct {
	Image *image.Gray // 0 is dark, 255 is paper
	End   string      // what parted it from the rest: "cut", "roll" where that ended, "" for not yet
}

// PNG is a picture of the piece.
func (p Piece) PNG() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, p.Image); err != nil {
		panic(err) // a piece of more than 2^31 rows
	}
	return b.Bytes()
}

// roll is the paper: rows of dots, and where it was parted.
type roll struct {
	dots   int
	rows   [][]byte
	pieces []Piece
}

func (r *roll) print(row []byte) { r.rows = append(r.rows, row) }

// tear parts the paper here.
func (r *roll) tear(how string) {
	r.pieces = append(r.pieces, r.piece(how))
	r.rows = nil
}

func (r *roll) piece(how string) Piece {
	img := image.NewGray(image.Rect(0, 0, r.dots, len(r.rows)))
	for y, row := range r.rows {
		for x := range r.dots {
			if x/8 >= len(row) || row[x/8]&(0x80>>(x%8)) == 0 {
				img.Pix[y*img.Stride+x] = 255
			}
		}
	}
	return Piece{Image: img, End: how}
}

func (r *roll) all() []Piece {
	pieces := append([]Piece(nil), r.pieces...)
	if len(r.rows) > 0 {
		pieces = append(pieces, r.piece(""))
	}
	return pieces
}
