package fleet

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// waits are measured times; many may add.
type waits struct {
	mu  sync.Mutex
	all []time.Duration
}

func (w *waits) add(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, d)
}

// take says what was measured since it was last asked.
func (w *waits) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.all
	if w.all = nil; len(all) == 0 {
		return "nothing measured"
	}
	slices.Sort(all)
	at := func(part float64) time.Duration {
		return all[int(part*float64(len(all)-1))].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("p50 %v, p99 %v, max %v", at(0.5), at(0.99), at(1))
}

// resident is the memory of a process that is in RAM, in KiB; 0 = not known.
func resident(pid int) (kib int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	if _, rest, ok := bytes.Cut(text, []byte("VmRSS:")); ok {
		fmt.Sscan(string(rest), &kib)
	}
	return kib
}
