// Package config reads the configuration of one device, strictly, and says everything
// that is wrong with it at once.
package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict/words"
)

// Config is one device as its TOML file describes it. An unknown key refuses to
// start, with line and column; Validate lists all other faults at once.
type Config struct {
	Device struct {
		Name     string `toml:"name"`      // unique at the centre, "lane-12"
		Site     string `toml:"site"`      // "HZMB-DEP"
		State    string `toml:"state"`     // folder for the journal, the bundle and the device key
		SiteKeys string `toml:"site_keys"` // folder of the site's private keys, site-key*.json, which open sealed presentations, beside those that the centre gives; empty: there are none

		DocumentKeys string `toml:"document_keys"` // folder of <scheme>.key, which tell whether a code names the document that is read; empty: that is never known
	} `toml:"device"`
	Centre struct {
		URL     string   `toml:"url"`     // "nats://host:4222"; empty: this device never synchronises, and sets come by stick
		Root    string   `toml:"root"`    // first TUF root, as it came with the package
		Stick   string   `toml:"stick"`   // folder where a USB stick with a signed repository appears, "/media/usb"; empty: sticks are not looked at
		Refresh Duration `toml:"refresh"` // how often to look for a new bundle without a hint; default 1 m
	} `toml:"centre"`
	Hall struct {
		URL string `toml:"url"` // of the hub where the lanes of a hall meet, "nats://hub:4222"; empty: a code that counts once does so at each device alone
	} `toml:"hall"`
	Clock struct {
		Within Duration `toml:"within"` // the site vouches that the machine's clock is right to so much; 0: believe it as far as the kernel says that something disciplines it
	} `toml:"clock"`
	Health struct {
		Listen string `toml:"listen"` // loopback address of /healthz for the local scraper; empty: none
	} `toml:"health"`
	Attendant struct {
		Listen string `toml:"listen"` // loopback address of the attendant's page; empty: none
		Token  string `toml:"token"`  // asked for once as ?token=; empty: none

		Overrule string `toml:"overrule"` // how staff let somebody pass for an urgent reason given at the page: keys, at the lane; or sign-in, by names and PINs of the bundle's staff list; empty: they cannot
	} `toml:"attendant"`
	Watchdog Watchdog `toml:"watchdog"`
	Printer  Printer  `toml:"printer"`
	Lanes    []Lane   `toml:"lane"`

	Version string `toml:"-"` // of the program, "1.4.0"; the centre may order a least one
}

// Lane is one lane.
type Lane struct {
	Name         string            `toml:"name"`          // on the plate, "12"
	Profile      string            `toml:"profile"`       // single (one barrier) or open (no barrier)
	Kind         string            `toml:"kind"`          // border or venue
	Direction    string            `toml:"direction"`     // in, out or none
	VenueClass   string            `toml:"venue_class"`   // "market"; venues only
	Facts        string            `toml:"facts"`         // door or gate: which facts a rule may see
	Audiences    []string          `toml:"audiences"`     // who a holder's presentation may be meant for
	Policy       string            `toml:"policy"`        // profile of the policy file
	Unattended   bool              `toml:"unattended"`    // opens itself for service when safe
	ReplayWindow Duration          `toml:"replay_window"` // venues: how long the same code counts as already in; default 10 s
	Counter      map[string]string `toml:"counter"`       // where an officer waits, "Counter 8", by language
	Place        map[string]string `toml:"place"`         // name shown on the screens, by language
	Camera       Camera            `toml:"camera"`
	Scanners     []Scanner         `toml:"scanner"`  // beside the camera, or in its place
	Document     *Document         `toml:"document"` // nil: none, as are the next
	Card         *Card             `toml:"card"`
	Thermal      *Thermal          `toml:"thermal"`
	Gate         Gate              `toml:"gate"`
	Screen       struct {
		Listen  string  `toml:"listen"` // loopback address of the display
		Token   string  `toml:"token"`
		WidthMM int     `toml:"width_mm"` // width of the panel; default 476
		ViewMM  int     `toml:"view_mm"`  // reading distance; default 2000
		Volume  float64 `toml:"volume"`   // of the tones, 0 to 1
	} `toml:"screen"`
	Timing struct {
		Judge Duration `toml:"judge"` // default 2 s
		Enter Duration `toml:"enter"` // default 8 s (G8: entry no-show)
		Leave Duration `toml:"leave"` // default 30 s (G8: passage), then the alarm
		Warn  Duration `toml:"warn"`  // default 15 s, or half of leave if that is less (G8): the warning before it
		Show  Duration `toml:"show"`  // default 3 s; venues 1.5 s
		Staff Duration `toml:"staff"` // default 60 s: for staff to come to whom they may let pass, and for each key
	} `toml:"timing"`
}

// At is what verdicts depend on of the lane.
func (l Lane) At(site string) inspection.Lane {
	return inspection.Lane{Name: l.Name, Site: site, Kind: l.Kind, Direction: l.Direction, VenueClass: l.VenueClass,
		Profile: l.Facts, Policy: l.Policy, Audiences: l.Audiences, ReplayWindow: l.ReplayWindow.Duration}
}

// Duration is a time span written as "1.5s" or "10m".
type Duration struct{ time.Duration }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	d.Duration, err = time.ParseDuration(string(text))
	return err
}

// Read reads and checks the file at path.
func Read(path string) (Config, error) {
	var c Config
	f, err := os.Open(path)
	if err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	defer f.Close()
	d := toml.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, located(err))
	}
	c.Defaults()
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	return c, nil
}

// located puts line and column, and the key where it is unknown, into one line.
func located(err error) error {
	var (
		strict *toml.StrictMissingError
		bad    *toml.DecodeError
	)
	switch {
	case errors.As(err, &strict):
		var all []string
		for _, e := range strict.Errors {
			line, column := e.Position()
			all = append(all, fmt.Sprintf("line %d column %d: unknown key %q", line, column, strings.Join(e.Key(), ".")))
		}
		return fmt.Errorf("%s: remove it or correct its spelling", strings.Join(all, "; "))
	case errors.As(err, &bad):
		line, column := bad.Position()
		return fmt.Errorf("line %d column %d: %w", line, column, err)
	}
	return err
}

// Defaults sets what was left out and has a default.
func (c *Config) Defaults() {
	set := func(d *Duration, to time.Duration) {
		if d.Duration == 0 {
			d.Duration = to
		}
	}
	set(&c.Centre.Refresh, time.Minute)
	for i := range c.Lanes {
		l := &c.Lanes[i]
		set(&l.ReplayWindow, 10*time.Second)
		set(&l.Timing.Judge, 2*time.Second)
		set(&l.Timing.Enter, 8*time.Second)
		set(&l.Timing.Leave, 30*time.Second)
		set(&l.Timing.Warn, min(15*time.Second, l.Timing.Leave.Duration/2))
		set(&l.Timing.Staff, time.Minute)
		if l.Profile == "open" {
			set(&l.Timing.Show, 1500*time.Millisecond)
		}
		set(&l.Timing.Show, 3*time.Second)
		if l.Screen.WidthMM == 0 {
			l.Screen.WidthMM = 476
		}
		if l.Screen.ViewMM == 0 {
			l.Screen.ViewMM = 2000
		}
		if l.Direction == "" {
			l.Direction = "none"
		}
	}
}

// name is what may stand in subjects, file names and event ids.
var name = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$`)

// Validate reports every fault of c.
func (c *Config) Validate() error {
	var faults []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	must(name.MatchString(c.Device.Name), "device.name %q: use up to 32 letters, digits, - and _", c.Device.Name)
	must(name.MatchString(c.Device.Site), "device.site %q: use up to 32 letters, digits, - and _", c.Device.Site)
	must(filepath.IsAbs(c.Device.State), "device.state %q: give an absolute folder", c.Device.State)
	must(c.Centre.URL == "" && c.Centre.Stick == "" || c.Centre.Root != "", "centre.root is missing: give the root.json that came with the package")
	must(c.Hall.URL == "" || c.Centre.URL != "", "hall.url needs centre.url: the centre's bundle says who is in the hall")
	must(c.Centre.Refresh.Duration >= time.Second, "centre.refresh %v: use 1s or more", c.Centre.Refresh)
	must(c.Clock.Within.Duration >= 0 && c.Clock.Within.Duration <= 5*time.Minute, "clock.within %v: use up to 5m; a clock that may be further off is of no use", c.Clock.Within)
	must(c.Attendant.Listen == "" || loopback(c.Attendant.Listen), "attendant.listen %q: give a loopback address, as 127.0.0.1:8090", c.Attendant.Listen)
	must(slices.Contains([]string{"", "keys", "sign-in"}, c.Attendant.Overrule), "attendant.overrule %q: use keys or sign-in, or leave it out", c.Attendant.Overrule)
	must(c.Attendant.Overrule == "" || c.Attendant.Listen != "" && c.Attendant.Token != "", "attendant.overrule: staff give the reason at the page: set attendant.listen and attendant.token")
	must(c.Health.Listen == "" || loopback(c.Health.Listen), "health.listen %q: give a loopback address, as 127.0.0.1:9090", c.Health.Listen)
	c.validateDevices(must)
	must(len(c.Lanes) > 0, "no [[lane]]: describe at least one")
	seen := map[string]bool{}
	for i := range c.Lanes {
		l := &c.Lanes[i]
		at := fmt.Sprintf("lane %q", l.Name)
		must(name.MatchString(l.Name), "%s: name: use up to 32 letters, digits, - and _", at)
		must(!seen[l.Name], "%s: the name is used twice", at)
		seen[l.Name] = true
		must(l.Profile == "single" || l.Profile == "open", "%s: profile %q: use single or open", at, l.Profile)
		must(l.Kind == "border" || l.Kind == "venue", "%s: kind %q: use border or venue", at, l.Kind)
		must(l.Profile != "open" || l.Kind != "border", "%s: profile open has no barrier, and a border needs one: use single", at)
		must(l.Direction == "in" || l.Direction == "out" || l.Direction == "none", "%s: direction %q: use in, out or none", at, l.Direction)
		must(l.Facts == "door" || l.Facts == "gate", "%s: facts %q: use door or gate", at, l.Facts)
		must(l.Policy != "", "%s: policy is missing: name a profile of the bundle", at)
		l.validateDevices(at, must)
		for what, texts := range map[string]map[string]string{"place": l.Place, "counter": l.Counter} {
			for language := range texts {
				must(slices.Contains(words.Languages, language), "%s: %s.%s: use one of %s", at, what, language, strings.Join(words.Languages, ", "))
			}
		}
		must(l.ReplayWindow.Duration >= time.Second && l.ReplayWindow.Duration <= 24*time.Hour, "%s: replay_window %v: use 1s to 24h", at, l.ReplayWindow)
		must(l.Screen.WidthMM > 0 && l.Screen.ViewMM > 0, "%s: screen.width_mm %d, view_mm %d: give millimetres", at, l.Screen.WidthMM, l.Screen.ViewMM)
		must(l.Screen.Volume >= 0 && l.Screen.Volume <= 1, "%s: screen.volume %v: use 0 to 1", at, l.Screen.Volume)
		must(l.Screen.Listen == "" || loopback(l.Screen.Listen), "%s: screen.listen %q: give a loopback address, as 127.0.0.1:8081", at, l.Screen.Listen)
		must(l.Timing.Warn.Duration > 0 && l.Timing.Warn.Duration < l.Timing.Leave.Duration, "%s: timing.warn %v: use less than timing.leave, %v", at, l.Timing.Warn, l.Timing.Leave)
		for what, d := range map[string]Duration{"judge": l.Timing.Judge, "enter": l.Timing.Enter, "leave": l.Timing.Leave, "show": l.Timing.Show, "staff": l.Timing.Staff} {
			must(d.Duration >= 50*time.Millisecond && d.Duration <= 2*time.Minute, "%s: timing.%s %v: use 50ms to 2m", at, what, d.Duration)
		}
	}
	return errors.Join(faults...)
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}
