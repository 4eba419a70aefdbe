package hall

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
)

// TestPages looks at every surface of a hall at work, as people do: in a browser. The
// attendant sees the lists that are in force. Pictures go to CHECKPOINT_SHOTS.
func TestPages(t *testing.T) {
	s := open(t)
	dir := os.Getenv("CHECKPOINT_SHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx := browser(t)
	look := func(name, url, script string) {
		t.Helper()
		limited, stop := context.WithTimeout(ctx, 40*time.Second)
		defer stop()
		if err := chromedp.Do(limited, chromedp.Navigate(url)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := chromedp.Run(limited, chromedp.Poll[bool](script)); err != nil {
			t.Fatalf("%s never said %s: %v", name, script, err)
		}
		for _, size := range []struct {
			name          string
			width, height int64
		}{{"1080", 1920, 1080}, {"720", 1280, 720}} {
			if err := chromedp.Do(limited, chromedp.EmulateViewport(size.width, size.height)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond) // one transition
			png, err := chromedp.Run(limited, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "hall-"+name+"-"+size.name+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
			over, err := chromedp.Run(limited, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`))
			if err != nil || over {
				t.Errorf("%s at %s reaches out of the screen (%v)", name, size.name, err)
			}
		}
	}
	text := func(word string) string { return `document.body.innerText.includes(` + "`" + word + "`" + `)` }
	look("lane-idle", s.URL(1), `document.querySelector('[data-state="idle"]') !== null || document.body.dataset.state === "idle"`)
	look("venue-idle", s.URL(12), `document.querySelector('[data-state="idle"]') !== null || document.body.dataset.state === "idle"`)

	// Drawing the display takes the whole of a small machine; people come while nobody looks.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	green := cast.Named("green code")
	codes := green.Codes(s.cast, bench.Lane{Name: "M", Kind: "venue"}, time.Now())
	if got := s.visit(t, bench.Person{Lane: "M", Who: green.Who, Act: green.Act, Codes: codes, Again: true}); got.End != "passed" {
		t.Fatalf("nobody comes in: %+v", got)
	}
	look("attendant", s.Attendant()+"&lang=en", text("gate-01"))
	if page, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`)); err != nil || !strings.Contains(page, "policy/hk-border-departure.json") {
		t.Errorf("the attendant does not see the lists: %v\n%s", err, page)
	}
	lab := httptest.NewServer(s.Page.Handler())
	defer func() { // Close alone waits for the browser, which looks on
		lab.CloseClientConnections()
		lab.Close()
	}()
	if err := s.press(bench.Fault{Lane: "1", Name: "fire", On: true}); err != nil {
		t.Fatal(err)
	}
	look("lab", lab.URL, `document.querySelector('[data-lane="1"] .seen').textContent.includes("leaf open")`)
	if err := s.stopDevice(); err != nil {
		t.Error(err)
	}
}

func browser(t *testing.T) context.Context {
	t.Helper()
	const exe = "/usr/bin/chromium"
	if _, err := os.Stat(exe); err != nil {
		t.Fatalf("the pages are looked at in a browser: install it with `make deps` (%v)", err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(exe), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("mute-audio", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}
