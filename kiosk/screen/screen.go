// Package screen shows people what the device decided: the display of a lane, the
// screen of a venue and the attendant's page. It decides nothing itself.
//
// Every page starts closed and is lit only by its event stream. Each event carries
// the whole root element of the page, so a late joiner is told the truth at once,
// and a page that hears nothing for three seconds closes itself.
package screen

import (
	"bytes"
	"embed"
	"html/template"
	"time"

	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

// Options are those of one surface.
type Options struct {
	Token    string           // secret of this surface; empty lets every local program in
	Volume   float64          // of the tones, 0 (silent) to 1
	SignIn   bool             // staff act under their names and PINs; else with keys at the lane
	Location *time.Location   // of the times shown; nil is the system's own
	Now      func() time.Time // nil is the system's clock
}

func (o Options) now() time.Time {
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	if o.Location != nil {
		return now().In(o.Location)
	}
	return now()
}

// local gives t as people at this site write it.
func (o Options) local(t time.Time) time.Time {
	if o.Location != nil {
		return t.In(o.Location)
	}
	return t.Local()
}

// Words is one sentence in every language of the screens.
type Words = phrases.Words

//go:embed assets templates
var files embed.FS

var pages = template.Must(template.ParseFS(files, "templates/*.html"))

// render executes one named template.
func render(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
