package screen

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"example.org/checkpoint/firmware/lane"
)

// listener reads an event stream.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
}

func listen(t *testing.T, url string) listener {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if got := res.Header.Get("Content-Type"); res.StatusCode != 200 || got != "text/event-stream" {
		t.Fatalf("the stream is %s, %q", res.Status, got)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return listener{t, lines}
}

// next gives the next event of that name.
func (l listener) next(name string) string {
	l.t.Helper()
	for l.lines.Scan() {
		if l.lines.Text() == "event: "+name && l.lines.Scan() {
			return strings.TrimPrefix(l.lines.Text(), "data: ")
		}
	}
	l.t.Fatalf("the stream ended before an event %q: %v", name, l.lines.Err())
	return ""
}

// state gives the next root element.
func (l listener) state() string {
	l.t.Helper()
	var html string
	if err := json.Unmarshal([]byte(l.next("state")), &html); err != nil {
		l.t.Fatal(err)
	}
	return html
}

func TestStreamTellsTheWholeState(t *testing.T) {
	d := NewDisplay(bay, here)
	addr, _ := start(t, "127.0.0.1:0", d)
	first := listen(t, "http://"+addr+"/events")
	if html := first.state(); !strings.Contains(html, `data-state="closed"`) {
		t.Errorf("before the first Show: %s", html)
	}
	d.Show(lane.View{Screen: lane.ScreenGo, Tone: lane.ToneGo})
	whole := []string{`id="stage"`, `data-state="go"`, `data-tone="go"`, "請通行", "Please go through", "12", "深圳灣口岸"}
	// A late joiner is told the same, at once.
	for _, l := range []listener{first, listen(t, "http://"+addr+"/events")} {
		html := l.state()
		for _, part := range whole {
			if !strings.Contains(html, part) {
				t.Errorf("the event lacks %q: %s", part, html)
			}
		}
		var b beat
		if err := json.Unmarshal([]byte(l.next("beat")), &b); err != nil || b.Clock != "14:32" {
			t.Errorf("the beat says %+v (%v)", b, err)
		}
	}
	d.Show(lane.View{Screen: lane.ScreenGo, Tone: lane.ToneGo}) // nothing new
	d.Show(lane.View{Screen: lane.ScreenIdle})
	if html := first.state(); !strings.Contains(html, `data-state="idle"`) {
		t.Errorf("the same view again was sent again: %s", html)
	}
	if html, err := render("lane", bay.stage(lane.View{})); err != nil || !strings.Contains(string(html), `data-state="closed"`) {
		t.Errorf("the page does not arrive closed (%v)", err)
	}
}

// TestSlowReader: one that never reads neither blocks Show nor keeps the truth from others.
func TestSlowReader(t *testing.T) {
	d := NewDisplay(bay, here)
	addr, _ := start(t, "127.0.0.1:0", d)
	deaf, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	fmt.Fprintf(deaf, "GET /events HTTP/1.1\r\nHost: %s\r\n\r\n", addr)
	hears := listen(t, "http://"+addr+"/events")
	hears.state()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 5000 {
				d.Show(lane.View{Screen: lane.Screen(i % 5)})
			}
		})
	}
	all.Wait() // the test would hang here
	d.Show(lane.View{Screen: lane.ScreenEmergency})
	for !strings.Contains(hears.state(), `data-state="emergency"`) {
	}
}

// TestReadersAreBounded: the one too many is told to come back, and gets in when
// another leaves.
func TestReadersAreBounded(t *testing.T) {
	addr, _ := start(t, "127.0.0.1:0", NewDisplay(bay, here))
	var open []*http.Response
	get := func() *http.Response {
		res, err := http.Get("http://" + addr + "/events")
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	for range maxReaders {
		open = append(open, get())
	}
	res := get()
	res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %s", res.Status)
	}
	open[0].Body.Close()
	for res = get(); res.StatusCode == http.StatusServiceUnavailable; res = get() {
		res.Body.Close()
	}
	for _, r := range append(open[1:], res) {
		r.Body.Close()
	}
}

func TestAttendantStream(t *testing.T) {
	addr, _ := start(t, "127.0.0.1:0", NewAttendant(busy, nil, here))
	html := listen(t, "http://"+addr+"/events?lang=en").state()
	for _, part := range []string{"Referred", "test-too-old", "Measured age 49 h", "needed ≤ 48 h", "Signature does not match", "簽名不符", "Working offline", "52 min ago", "2021-12-10.3", "freshness.json", "Check the camera", "The centre cannot be reached"} {
		if !strings.Contains(html, part) {
			t.Errorf("the board lacks %q", part)
		}
	}
}
