package appliance

import (
	"encoding/json"
	"time"

	"example.org/checkpoint/firmware/health"
)

// report is what the centre's page of all devices shows; nothing of it is personal.
// Times are Unix seconds, 0 for never.
type report struct {
	V          int      `json:"v"`
	Device     string   `json:"device"`
	Site       string   `json:"site"`
	At         int64    `json:"at"`
	Version    string   `json:"version"`
	Bundle     string   `json:"bundle"`
	Changed    int64    `json:"changed"`
	Tried      int64    `json:"tried"`
	Unsynced   uint64   `json:"unsynced"`
	Oldest     int64    `json:"oldest"`
	Paper      string   `json:"paper"`
	Clock      string   `json:"clock"`
	Conditions []string `json:"conditions"`
}

// papers is what the conditions say of the printer, the worst first.
var papers = []struct {
	code health.Code
	word string
}{{health.PrinterLost, "trouble"}, {health.PrinterFailed, "trouble"}, {health.PrinterJam, "trouble"}, {health.PrinterOpen, "trouble"},
	{health.PrinterPaperOut, "out"}, {health.PrinterPaperLow, "low"}}

// reported is how the device is now.
func (a *Appliance) reported() ([]byte, error) {
	all, lanes := a.troubles.get()
	for _, s := range lanes {
		all = all.Union(s)
	}
	clock, stats, set := a.clock.Read(), a.journal.Stats(), a.centre.Status().Set
	r := report{V: 1, Device: a.config.Device.Name, Site: a.config.Device.Site, At: clock.Time.Unix(), Version: a.config.Version, Bundle: set.Version,
		Changed: seconds(set.Changed), Tried: seconds(set.Tried), Unsynced: stats.Unsynced, Oldest: seconds(stats.Oldest), Clock: string(clock.Confidence)}
	for _, c := range all.All() {
		r.Conditions = append(r.Conditions, c.Name)
	}
	if a.printer != nil {
		r.Paper = "ok"
		for _, p := range papers {
			if all.Has(p.code) {
				r.Paper = p.word
				break
			}
		}
	}
	return json.Marshal(r)
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
