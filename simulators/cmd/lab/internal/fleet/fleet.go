// Package fleet measures a centre, as a process of its own, with many pretended devices.
package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/figures"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
	"example.org/checkpoint/simulators/device"
)

// Options say what is measured, as flags of a command.
type Options struct {
	Devices int           `default:"1000" help:"How many devices."`
	Seconds int           `default:"20" help:"How long they all send as fast as the centre lets them."`
	Batch   int           `default:"100" help:"Events in a batch; each device has one batch under way."`
	Orders  int           `default:"10" help:"How many orders go out while the devices are at rest, and while they send."`
	Dir     string        `help:"Folder of the centre, kept afterwards. Default: a temporary one, removed."`
	Wait    time.Duration `default:"60s" help:"How long a device waits for the stream, or for a mark, before it sends again."`
}

// fleet is one measurement.
type fleet struct {
	o       Options
	dir     string
	centre  *process.Process
	nats    int
	http    int
	keys    *device.Keys
	devices []*device.Device

	marked   atomic.Uint64 // events
	waits    waits         // from a batch until its mark
	hears    waits         // from an order until a device has it
	heard    []time.Time   // by each device, the order waited for
	number   atomic.Uint64 // of that order
	arrivals atomic.Int64  // devices that have heard it
}

// Run measures and prints what it finds.
func Run(ctx context.Context, c Options) (err error) {
	if c.Devices < 1 || c.Seconds < 1 || c.Orders < 1 || c.Batch < 1 || c.Batch > 200 {
		return errors.New("want at least one device, second and order, and 1 to 200 events in a batch")
	}
	f := &fleet{o: c, dir: c.Dir}
	if f.dir == "" {
		if f.dir, err = os.MkdirTemp("", "checkpoint-fleet-"); err != nil {
			return err
		}
		defer os.RemoveAll(f.dir)
	}
	defer func() {
		for _, d := range f.devices {
			d.Close()
		}
		if f.centre != nil {
			err = errors.Join(err, f.centre.Stop(60*time.Second))
		}
	}()
	for _, step := range []func(context.Context) error{f.enrol, f.start, f.connect, f.rest, f.load, f.check} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// enrol makes the devices and hands the centre their cards.
func (f *fleet) enrol(context.Context) error {
	registry := filepath.Join(f.dir, "registry")
	if err := os.MkdirAll(registry, 0o755); err != nil {
		return err
	}
	for n := range f.o.Devices {
		name := fmt.Sprintf("sim-%05d", n)
		d, err := device.New(name, "FLEET")
		if err != nil {
			return err
		}
		f.devices = append(f.devices, d)
		if err := os.WriteFile(filepath.Join(registry, name+".json"), d.Card(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (f *fleet) start(ctx context.Context) (err error) {
	if f.nats, err = process.FreePort(); err != nil {
		return err
	}
	if f.http, err = process.FreePort(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	f.centre, err = process.Start("centre", filepath.Join(f.dir, "centre.log"), nil, nil, self, "centre", "--dir", filepath.Join(f.dir, "centre"),
		"--registry", filepath.Join(f.dir, "registry"), "--nats", strconv.Itoa(f.nats), "--http", strconv.Itoa(f.http))
	if err != nil {
		return err
	}
	if err := process.Until(ctx, 20*time.Second, "the centre answers", func() bool { _, err := f.ask("GET", "/counts", nil); return err == nil }); err != nil {
		return err
	}
	text, err := f.ask("GET", "/keys", nil)
	if err == nil {
		f.keys, err = device.ReadKeys(text)
	}
	return err
}

func (f *fleet) ask(method, page string, body []byte) ([]byte, error) {
	q, err := http.NewRequest(method, fmt.Sprintf("http://127.0.0.1:%d%s", f.http, page), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	client := http.Client{Timeout: 10 * time.Minute}
	r, err := client.Do(q)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("centre: %s: %s", r.Status, bytes.TrimSpace(text))
	}
	return text, err
}

// connect brings every device's line up, 64 at a time.
func (f *fleet) connect(ctx context.Context) error {
	bare := resident(os.Getpid())
	before, began := resident(f.centre.Pid()), time.Now()
	f.heard = make([]time.Time, f.o.Devices)
	err := f.each(ctx, 64, func(n int, d *device.Device) error {
		return d.Connect(fmt.Sprintf("nats://127.0.0.1:%d", f.nats), f.keys, func(o device.Order) { f.hear(n, o) })
	})
	if err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Printf("connect    %d devices in %.2f s, %.0f/s\n", f.o.Devices, took.Seconds(), float64(f.o.Devices)/took.Seconds())
	f.memory("connected", bare, before)
	return nil
}

// memory says what the devices' process and the centre hold, and of that what each device adds.
func (f *fleet) memory(when string, bare, before int) {
	here, there := resident(os.Getpid()), resident(f.centre.Pid())
	fmt.Printf("memory     %s: devices %d MB, %.0f KiB each; centre %d MB, %.0f KiB for each\n", when,
		here>>10, float64(here-bare)/float64(f.o.Devices), there>>10, float64(there-before)/float64(f.o.Devices))
}

// each does something for every device, so many at a time.
func (f *fleet) each(ctx context.Context, workers int, do func(int, *device.Device) error) error {
	next, faults, all := make(chan int), make(chan error, workers), sync.WaitGroup{}
	for range workers {
		all.Go(func() { // ends with the list
			for n := range next {
				if err := do(n, f.devices[n]); err != nil {
					select {
					case faults <- err:
					default:
					}
				}
			}
		})
	}
	for n := range f.devices {
		if ctx.Err() != nil {
			break
		}
		next <- n
	}
	close(next)
	all.Wait()
	select {
	case err := <-faults:
		return err
	default:
		return ctx.Err()
	}
}

// rest sends orders while nothing else goes on.
func (f *fleet) rest(ctx context.Context) error {
	for n := range f.o.Orders {
		if err := f.order(ctx, []string{"halt", "open"}[n%2]); err != nil {
			return err
		}
	}
	fmt.Printf("order      %d orders to all %d, at rest: %s\n", f.o.Orders, f.o.Devices, f.hears.take())
	return nil
}

// order presses one order and waits until every device has it.
func (f *fleet) order(ctx context.Context, state string) error {
	f.arrivals.Store(0)
	f.number.Add(1)
	pressed := time.Now()
	if _, err := f.ask("POST", "/order", []byte(`{"kind":"breaker","state":"`+state+`","reason":"measured"}`)); err != nil {
		return err
	}
	err := process.Until(ctx, time.Minute, "every device has the order", func() bool { return f.arrivals.Load() == int64(f.o.Devices) })
	if err == nil {
		for _, at := range f.heard {
			f.hears.add(at.Sub(pressed))
		}
	}
	return err
}

// orders presses orders all through a time, the first as it begins, when everybody comes in at once.
func (f *fleet) orders(ctx context.Context, began time.Time, all time.Duration) error {
	for n := range f.o.Orders {
		time.Sleep(time.Until(began.Add(all * time.Duration(n) / time.Duration(f.o.Orders))))
		if err := f.order(ctx, []string{"halt", "open"}[n%2]); err != nil {
			return err
		}
		if n == 0 {
			fmt.Printf("order      1 order to all %d, pressed as all begin: %s\n", f.o.Devices, f.hears.take())
		}
	}
	return nil
}

// hear is told what device n hears.
func (f *fleet) hear(n int, o device.Order) {
	if o.Number == f.number.Load() {
		f.heard[n] = o.Heard
		f.arrivals.Add(1)
	}
}

// load has every device send, one batch after the other, and presses orders meanwhile. The first
// batches are signed before: a device has a processor of its own for that.
func (f *fleet) load(ctx context.Context) error {
	err := f.each(ctx, runtime.GOMAXPROCS(0), func(_ int, d *device.Device) error {
		d.Record(f.o.Batch, time.Now())
		d.Batch()
		return nil
	})
	if err != nil {
		return err
	}
	bare, before := resident(os.Getpid()), resident(f.centre.Pid())
	began, all := time.Now(), time.Duration(f.o.Seconds)*time.Second
	ctx, stop := context.WithTimeout(ctx, all)
	defer stop()
	ordered := make(chan error, 1)
	go func() { ordered <- f.orders(context.WithoutCancel(ctx), began, all) }() // waited for below
	err = f.each(context.WithoutCancel(ctx), f.o.Devices, func(_ int, d *device.Device) error {
		for ctx.Err() == nil {
			if n := f.o.Batch - d.Waiting(); n > 0 {
				d.Record(n, time.Now())
			}
			sent := time.Now()
			err := d.Send(ctx, f.o.Wait)
			f.marked.Add(uint64(f.o.Batch - d.Waiting()))
			if err != nil && ctx.Err() == nil {
				return err
			}
			if err == nil {
				f.waits.add(time.Since(sent))
			}
		}
		return nil
	})
	took, events := time.Since(began), f.marked.Load()
	if err := errors.Join(err, <-ordered); err != nil {
		return err
	}
	fmt.Printf("sink       %d events stored and marked in %.1f s: %.0f events/s, %.0f batches/s of %d\n", events, took.Seconds(),
		float64(events)/took.Seconds(), float64(events)/took.Seconds()/float64(f.o.Batch), f.o.Batch)
	fmt.Printf("mark       from a batch to its mark: %s\n", f.waits.take())
	fmt.Printf("order      %d orders to all %d, under this load: %s\n", f.o.Orders-1, f.o.Devices, f.hears.take())
	f.memory("under load", bare, before)
	return nil
}

// check has the devices bring what is left, and the centre prove that it has everything once.
func (f *fleet) check(ctx context.Context) error {
	began := time.Now()
	err := f.each(ctx, f.o.Devices, func(_ int, d *device.Device) error {
		if err := d.Send(ctx, f.o.Wait); err != nil {
			return err
		}
		return d.Checkpoint(ctx, f.o.Wait)
	})
	if err != nil {
		return err
	}
	var events, sent uint64
	for _, d := range f.devices {
		events += d.Seq()
		sent += d.Sent()
	}
	fmt.Printf("drain      what was under way, and a checkpoint of each: %.1f s\n", time.Since(began).Seconds())
	size, err := os.Stat(filepath.Join(f.dir, "centre", "sink.db"))
	if err != nil {
		return err
	}
	fmt.Printf("bytes      %.0f on the wire, %.0f in the sink for each event\n", float64(sent)/float64(events), float64(size.Size())/float64(events))
	began = time.Now()
	text, err := f.ask("GET", "/audit", nil)
	if err != nil {
		return err
	}
	var a struct {
		Chains int
		Events uint64
		Faults []json.RawMessage
	}
	var c figures.Counts
	if err := json.Unmarshal(text, &a); err != nil {
		return err
	}
	if text, err = f.ask("GET", "/counts", nil); err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		return err
	}
	fmt.Printf("audit      %d chains, %d events in %.1f s: %d faults, %d received twice, %d in conflict, %d in quarantine\n",
		a.Chains, a.Events, time.Since(began).Seconds(), len(a.Faults), c.Doubles, c.Conflicts+c.Broken, c.Quarantined)
	if a.Events != events || len(a.Faults) > 0 || c.Conflicts+c.Broken+c.Quarantined > 0 {
		return fmt.Errorf("the centre holds %d events of %d", a.Events, events)
	}
	return nil
}
