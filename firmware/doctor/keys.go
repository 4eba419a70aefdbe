package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
)

// keys looks at what the device must keep to itself.
func (e *examination) keys() {
	path := filepath.Join(e.config.Device.State, "device.key")
	do := fmt.Sprintf("checkpoint enroll --state %s --device %s --site %s, and give its card to the centre", e.config.Device.State, e.config.Device.Name, e.config.Device.Site)
	switch err := secret(path); {
	case errors.Is(err, fs.ErrNotExist) && e.config.Centre.URL == "":
		e.finding("keys", "device key", "none, and no centre that would ask for it", nil, "")
	case errors.Is(err, fs.ErrNotExist):
		e.finding("keys", "device key", "", errors.New("none: the centre does not know this device"), do)
	case err != nil:
		e.finding("keys", "device key", "", err, "chmod 600 "+path)
	default:
		e.finding("keys", "device key", path, nil, "")
	}
	if dir := e.config.Device.SiteKeys; dir != "" {
		e.siteKeys(dir)
	}
}

func (e *examination) siteKeys(dir string) {
	all, _ := filepath.Glob(filepath.Join(dir, "site-key*.json"))
	if len(all) == 0 {
		e.finding("keys", "site keys", "", fmt.Errorf("no site-key*.json in %s: sealed codes cannot be opened", dir), "ask the centre for this site's keys")
		return
	}
	for _, path := range all {
		e.finding("keys", "site key "+filepath.Base(path), "only its owner may read it", secret(path), "chmod 600 "+path)
	}
}

// secret returns an error if others may read the file.
func secret(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("others may read %s", path)
	}
	return nil
}

// centre looks whether the centre can be reached at all; who it is, the program checks.
func (e *examination) centre(ctx context.Context) {
	c := e.config.Centre
	if c.URL == "" {
		e.note("centre", "none", "this device never synchronises", "name it in centre.url, or bring bundles and fetch records by hand")
		if c.Stick == "" {
			return
		}
	}
	_, err := os.Stat(c.Root)
	e.finding("centre", "root of trust", c.Root, err, "give the root.json that came with the package")
	if c.URL == "" {
		return
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" {
		e.finding("centre", c.URL, "", errors.New("not an address"), "write it as nats://host:4222")
		return
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), map[string]string{"nats": "4222", "tls": "4222", "ws": "80", "wss": "443"}[u.Scheme])
	}
	dialer := net.Dialer{Timeout: e.wait}
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err == nil {
		conn.Close()
	}
	if err != nil {
		e.note("centre", host, err.Error(), "check cable, router and firewall; the device goes on deciding by itself")
		return
	}
	e.finding("centre", host, "answers", nil, "")
}
