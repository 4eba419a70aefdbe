package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"example.org/checkpoint/firmware/bench"
	"example.org/checkpoint/firmware/health"
)

// ask asks the running program, which holds the devices.
func (e *examination) ask(ctx context.Context) {
	address := e.config.Health.Listen
	if address == "" {
		e.note("program", "runs", "it holds the devices, so that they are not tried", "look at the attendant's page, set health.listen, or stop the program and ask again")
		return
	}
	ctx, stop := context.WithTimeout(ctx, e.wait)
	defer stop()
	var answer struct{ Conditions []string }
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err == nil {
		var w *http.Response
		if w, err = http.DefaultClient.Do(r); err == nil {
			defer w.Body.Close()
			err = json.NewDecoder(http.MaxBytesReader(nil, w.Body, 1<<16)).Decode(&answer)
		}
	}
	if err != nil {
		e.finding("program", "runs", "", fmt.Errorf("it does not say how it is: %w", err), "restart it: systemctl restart checkpoint")
		return
	}
	if len(answer.Conditions) == 0 {
		e.finding("program", "runs", "nothing is wrong", nil, "")
	}
	for _, name := range answer.Conditions {
		e.condition(name)
	}
}

// condition reports what the program says of itself.
func (e *examination) condition(name string) {
	for _, c := range health.All() {
		if c.Name != name {
			continue
		}
		state := Note
		if c.Severity == health.OutOfService {
			state = Wrong
		}
		e.report(Finding{Area: "program", What: c.Name, State: state, Says: c.Title, Do: c.Action})
		return
	}
	e.note("program", name, "not known to this version", "run the doctor of the version that runs")
}

// devices tries every device that the configuration names, one after the other.
func (e *examination) devices(ctx context.Context) {
	all, err := bench.Devices(e.config)
	if err != nil {
		e.finding("devices", "drivers", "", err, "enable the bus, and let this user open it (groups i2c, gpio)")
	}
	for _, d := range all {
		area := "device"
		if d.Lane != "" {
			area = "lane " + d.Lane
		}
		e.try(ctx, area, d)
	}
}

// look is from one look at a driver's fault to the next.
const look = 20 * time.Millisecond

// try runs a driver until it has no fault, at most for the patience.
func (e *examination) try(ctx context.Context, area string, d bench.Device) {
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { // ends with running
		defer close(ended)
		d.Run(running)
	}()
	fault := d.Fault()
	for end := time.Now().Add(e.wait); fault != nil && ctx.Err() == nil && time.Now().Before(end); fault = d.Fault() {
		time.Sleep(look)
	}
	stop()
	<-ended
	says := "answers"
	if fault == nil && e.print && d.Print != nil {
		if fault = e.page(ctx, d); fault == nil {
			says = "answers, and has printed a page: its frame is whole, and its code can be read"
		}
	}
	if d.Close != nil {
		_ = d.Close() // a board that is lost has been reported
	}
	e.finding(area, d.What, says, fault, d.Do)
}
