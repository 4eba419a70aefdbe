package screen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// ErrNotLoopback is given for a listener that other machines can reach.
var ErrNotLoopback = errors.New("a screen is served on a loopback address only: listen on 127.0.0.1")

// Serve serves one surface on its own loopback listener until ctx ends, then closes
// it and gives nil. A request must name this listener as its host, and come from its
// own pages or from none: a page of another origin, or a name that was made to point
// here, is refused (PROTOCOL C13).
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.IsLoopback() {
		return errors.Join(ErrNotLoopback, l.Close())
	}
	s := &http.Server{
		Handler:           ours(addr, h),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second, // a stream lifts this
		WriteTimeout:      10 * time.Second, // and renews this with every event
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // ends the streams
	}
	ended := make(chan error, 1)
	// Owned by Serve, which waits for it.
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("screen %s: %w", addr, err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if s.Shutdown(grace) != nil {
		_ = s.Close() // whoever still reads is cut off
	}
	<-ended
	return nil
}

// ours refuses what does not speak to this listener by its own address.
func ours(addr *net.TCPAddr, h http.Handler) http.Handler {
	port := strconv.Itoa(addr.Port)
	hosts := []string{net.JoinHostPort(addr.IP.String(), port), "localhost:" + port}
	if addr.Port == 80 {
		hosts = append(hosts, addr.IP.String(), "localhost")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		switch {
		case !slices.Contains(hosts, r.Host):
			http.Error(w, "this surface is not known by that name", http.StatusMisdirectedRequest)
		case origin != "" && origin != "http://"+r.Host:
			http.Error(w, "this surface answers its own pages only", http.StatusForbidden)
		default:
			h.ServeHTTP(w, r)
		}
	})
}
