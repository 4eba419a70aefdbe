package camera

import (
	"errors"
	"image"
	"math"
)

var errHidden = errors.New("the card is outside the picture, or seen from its edge")

// lens maps modules of a card, from its centre, to pixels: three rows of a projective matrix.
type lens [9]float64

// pose projects a card that leans and turns, through a lens with a focal length of 1.2 pictures.
func pose(card Card, module, x, y, width float64) lens {
	sinX, cosX := math.Sincos(card.TiltX * math.Pi / 180)
	sinY, cosY := math.Sincos(card.TiltY * math.Pi / 180)
	sin, cos := math.Sincos(card.Turn * math.Pi / 180)
	far := 1.2 * width / module // distance in modules
	// Turn in the plane, lean back about the horizontal, then about the vertical axis.
	tilt := func(px, py float64) [3]float64 {
		tx, ty := cos*px-sin*py, sin*px+cos*py
		ty, tz := ty*cosX, -ty*sinX
		return [3]float64{tx*cosY - tz*sinY, ty, tx*sinY + tz*cosY}
	}
	u, v := tilt(1, 0), tilt(0, 1)
	f := module * far
	return lens{
		f*u[0] + x*u[2], f*v[0] + x*v[2], x * far,
		f*u[1] + y*u[2], f*v[1] + y*v[2], y * far,
		u[2], v[2], far}
}

func (l *lens) at(x, y float64) (float64, float64) {
	w := l[6]*x + l[7]*y + l[8]
	return (l[0]*x + l[1]*y + l[2]) / w, (l[3]*x + l[4]*y + l[5]) / w
}

// bounds is the box around a rectangle of half the sides wide and tall.
func (l *lens) bounds(wide, tall float64) image.Rectangle {
	var box image.Rectangle
	for _, c := range [4][2]float64{{-wide, -tall}, {wide, -tall}, {wide, tall}, {-wide, tall}} {
		x, y := l.at(c[0], c[1])
		box = box.Union(image.Rect(int(math.Floor(x)), int(math.Floor(y)), int(math.Floor(x))+2, int(math.Floor(y))+2))
	}
	return box
}

// invert is the inverse up to a factor.
func (l *lens) invert() (lens, bool) {
	m := lens{
		l[4]*l[8] - l[5]*l[7], l[2]*l[7] - l[1]*l[8], l[1]*l[5] - l[2]*l[4],
		l[5]*l[6] - l[3]*l[8], l[0]*l[8] - l[2]*l[6], l[2]*l[3] - l[0]*l[5],
		l[3]*l[7] - l[4]*l[6], l[1]*l[6] - l[0]*l[7], l[0]*l[4] - l[1]*l[3]}
	det := l[0]*m[0] + l[1]*m[3] + l[2]*m[6]
	return m, math.Abs(det) > 1e-6
}
