package screen

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser starts Chromium for one test.
func browser(t *testing.T) context.Context {
	t.Helper()
	const exe = "/usr/bin/chromium"
	if _, err := os.Stat(exe); err != nil {
		t.Fatalf("the screens are tested in a browser: install Chromium and the fonts with `make deps` (%v)", err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(exe), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", false), chromedp.Flag("force-prefers-reduced-motion", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.Flag("mute-audio", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil { // the browser lives as long as the context it is started with
		t.Fatal(err)
	}
	watch(t, ctx)
	return ctx
}

// watch fails the test for whatever a page complains of, a style or script that the
// policy dropped among it; that a daemon is away is no complaint.
func watch(t *testing.T, ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	said := make(chan string, 1000)
	messages := chromedp.Console(ctx)
	go func() { // ends with the test
		defer close(said)
		for m, err := range messages {
			if err != nil {
				return
			}
			if (m.Type == "error" || m.Type == chromedp.ConsoleException) && !strings.Contains(m.Text, "net::ERR_") {
				said <- m.Text
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		for s := range said {
			t.Errorf("the page complains: %s", s)
		}
	})
}

func do(t *testing.T, ctx context.Context, a ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(limited, a...); err != nil {
		t.Fatal(err)
	}
}

// eval gives what a script says.
func eval[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}

// until waits for a script to be true.
func until(t *testing.T, ctx context.Context, script string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](script)); err != nil {
		t.Fatalf("never true: %s: %v", script, err)
	}
}

// shots is where pictures are kept: CHECKPOINT_SHOTS, or nowhere for long.
func shots(t *testing.T) string {
	if dir := os.Getenv("CHECKPOINT_SHOTS"); dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	return t.TempDir()
}

func shot(t *testing.T, ctx context.Context, dir, name string) []byte {
	t.Helper()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
	return png
}

// start serves h as the device does, on the given loopback address, and gives the
// address and how to stop.
func start(t *testing.T, addr string, h http.Handler) (string, func()) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return l.Addr().String(), serve(t, l, h)
}

func serve(t *testing.T, l net.Listener, h http.Handler) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, h) }() // owned by stop
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// audit lists what reaches out of the viewport, is cut off, or would scroll.
const audit = `(() => {
  const out = [];
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('.sr,.lines,script,template,[data-scrolls]') || e.matches('.beam')) continue;
    const r = e.getBoundingClientRect();
    if (!r.width || !r.height) continue;
    const name = e.tagName + '.' + e.getAttribute('class');
    if (r.right > innerWidth + 1 || r.bottom > innerHeight + 1 || r.left < -1 || r.top < -1) out.push(name + ' is outside');
    if (e.childElementCount === 0 && e.textContent.trim() && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline') out.push(name + ' is cut: ' + e.textContent.trim());
  }
  const box = (s) => document.querySelector(s)?.getBoundingClientRect();
  const over = (a, b) => a && b && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  for (const [a, b] of [['.say','.fig'],['.say','header'],['.say','footer'],['.fig','header'],['.fig','footer'],['.say','aside'],['.fig','aside'],['.clock','.where']])
    if (over(box('#stage ' + a), box('#stage ' + b))) out.push(a + ' lies over ' + b);
  for (const h of document.querySelectorAll('h1:lang(zh)')) if (h.getBoundingClientRect().height > 1.5 * parseFloat(getComputedStyle(h).fontSize)) out.push('the sentence breaks: ' + h.textContent);
  const d = document.documentElement;
  if (d.scrollWidth > innerWidth || d.scrollHeight > innerHeight) out.push('the page scrolls');
  return out;
})()`
