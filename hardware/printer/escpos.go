package printer

import (
	"fmt"
	"image"
)

// bandRows is the height of a band. Two of 80 mm paper fit the 4 kB that the smallest
// printers can hold.
const bandRows = 24

// Commands to the printer.
var (
	initialise = []byte{0x1b, '@'}
	reports    = []byte{0x1d, 'a', 0x0e}          // GS a: online, errors, paper
	cutOff     = []byte{0x1d, 'V', 66, 0}         // GS V: feed to the knife and cut
	goOn       = []byte{0x10, 0x05, 1}            // DLE ENQ 1: go on where an error was mended
	askPaper   = []byte{0x1d, 'r', 1}             // GS r
	askMark    = []byte{0x1d, '(', 'H', 6, 0, 48} // GS ( H, function 48: m and four characters follow
)

// ask is DLE EOT n.
func ask(n byte) []byte { return []byte{0x10, 0x04, n} }

// confirm asks for an answer once everything before is done: one with an identifier, or
// the state of the paper.
func confirm(id string, byStatus bool) []byte {
	if byStatus {
		return askPaper
	}
	return append(append(askMark[:len(askMark):len(askMark)], 48), id...)
}

// identifier is the one of a number, four printable characters.
func identifier(n int) string { return fmt.Sprintf("%04d", n%10000) }

// raster is a picture as commands GS v 0, one for each band.
func raster(img *image.Gray) [][]byte {
	var bands [][]byte
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y += bandRows {
		bands = append(bands, band(img, y, min(y+bandRows, img.Rect.Max.Y)))
	}
	return bands
}

func band(img *image.Gray, from, to int) []byte {
	wide := (img.Rect.Dx() + 7) / 8
	b := []byte{0x1d, 'v', '0', 0, byte(wide), byte(wide >> 8), byte(to - from), byte((to - from) >> 8)}
	for y := from; y < to; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x += 8 {
			var dots byte
			for k := range min(8, img.Rect.Max.X-x) {
				if img.GrayAt(x+k, y).Y < 128 {
					dots |= 0x80 >> k
				}
			}
			b = append(b, unlike(b[len(b)-1], dots))
		}
	}
	return b
}

// unlike adds a dot where a picture would spell a command in real time (DLE EOT, DLE ENQ,
// DLE DC4), which printers obey within pictures too.
func unlike(before, dots byte) byte {
	if before == 0x10 && (dots == 0x04 || dots == 0x05 || dots == 0x14) {
		return dots | 0x08
	}
	return dots
}

// bar is the end of a slip.
func bar(dots int) []byte {
	const tall = 4
	return band(image.NewGray(image.Rect(0, 0, dots, tall)), 0, tall)
}

// void is the mark on a spoilt slip: crosses between bars, as wide as the paper.
func void(dots int) []byte {
	const tall, bar = 48, 8 // two bands: a small printer can hold it
	img := image.NewGray(image.Rect(0, 0, dots, tall))
	for y := range tall {
		for x := range dots {
			d := (x%tall - y + tall) % tall
			u := (x%tall + y) % tall
			if y >= bar && y < tall-bar && d > 6 && u > 6 {
				img.Pix[y*img.Stride+x] = 255
			}
		}
	}
	var b []byte
	for _, band := range raster(img) {
		b = append(b, band...)
	}
	return b
}

// A connection that was cut leaves a command half told. A printer ignores NUL between
// commands; these end any command before the next is sent: first what says how long a
// picture is, lest a question be taken for a great length, then the picture.
var headEnd = make([]byte, 16)

func padding(dots int) []byte { return make([]byte, bandRows*((dots+7)/8)) }
