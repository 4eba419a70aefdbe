package screen

import (
	"testing"

	"github.com/chromedp/chromedp"

	"example.org/checkpoint/firmware/lane"
)

// TestHints shows why a code is not read, while the invitation stays.
func TestHints(t *testing.T) {
	ctx, dir := browser(t), shots(t)
	d := NewDisplay(bay, here)
	addr, _ := start(t, "127.0.0.1:0", d)
	do(t, ctx, chromedp.EmulateViewport(1920, 1080), chromedp.Navigate("http://"+addr+"/"))
	for h := lane.HintDark; h <= lane.HintCovered; h++ {
		d.Show(lane.View{Screen: lane.ScreenIdle, Hint: h})
		until(t, ctx, shows+` === 'idle' && document.querySelector('.hints').innerText.includes(`+"`"+hold[h].En+"`"+`)`)
		if !eval[bool](t, ctx, `document.documentElement.scrollHeight <= innerHeight && [...document.querySelectorAll('.hints p')].every(p => p.scrollWidth <= p.clientWidth)`) {
			t.Errorf("the hint %v does not fit", h)
		}
		shot(t, ctx, dir, "hint-"+h.String())
	}
}
