package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// largestPart is the most bytes of one JPEG; 1080p at full quality has about 1.5 MB.
const largestPart = 8 << 20

// Waits while a camera on the network is reached.
const (
	dialWait   = time.Second
	headerWait = 1500 * time.Millisecond
)

// mjpeg reads multipart/x-mixed-replace: parts of one JPEG each, without end.
func (c *Camera) mjpeg(ctx context.Context, put func(*image.Gray), bad func(error)) error {
	transport := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: dialWait}).DialContext,
		ResponseHeaderTimeout: headerWait,
		DisableCompression:    true,
		DisableKeepAlives:     true,
	}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.device, nil)
	if err != nil {
		return err
	}
	if user := req.URL.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("%w; is the camera on, and its address right?", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %q; correct the path or the account in its address", resp.Status)
	}
	kind, parameters, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	boundary := strings.TrimPrefix(parameters["boundary"], "--") // some cameras write it as it appears between the parts
	if err != nil || !strings.HasPrefix(kind, "multipart/") || boundary == "" {
		return fmt.Errorf("it serves %q, not multipart/x-mixed-replace; ask it for its MJPEG stream", resp.Header.Get("Content-Type"))
	}
	return newestPart(multipart.NewReader(resp.Body, boundary), put, bad)
}

// newestPart reads parts as they come, and decodes the newest: where decoding is slower than the
// camera, those between are left out, and none waits in the network's buffers to be shown late.
func newestPart(parts *multipart.Reader, put func(*image.Gray), bad func(error)) error {
	const inUse = 3 // one is read, one waits, one is decoded
	free, waiting := make(chan *bytes.Buffer, inUse), make(chan *bytes.Buffer, 1)
	for range inUse {
		free <- new(bytes.Buffer)
	}
	var decoding sync.WaitGroup
	decoding.Go(func() { // ends when waiting is closed
		for b := range waiting {
			img, err := fromJPEG(b.Bytes())
			free <- b
			if err != nil {
				bad(err)
			} else {
				put(img)
			}
		}
	})
	defer decoding.Wait()
	defer close(waiting)
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return errors.New("it ended the stream")
		}
		if err != nil {
			return fmt.Errorf("stream: %w", err)
		}
		b := <-free
		if err := receive(part, b); err != nil {
			free <- b
			if !errors.Is(err, ErrBadPicture) {
				return fmt.Errorf("stream: %w", err)
			}
			bad(err)
			continue
		}
		select {
		case older := <-waiting:
			free <- older
		default:
		}
		waiting <- b
	}
}

// receive reads one part, as soon as its stated length is there.
func receive(part *multipart.Part, buffer *bytes.Buffer) error {
	if kind := part.Header.Get("Content-Type"); kind != "" && kind != "image/jpeg" && kind != "image/jpg" {
		return fmt.Errorf("%w: a part of type %q", ErrBadPicture, kind)
	}
	limit := int64(largestPart + 1)
	if n, err := strconv.ParseInt(part.Header.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		if n > largestPart {
			return fmt.Errorf("%w: %d bytes", ErrBadPicture, n)
		}
		limit = n
	}
	buffer.Reset()
	if n, err := io.CopyN(buffer, part, limit); err == io.ErrUnexpectedEOF || err != nil && err != io.EOF {
		return err
	} else if n > largestPart {
		return fmt.Errorf("%w: more than %d bytes", ErrBadPicture, largestPart)
	}
	return nil
}

// wrap names the camera, without the password that its address may hold.
func (c *Camera) wrap(err error) error {
	name, by := strings.CutPrefix(c.device, openCV)
	if u, e := url.Parse(name); e == nil {
		name = u.Redacted()
	}
	if by {
		name = openCV + name
	}
	return fmt.Errorf("camera %s: %w", name, err)
}
