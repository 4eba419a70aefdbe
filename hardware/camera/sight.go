package camera

import (
	"errors"
	"hash/maphash"
	"image"
	"time"
)

// What can be wrong with pictures that come.
var (
	// ErrFrozen is the fault of a camera that sends the same picture again and again. A real
	// sensor's noise makes each differ, also where nothing moves.
	ErrFrozen = errors.New("the picture is frozen: the camera is started anew; if that does not help, take its power away for a moment")
	// ErrBlack says that there is nothing but black to see.
	ErrBlack = errors.New("the picture is black: take the cap off the lens, or light the place")
	// ErrCovered says that what there was to see has gone.
	ErrCovered = errors.New("the picture shows nothing: uncover and clean the lens; if the camera was turned to a plain wall, restart the device")
)

// When pictures are believed to be bad.
const (
	frozenFor    = 5 * time.Second  // without a difference
	frozenFrames = 20               // and over so many pictures
	blackFor     = 5 * time.Second  //
	coveredFor   = 10 * time.Second // people stand close for less
	thawEvery    = 30 * time.Second // a frozen camera is started anew
	lookEvery    = 250 * time.Millisecond

	black     = 24  // grey levels: the most that the brightest part has; 16 is black in YCbCr
	plain     = 1.2 // grey levels: the detail of a covered lens, which is noise
	usualLeft = 0.25
)

// scene is what a picture shows, in grey levels, by the means of its 32x18 parts.
type scene struct {
	brightest float64 // part
	detail    float64 // mean bend between a part and those beside it; even shading has none
}

const cellsX, cellsY = 32, 18

// measure looks at some 320x180 pixels, which are enough for noise to even out.
func measure(img *image.Gray) scene {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w < cellsX || h < cellsY {
		return scene{}
	}
	var sum, n [cellsX * cellsY]float64
	step := max(1, min(w/320, h/180))
	for y := 0; y < h; y += step {
		row, at := img.Pix[y*img.Stride:], y*cellsY/h*cellsX
		for x := 0; x < w; x += step {
			i := at + x*cellsX/w
			sum[i] += float64(row[x])
			n[i]++
		}
	}
	var s scene
	for i := range sum {
		sum[i] /= max(n[i], 1)
		s.brightest = max(s.brightest, sum[i])
	}
	bends := 0.0
	for y := 1; y < cellsY-1; y++ {
		for x := 1; x < cellsX-1; x++ {
			i := y*cellsX + x
			s.detail += bend(sum[i-1], sum[i], sum[i+1]) + bend(sum[i-cellsX], sum[i], sum[i+cellsX])
			bends += 2
		}
	}
	s.detail /= bends
	return s
}

func bend(a, b, c float64) float64 {
	if d := a - 2*b + c; d >= 0 {
		return d
	} else {
		return -d
	}
}

// judge follows the pictures of one camera. Its zero value has seen none.
type judge struct {
	seed   maphash.Seed
	last   uint64
	since  time.Time // the last picture that differed
	same   int       // pictures since
	thawed time.Time

	looked              time.Time
	usual               float64 // detail
	darkFrom, plainFrom time.Time
}

// see takes a picture, and says whether it is one of a frozen stream and whether there is
// something to see. The stream is to be started anew where it says so.
func (j *judge) see(now time.Time, img *image.Gray) (frozen, anew bool, blind error) {
	if now.Sub(j.looked) >= lookEvery {
		j.looked = now
		j.look(now, measure(img))
	}
	switch {
	case !j.darkFrom.IsZero() && now.Sub(j.darkFrom) >= blackFor:
		blind = ErrBlack
	case !j.plainFrom.IsZero() && now.Sub(j.plainFrom) >= coveredFor:
		blind = ErrCovered
	}
	if j.same == 0 {
		j.seed = maphash.MakeSeed()
		j.since = now
	}
	sum := maphash.Bytes(j.seed, img.Pix)
	if sum != j.last || !j.darkFrom.IsZero() { // what is black may well be the same
		j.last, j.since, j.same = sum, now, 1
		return false, false, blind
	}
	j.same++
	frozen = j.same >= frozenFrames && now.Sub(j.since) >= frozenFor
	if anew = frozen && now.Sub(j.thawed) >= thawEvery; anew {
		j.thawed = now
	}
	return frozen, anew, blind
}

// look keeps since when there is nothing to see.
func (j *judge) look(now time.Time, s scene) {
	begin := func(from *time.Time, is bool) {
		switch {
		case !is:
			*from = time.Time{}
		case from.IsZero():
			*from = now
		}
	}
	begin(&j.darkFrom, s.brightest < black)
	covered := s.detail < plain && s.detail < usualLeft*j.usual
	begin(&j.plainFrom, covered)
	if covered || s.brightest < black {
		return
	}
	const slow = 1.0 / 64 // of a look: a person before the lens changes little
	if j.usual == 0 {
		j.usual = s.detail
	}
	j.usual += slow * (s.detail - j.usual)
}
