// Package codewords takes QR symbols (ISO/IEC 18004:2015) apart: from the modules of one, sorted into
// dark and light, to its codewords, corrected, and to the text and bytes that they hold.
package codewords

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/common/reedsolomon"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// Modules are those of a symbol.
type Modules struct {
	N    int    // along a side
	Dark []bool // row by row
}

// AlignmentCentres are the rows and columns of the centres of alignment patterns (annex E), of version
// 2 and above.
func AlignmentCentres(version int) []int {
	return decoder.VERSIONS[version-1].GetAlignmentPatternCenters()
}

// Format is the format information of a symbol.
type Format struct {
	Mirrored bool // the symbol is seen in a mirror
	Errors   int  // of the 30 modules that hold it twice
	data     uint32
}

// Format finds the format information (section 7.9) that the modules come closest to, for a symbol of
// model 2 and for one of model 1.
func (m Modules) Format() (model2, model1 Format) {
	model2.Errors, model1.Errors = 31, 31
	for _, mirror := range []bool{false, true} {
		var first, second uint32
		for i := range 15 {
			x, y, x2, y2 := FormatPlace(i, m.N)
			if mirror {
				x, y, x2, y2 = y, x, y2, x2
			}
			if m.Dark[y*m.N+x] {
				first |= 1 << i
			}
			if m.Dark[y2*m.N+x2] {
				second |= 1 << i
			}
		}
		for data := range uint32(32) {
			f := FormatBits(data)
			if d := bits.OnesCount32(first^f) + bits.OnesCount32(second^f); d < model2.Errors {
				model2 = Format{mirror, d, data}
			}
			f ^= formatMask ^ model1Mask
			if d := bits.OnesCount32(first^f) + bits.OnesCount32(second^f); d < model1.Errors {
				model1 = Format{mirror, d, data}
			}
		}
	}
	return model2, model1
}

// FormatPlace is where bit i of the format information is, twice (section 7.9.1, figure 25).
func FormatPlace(i, n int) (x, y, x2, y2 int) {
	switch {
	case i < 6:
		x, y = 8, i
	case i < 8:
		x, y = 8, i+1
	case i == 8:
		x, y = 7, 8
	default:
		x, y = 14-i, 8
	}
	if i < 8 {
		return x, y, n - 1 - i, 8
	}
	return x, y, 8, n - 15 + i
}

// Masks over the format information; that of model 1 leaves no error in the symbol it was measured on.
const (
	formatMask = 0x5412
	model1Mask = 0x2825
)

// FormatBits adds to five bits of format their BCH code and the mask of model 2 (section 7.9.1, annex C).
func FormatBits(data uint32) uint32 {
	return (data<<10 | remainder(data<<10, 0x537)) ^ formatMask
}

// VersionBits adds to six bits of version their code (section 7.10, annex D).
func VersionBits(version uint32) uint32 {
	return version<<12 | remainder(version<<12, 0x1f25)
}

// remainder divides polynomials over GF(2).
func remainder(v, by uint32) uint32 {
	for bits.Len32(v) >= bits.Len32(by) {
		v ^= by << (bits.Len32(v) - bits.Len32(by))
	}
	return v
}

// matrix is the symbol the right way round, with format and version as they must be.
func (m Modules) matrix(f Format) *gozxing.BitMatrix {
	out, err := gozxing.NewSquareBitMatrix(m.N)
	if err != nil {
		return nil
	}
	for y := range m.N {
		for x := range m.N {
			i := y*m.N + x
			if f.Mirrored {
				i = x*m.N + y
			}
			if m.Dark[i] {
				out.Set(x, y)
			}
		}
	}
	put := func(x, y int, bit uint32) {
		if bit&1 == 1 {
			out.Set(x, y)
		} else {
			out.Unset(x, y)
		}
	}
	format := FormatBits(f.data)
	for i := range 15 {
		x, y, x2, y2 := FormatPlace(i, m.N)
		put(x, y, format>>i)
		put(x2, y2, format>>i)
	}
	if version := (m.N - 17) / 4; version >= 7 {
		v := VersionBits(uint32(version))
		for i := range 18 {
			put(i/3, m.N-11+i%3, v>>i)
			put(m.N-11+i%3, i/3, v>>i)
		}
	}
	return out
}

// caught makes a panic of the library an error.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("codewords: decoder: %v", p)
	}
}

// Read corrects and reads a symbol of model 2 of 21 to 177 modules along a side.
func (m Modules) Read(f Format) (t Text, err error) {
	defer caught(&err)
	parser, err := decoder.NewBitMatrixParser(m.matrix(f))
	if err != nil {
		return Text{}, err
	}
	info, err := parser.ReadFormatInformation()
	if err != nil {
		return Text{}, err
	}
	codewords, err := parser.ReadCodewords()
	if err != nil {
		return Text{}, err
	}
	version := (m.N - 17) / 4
	blocks, err := decoder.DataBlock_GetDataBlocks(codewords, decoder.VERSIONS[version-1], info.GetErrorCorrectionLevel())
	if err != nil {
		return Text{}, err
	}
	data := make([]byte, 0, len(codewords))
	for _, b := range blocks {
		if data, err = correct(data, b.GetCodewords(), b.GetNumDataCodewords(), guard(version, info.GetErrorCorrectionLevel())); err != nil {
			return Text{}, err
		}
	}
	return t, t.read(data, version, 0)
}

// guard is the number of check codewords that only detect errors: small symbols would otherwise be
// corrected into what they never were (section 7.5.1, table 9).
func guard(version int, level decoder.ErrorCorrectionLevel) int {
	switch {
	case version == 1 && level == decoder.ErrorCorrectionLevel_L:
		return 3
	case version == 1 && level == decoder.ErrorCorrectionLevel_M, version == 2 && level == decoder.ErrorCorrectionLevel_L:
		return 2
	case version == 1, version == 3 && level == decoder.ErrorCorrectionLevel_L:
		return 1
	}
	return 0
}

// errMisread says that a block has more errors than may be corrected.
var errMisread = errors.New("codewords: too many errors to be sure")

// correct appends the data of a block of codewords, of which n are data, errors corrected (section
// 7.5.2), unless there are so many that the guard says no.
func correct(data, block []byte, n, guard int) ([]byte, error) {
	words := make([]int, len(block))
	for i, v := range block {
		words[i] = int(v)
	}
	if err := reedsolomon.NewReedSolomonDecoder(reedsolomon.GenericGF_QR_CODE_FIELD_256).Decode(words, len(block)-n); err != nil {
		return nil, err
	}
	wrong := 0
	for i, v := range words {
		if byte(v) != block[i] {
			wrong++
		}
	}
	if 2*wrong > len(block)-n-guard {
		return nil, errMisread
	}
	for _, v := range words[:n] {
		data = append(data, byte(v))
	}
	return data, nil
}
