package screen

import (
	"net"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"example.org/checkpoint/firmware/lane"
)

const (
	shows  = `document.getElementById('stage').dataset.state`
	silent = `document.querySelector('.clock').textContent === ''`
)

// TestClosesItself: a page that lost the daemon is closed, and comes back with what
// is true then.
func TestClosesItself(t *testing.T) {
	ctx, dir := browser(t), shots(t)
	do(t, ctx, chromedp.EmulateViewport(1280, 720))
	d := NewDisplay(bay, here)
	d.Show(lane.View{Screen: lane.ScreenGo, Tone: lane.ToneGo})
	addr, stop := start(t, "127.0.0.1:0", d)
	do(t, ctx, chromedp.Navigate("http://"+addr+"/"))
	until(t, ctx, shows+` === 'go'`)

	stop() // the daemon is gone
	until(t, ctx, shows+` === 'closed' && `+silent)
	shot(t, ctx, dir, "lane-lost-720")

	d = NewDisplay(bay, here) // another daemon, in another state
	d.Show(lane.View{Screen: lane.ScreenIdle})
	_, stop = start(t, addr, d)
	until(t, ctx, shows+` === 'idle' && !(`+silent+`)`)

	// The way out is never taken back on a guess.
	d.Show(lane.View{Screen: lane.ScreenEmergency, Tone: lane.ToneEvacuation})
	until(t, ctx, shows+` === 'emergency'`)
	stop()
	until(t, ctx, silent)
	if got := eval[string](t, ctx, shows); got != "emergency" {
		t.Errorf("the daemon fell silent in an emergency, and the screen shows %q", got)
	}
	start(t, addr, NewDisplay(bay, here))
	until(t, ctx, shows+` === 'closed' && !(`+silent+`)`)
}

// TestClosesWhenTheDaemonHangs: the connection stands, but nobody speaks.
func TestClosesWhenTheDaemonHangs(t *testing.T) {
	ctx := browser(t)
	d := NewDisplay(bay, here)
	d.Show(lane.View{Screen: lane.ScreenGo})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mute := &muteListener{Listener: l}
	serve(t, mute, d)
	do(t, ctx, chromedp.Navigate("http://"+l.Addr().String()+"/"))
	until(t, ctx, shows+` === 'go'`)
	mute.gate.Lock() // every write of the server waits here
	until(t, ctx, shows+` === 'closed'`)
	mute.gate.Unlock()
	until(t, ctx, shows+` === 'go'`)
}

// muteListener hands out connections whose writes can be held back.
type muteListener struct {
	net.Listener
	gate sync.RWMutex
}

func (l *muteListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &muteConn{c, &l.gate}, err
}

type muteConn struct {
	net.Conn
	gate *sync.RWMutex
}

func (c *muteConn) Write(b []byte) (int, error) {
	c.gate.RLock()
	defer c.gate.RUnlock()
	return c.Conn.Write(b)
}

// TestTonesSound: every tone a lane knows can be played.
func TestTonesSound(t *testing.T) {
	ctx := browser(t)
	addr, _ := start(t, "127.0.0.1:0", NewDisplay(bay, here))
	do(t, ctx, chromedp.Navigate("http://"+addr+"/"))
	for tone := lane.ToneNone; tone <= lane.ToneEvacuation; tone++ {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](
			`import('/assets/sound.js').then((m) => { const sounds = m.play('`+tone.String()+`', 0.5); m.hush(); return sounds; })`, chromedp.EvalAwaitPromise))
		if err != nil || ok != (tone != lane.ToneNone) {
			t.Errorf("%s: sounds %v, %v", tone, ok, err)
		}
	}
}
