package symbol

import (
	"errors"
	"fmt"
	"image"
	"math"
	"math/bits"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/common/reedsolomon"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// attempts remembers which finder patterns were tried together at which side, so that a later
// layer does not repeat an earlier one.
type attempts struct{ keys map[[4]int32]bool }

func (a *attempts) clear() { clear(a.keys) }

// first reports whether the grid was not tried before.
func (a *attempts) first(g *grid) bool {
	if a.keys == nil {
		a.keys = map[[4]int32]bool{}
	}
	key := func(p point) int32 { return int32(p.x)<<15 ^ int32(p.y) }
	k := [4]int32{key(g.a), key(g.b), key(g.c), int32(g.modules)}
	if a.keys[k] {
		return false
	}
	a.keys[k] = true
	return true
}

// leastTiming is the agreement of the timing patterns below which a grid is not tried.
const leastTiming = 0.25

// leastToWarp is the agreement from which a grid that cannot be read is bent and tried again.
const leastToWarp = 0.45

// sharpness are the ways in which the modules of a grid are sorted, in turn.
var sharpness = [...]float32{0.3, 0, 0.9}

// try reads the symbol of a triple.
func (r *Reader) try(t *triple) (Symbol, bool) {
	g := &r.grid
	for i, q := range t.guesses {
		if q.timing < leastTiming || i > 2 && q.timing < 0.6 || r.left.Grids <= 0 {
			break
		}
		r.place(g, t)
		g.lay(q.modules)
		if !r.attempts.first(g) {
			continue
		}
		g.align(&r.base)
		s, ok := r.decodeGrid(g)
		if !ok && q.timing >= leastToWarp && r.left.Grids > 0 {
			g.warp(&r.base, &r.sampler)
			s, ok = r.decodeGrid(g)
		}
		if ok {
			return s, true
		}
	}
	return Symbol{}, false
}

// decodeGrid samples the picture under a grid and reads it.
func (r *Reader) decodeGrid(g *grid) (Symbol, bool) {
	r.left.Grids--
	r.spent.Grids++
	r.tried = append(r.tried, g.area())
	r.sampler.sample(g, &r.base)
	for _, sharp := range sharpness {
		r.sampler.sort(sharp)
		format, mirrored, distance := r.sampler.format()
		if distance > mostFormatErrors {
			continue
		}
		if r.left.Decodes <= 0 {
			return Symbol{}, false
		}
		r.left.Decodes--
		r.spent.Decodes++
		s, err := decode(r.sampler.matrix(format, mirrored))
		if err == nil {
			s.Corners = g.corners(mirrored)
			return s, true
		}
	}
	return Symbol{}, false
}

func (g *grid) corners(mirrored bool) (c [4]image.Point) {
	for i, p := range g.area() {
		c[i] = image.Pt(int(math.Round(p.x)), int(math.Round(p.y)))
	}
	if mirrored {
		c[1], c[3] = c[3], c[1]
	}
	return c
}

// mostFormatErrors of the 30 modules that hold the format twice.
const mostFormatErrors = 8

// format finds the format information (section 7.9) that the modules come closest to, and
// whether the symbol is seen in a mirror.
func (s *sampler) format() (format uint32, mirrored bool, distance int) {
	distance = 31
	for _, mirror := range []bool{false, true} {
		var first, second uint32
		for i := range 15 {
			x, y, x2, y2 := formatPlace(i, s.n)
			if mirror {
				x, y, x2, y2 = y, x, y2, x2
			}
			if s.dark[y*s.n+x] {
				first |= 1 << i
			}
			if s.dark[y2*s.n+x2] {
				second |= 1 << i
			}
		}
		for data := range uint32(32) {
			f := formatBits(data)
			if d := bits.OnesCount32(first^f) + bits.OnesCount32(second^f); d < distance {
				format, mirrored, distance = f, mirror, d
			}
		}
	}
	return format, mirrored, distance
}

// formatPlace is where bit i of the format information is, twice (section 7.9.1, figure 25).
func formatPlace(i, n int) (x, y, x2, y2 int) {
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

// formatBits adds to five bits of format their BCH code and the mask (section 7.9.1, annex C).
func formatBits(data uint32) uint32 {
	return (data<<10 | remainder(data<<10, 0x537)) ^ 0x5412
}

// versionBits adds to six bits of version their code (section 7.10, annex D).
func versionBits(version uint32) uint32 {
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
func (s *sampler) matrix(format uint32, mirrored bool) *gozxing.BitMatrix {
	m, err := gozxing.NewSquareBitMatrix(s.n)
	if err != nil {
		return nil
	}
	for y := range s.n {
		for x := range s.n {
			i := y*s.n + x
			if mirrored {
				i = x*s.n + y
			}
			if s.dark[i] {
				m.Set(x, y)
			}
		}
	}
	put := func(x, y int, bit uint32) {
		if bit&1 == 1 {
			m.Set(x, y)
		} else {
			m.Unset(x, y)
		}
	}
	for i := range 15 {
		x, y, x2, y2 := formatPlace(i, s.n)
		put(x, y, format>>i)
		put(x2, y2, format>>i)
	}
	if version := (s.n - 17) / 4; version >= 7 {
		v := versionBits(uint32(version))
		for i := range 18 {
			put(i/3, s.n-11+i%3, v>>i)
			put(s.n-11+i%3, i/3, v>>i)
		}
	}
	return m
}

// decode corrects and reads a symbol. It is the one place where a panic of the library becomes
// an error.
func decode(m *gozxing.BitMatrix) (s Symbol, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("symbol: decoder: %v", p)
		}
	}()
	parser, err := decoder.NewBitMatrixParser(m)
	if err != nil {
		return Symbol{}, err
	}
	format, err := parser.ReadFormatInformation()
	if err != nil {
		return Symbol{}, err
	}
	codewords, err := parser.ReadCodewords()
	if err != nil {
		return Symbol{}, err
	}
	version := (m.GetWidth() - 17) / 4
	blocks, err := decoder.DataBlock_GetDataBlocks(codewords, decoder.VERSIONS[version-1], format.GetErrorCorrectionLevel())
	if err != nil {
		return Symbol{}, err
	}
	data := make([]byte, 0, len(codewords))
	for _, b := range blocks {
		if data, err = correct(data, b.GetCodewords(), b.GetNumDataCodewords(), guard(version, format.GetErrorCorrectionLevel())); err != nil {
			return Symbol{}, err
		}
	}
	s.Format = FormatQR
	return s, s.read(data, version)
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
var errMisread = errors.New("symbol: too many errors to be sure")

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
