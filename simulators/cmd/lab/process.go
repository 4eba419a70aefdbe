package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is one child of the lab: the bench, the centre or the product.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *os.File
	done chan error // receives once what Wait returned
}

// start runs a program whose standard error goes to logPath. stdin and stdout may be nil; stdout then goes there too.
func start(name, logPath string, stdin, stdout *os.File, program string, args ...string) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	p := &process{name: name, cmd: exec.Command(program, args...), log: log, done: make(chan error, 1)}
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

// kill ends the child as a power cut would.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// stop asks the child to end and waits; one that does not obey is killed and reported.
func (p *process) stop(patience time.Duration) error {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.done:
		if err != nil {
			return fmt.Errorf("%s ended badly (%w): see %s", p.name, err, p.log.Name())
		}
		return nil
	case <-time.After(patience):
		p.kill()
		return fmt.Errorf("%s did not end within %v: see %s", p.name, patience, p.log.Name())
	}
}

// speaker writes JSON lines to a child; several may speak.
type speaker struct {
	mu  sync.Mutex
	out *json.Encoder
}

func (s *speaker) Encode(v any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Encode(v)
}

// until asks again every 20 ms until ok holds, ctx ends or patience runs out.
func until(ctx context.Context, patience time.Duration, what string, ok func() bool) error {
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
