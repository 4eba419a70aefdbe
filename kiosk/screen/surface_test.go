package screen

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"

	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

// ask sends one request and gives the answer and its text.
func ask(t *testing.T, c *http.Client, method, url string, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestHeaders(t *testing.T) {
	addr, _ := start(t, "127.0.0.1:0", NewDisplay(bay, here))
	for path, kind := range map[string]string{"/": "text/html; charset=utf-8", "/panel.css": "text/css; charset=utf-8",
		"/assets/lane.js": "text/javascript; charset=utf-8", "/assets/lane.css": "text/css; charset=utf-8", "/assets/icon.svg": "image/svg+xml"} {
		res, body := ask(t, http.DefaultClient, "GET", "http://"+addr+path, nil)
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != kind || body == "" {
			t.Errorf("%s: %s, %q", path, res.Status, res.Header.Get("Content-Type"))
		}
		for h, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": policy} {
			if got := res.Header.Get(h); got != want {
				t.Errorf("%s: %s is %q", path, h, got)
			}
		}
		if strings.Contains(body, " style=") || strings.Contains(body, "<style") || strings.Contains(body, "<script>") {
			t.Errorf("%s has inline style or script, which the policy drops", path)
		}
	}
	for _, must := range []string{"default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(policy, must) {
			t.Errorf("the policy lacks %s", must)
		}
	}
	if _, css := ask(t, http.DefaultClient, "GET", "http://"+addr+"/panel.css", nil); !strings.Contains(css, "--screen-w-mm:476;--view-mm:2000") {
		t.Errorf("panel.css says %q", css)
	}
}

func TestOnlyReading(t *testing.T) {
	addr, _ := start(t, "127.0.0.1:0", NewDisplay(bay, here))
	for _, m := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		for _, path := range []string{"/", "/events", "/assets/lane.js"} {
			if res, _ := ask(t, http.DefaultClient, m, "http://"+addr+path, nil); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %s", m, path, res.Status)
			}
		}
	}
	for _, path := range []string{"/", "/events"} {
		if res, body := ask(t, http.DefaultClient, "HEAD", "http://"+addr+path, nil); res.StatusCode != 200 || body != "" {
			t.Errorf("HEAD %s: %s", path, res.Status)
		}
	}
	for _, path := range []string{"/nothing", "/assets/", "/assets/..%2fscreen.go", "/assets/none.js", "/templates/lane.html"} {
		if res, _ := ask(t, http.DefaultClient, "GET", "http://"+addr+path, nil); res.StatusCode != 404 {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

func TestHostAndOrigin(t *testing.T) {
	addr, _ := start(t, "127.0.0.1:0", NewDisplay(bay, here))
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host, origin string
		status       int
	}{
		{addr, "", 200}, {addr, "http://" + addr, 200}, {"localhost:" + port, "", 200}, {"localhost:" + port, "http://localhost:" + port, 200},
		{"evil.example:" + port, "", 421}, {"evil.example", "", 421}, {"127.0.0.1", "", 421}, {"127.0.0.1:1", "", 421}, {"[::1]:" + port, "", 421},
		{addr, "http://evil.example", 403}, {addr, "null", 403}, {addr, "https://" + addr, 403}, {addr, "http://127.0.0.1:1", 403},
	} {
		res, _ := ask(t, http.DefaultClient, "GET", "http://"+addr+"/", func(r *http.Request) {
			r.Host = c.host
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
		})
		if res.StatusCode != c.status {
			t.Errorf("host %q origin %q: %s, not %d", c.host, c.origin, res.Status, c.status)
		}
	}
}

func TestLoopbackOnly(t *testing.T) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := Serve(context.Background(), l, NewDisplay(bay, here)); !errors.Is(err, ErrNotLoopback) {
		t.Errorf("a listener for everybody: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the refused listener is still open: %v", err)
	}
}

func TestToken(t *testing.T) {
	o := here
	o.Token = "k3y"
	addr, stop := start(t, "127.0.0.1:0", NewDisplay(bay, o))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	kiosk := &http.Client{Jar: jar}
	for _, path := range []string{"/", "/events", "/panel.css", "/?token=", "/?token=k3", "/?token=k3yy", "//evil.example/?token=k"} {
		res, body := ask(t, kiosk, "GET", "http://"+addr+path, nil)
		if res.StatusCode != 403 || !strings.Contains(body, phrases.Keyless.Head.En) || strings.Contains(body, "data-state") {
			t.Errorf("%s without the token: %s %q", path, res.Status, body)
		}
	}
	noFollow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for from, to := range map[string]string{"/?token=k3y": "/", "/?token=k3y&lang=en": "/?lang=en", "//evil.example?token=k3y": "/"} {
		res, _ := ask(t, noFollow, "GET", "http://"+addr+from, nil)
		if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != to {
			t.Errorf("%s leads to %q (%s)", from, got, res.Status)
		}
		cookie := res.Header.Get("Set-Cookie")
		for _, must := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
			if !strings.Contains(cookie, must) {
				t.Errorf("the cookie lacks %s: %s", must, cookie)
			}
		}
		if strings.Contains(cookie, "k3y") {
			t.Errorf("the cookie tells the token: %s", cookie)
		}
	}
	res, body := ask(t, kiosk, "GET", "http://"+addr+"/?token=k3y", nil)
	if res.StatusCode != 200 || res.Request.URL.RawQuery != "" || !strings.Contains(body, `data-state="closed"`) {
		t.Errorf("with the token: %s at %s", res.Status, res.Request.URL)
	}
	if res, _ := ask(t, kiosk, "GET", "http://"+addr+"/panel.css", nil); res.StatusCode != 200 {
		t.Errorf("with the cookie: %s", res.Status)
	}
	// The cookie stays good when the program starts anew, and opens no other surface.
	stop()
	start(t, addr, NewDisplay(bay, o))
	if res, _ := ask(t, kiosk, "GET", "http://"+addr+"/", nil); res.StatusCode != 200 {
		t.Errorf("after a restart: %s", res.Status)
	}
	o.Token = "another"
	other, _ := start(t, "127.0.0.1:0", NewAttendant(busy, nil, o))
	if res, _ := ask(t, kiosk, "GET", "http://"+other+"/", nil); res.StatusCode != 403 {
		t.Errorf("another surface: %s", res.Status)
	}
}

// TestMotionGoesInSteps: an animation that is drawn anew at every frame takes a whole core
// of a machine without a graphics chip, and the lane needs it; who asks for less motion
// gets none.
func TestMotionGoesInSteps(t *testing.T) {
	for _, name := range []string{"lane.css", "board.css"} {
		css, err := fs.ReadFile(files, "assets/"+name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`animation:[^;}]*`).FindAllString(string(css), -1) {
			if !strings.Contains(m, "steps(") && !strings.Contains(m, "step-end") {
				t.Errorf("%s: %s", name, m)
			}
		}
	}
	tokens, err := fs.ReadFile(files, "assets/tokens.css")
	if err != nil || !strings.Contains(string(tokens), "@media (prefers-reduced-motion:reduce){*,*::before,*::after{animation:none!important") {
		t.Errorf("reduced motion is not heeded: %v", err)
	}
}
