package screen

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"path"

	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

// policy of every page: nothing but our own files, no frame around us, no form.
const policy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// surface guards a page: the strict headers, and the token where one is set. Assets carry
// no data and need none. A page that only shows has reading methods only; one that acts
// posts too, with the token and from itself.
func surface(token string, acts bool, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		switch reads := r.Method == http.MethodGet || r.Method == http.MethodHead; {
		case !reads && !(acts && r.Method == http.MethodPost):
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "this surface only shows", http.StatusMethodNotAllowed)
		case !reads && (token == "" || !knows(r, token) || r.Header.Get("Origin") != "http://"+r.Host):
			refuse(w)
		case path.Dir(r.URL.Path) == "/assets":
			asset(w, path.Base(r.URL.Path))
		case token != "" && r.URL.Query().Has("token"):
			enter(w, r, token)
		case token != "" && !knows(r, token):
			refuse(w)
		default:
			pages.ServeHTTP(w, r)
		}
	})
}

// enter takes the token out of the address and into a cookie.
func enter(w http.ResponseWriter, r *http.Request, token string) {
	given, want := sha256.Sum256([]byte(r.URL.Query().Get("token"))), sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		refuse(w)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: pass(token), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	to := *r.URL
	q := to.Query()
	q.Del("token")
	to.Scheme, to.Host, to.RawQuery = "", "", q.Encode()
	if path.Clean("/"+to.Path) != to.Path {
		to.Path = "/" // "//host" would lead elsewhere
	}
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

func knows(r *http.Request, token string) bool {
	c, err := r.Cookie(cookieName(r))
	return err == nil && subtle.ConstantTimeCompare([]byte(c.Value), []byte(pass(token))) == 1
}

// pass is what the cookie carries; it stays good over a restart and does not tell
// the token.
func pass(token string) string {
	sum := sha256.Sum256([]byte("checkpoint surface cookie\x00" + token))
	return hex.EncodeToString(sum[:])
}

// cookieName has the port in it: cookies do not keep ports apart (RFC 6265 section 8.5).
func cookieName(r *http.Request) string {
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		port = "80"
	}
	return "checkpoint-" + port
}

func refuse(w http.ResponseWriter) {
	html, err := render("locked", phrases.Keyless)
	reply(w, http.StatusForbidden, "text/html; charset=utf-8", html, err)
}

var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func asset(w http.ResponseWriter, name string) {
	b, err := fs.ReadFile(files, "assets/"+name)
	if err != nil {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	reply(w, http.StatusOK, kinds[path.Ext(name)], b, nil)
}

// panel tells the style sheets how large and how far away the screen is.
func (d *Display) panel(w http.ResponseWriter, _ *http.Request) {
	width, view := d.info.WidthMM, d.info.ViewMM
	if width <= 0 {
		width = 476
	}
	if view <= 0 {
		view = 2000
	}
	reply(w, http.StatusOK, kinds[".css"], fmt.Appendf(nil, ":root{--screen-w-mm:%d;--view-mm:%d}\n", width, view), nil)
}

// reply sends one whole answer, or the plain sentence that there is none.
func reply(w http.ResponseWriter, status int, kind string, body []byte, err error) {
	if err != nil {
		http.Error(w, "this page cannot be drawn: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(body) // who asked may be gone
}
