// Package process is what a lab does with the programs of a hall: it starts, kills and ends
// them, waits until they have done something, and cuts the line between two.
package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Process is one child of the lab: the bench, the centre or the product.
type Process struct {
	name string
	cmd  *exec.Cmd
	log  *os.File
	done chan error // receives once what Wait returned
}

// Start runs a program whose standard error goes to logPath. stdin and stdout may be nil; stdout then goes there too.
func Start(name, logPath string, stdin, stdout *os.File, program string, args ...string) (*Process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	p := &Process{name: name, cmd: exec.Command(program, args...), log: log, done: make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if stdin != nil {
		p.cmd.Stdin = stdin
	}
	if stdout != nil {
		p.cmd.Stdout = stdout
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL} // Ctrl-C is the lab's to pass on
	if err := p.cmd.Start(); err != nil {
		log.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() { p.done <- p.cmd.Wait(); log.Close() }() // ends with the child
	return p, nil
}

// Kill ends the child as a power cut would.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// Signal sends the child a signal.
func (p *Process) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// Pid is the child's number.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Stop asks the child to end and waits; one that does not obey is killed and reported.
func (p *Process) Stop(patience time.Duration) error {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.done:
		if err != nil {
			return fmt.Errorf("%s ended badly (%w): see %s", p.name, err, p.log.Name())
		}
		return nil
	case <-time.After(patience):
		p.Kill()
		return fmt.Errorf("%s did not end within %v: see %s", p.name, patience, p.log.Name())
	}
}

// Speaker writes JSON lines to a child; several may speak.
type Speaker struct {
	mu  sync.Mutex
	out *json.Encoder
}

// NewSpeaker speaks to out.
func NewSpeaker(out io.Writer) *Speaker { return &Speaker{out: json.NewEncoder(out)} }

// Say writes one line.
func (s *Speaker) Say(v any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Encode(v)
}

// Until asks again every 20 ms until ok holds, ctx ends or patience runs out.
func Until(ctx context.Context, patience time.Duration, what string, ok func() bool) error {
	end := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(end) {
			return fmt.Errorf("%s: not within %v", what, patience)
		}
		select {
		case <-ctx.Done():
			return errors.Join(errors.New(what), ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// The ports from which FreePort chooses. Systems give the ports above to outgoing connections: what a program
// that is down for a while listens on would be gone when it comes back.
const (
	lowest  = 10_000
	highest = 32_000
)

// FreePort finds a port of loopback that nobody listens on.
func FreePort() (int, error) {
	var err error
	for range 50 {
		port := lowest + rand.IntN(highest-lowest)
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port: %w", err)
}
