package screen

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

// TestHints shows why a code is not read, while the invitation stays.
func TestHints(t *testing.T) {
	ctx, dir := browser(t), shots(t)
	d := NewDisplay(bay, here)
	addr, _ := start(t, "127.0.0.1:0", d)
	do(t, ctx, chromedp.EmulateViewport(1920, 1080), chromedp.Navigate("http://"+addr+"/"))
	for h := lane.HintDark; h <= lane.HintCovered; h++ {
		d.Show(lane.View{Screen: lane.ScreenIdle, Hint: h})
		until(t, ctx, shows+` === 'idle' && document.querySelector('.hints').innerText.includes(`+"`"+phrases.Hold[h].En+"`"+`)`)
		if !eval[bool](t, ctx, `document.documentElement.scrollHeight <= innerHeight && [...document.querySelectorAll('.hints p')].every(p => p.scrollWidth <= p.clientWidth)`) {
			t.Errorf("the hint %v does not fit", h)
		}
		shot(t, ctx, dir, "hint-"+h.String())
	}
}

// TestEveryTextFits draws whatever a lane or a venue may say, in every language, at the
// smallest panel and upright: nothing is cut off or runs over something else.
func TestEveryTextFits(t *testing.T) {
	ctx := browser(t)
	var views []lane.View
	for s := lane.ScreenClosed; s <= lane.ScreenStaff; s++ {
		views = append(views, lane.View{Screen: s})
	}
	for r := range phrases.Mend {
		views = append(views, lane.View{Screen: lane.ScreenRetry, Reason: r})
	}
	for h := range phrases.Hold {
		views = append(views, lane.View{Screen: lane.ScreenIdle, Hint: h})
	}
	for _, info := range []LaneInfo{bay, market} {
		d := NewDisplay(info, here)
		addr, _ := start(t, "127.0.0.1:0", d)
		do(t, ctx, chromedp.Navigate("http://"+addr+"/"))
		for _, p := range []struct{ width, height int64 }{{1280, 720}, {1080, 1920}} {
			do(t, ctx, chromedp.EmulateViewport(p.width, p.height))
			for _, l := range phrases.Spoken {
				for _, v := range views {
					if v.Screen >= lane.ScreenPass != (info.Kind == Venue) && v.Screen != lane.ScreenIdle && v.Screen != lane.ScreenRetry {
						continue
					}
					v.Language = string(l)
					d.Show(v)
					until(t, ctx, fmt.Sprintf(`document.getElementById('stage').dataset.shown === '%d'`, d.shown))
					for _, fault := range eval[[]string](t, ctx, audit) {
						t.Errorf("%s %v %s %s in %s at %d: %s", info.Number, v.Screen, v.Reason, v.Hint, l, p.width, fault)
					}
				}
			}
		}
	}
}
