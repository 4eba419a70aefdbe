package watchdog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// wdiocSetTimeout is _IOWR('W', 6, int) of linux/watchdog.h, with the numbers of amd64
// and arm.
const wdiocSetTimeout = 0xc0045706

// setTimeout asks for a time and returns what the hardware made of it.
func setTimeout(file *os.File, timeout time.Duration) (time.Duration, error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	seconds := int32(max(1, timeout/time.Second))
	var no syscall.Errno
	if err := conn.Control(func(fd uintptr) {
		_, _, no = syscall.Syscall(syscall.SYS_IOCTL, fd, wdiocSetTimeout, uintptr(unsafe.Pointer(&seconds)))
	}); err != nil {
		return 0, err
	}
	if no != 0 {
		return 0, no
	}
	if seconds < 1 {
		return 0, fmt.Errorf("%d seconds", seconds)
	}
	return time.Duration(seconds) * time.Second, nil
}

// advise says what to do about a device that cannot be opened.
func advise(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("no such watchdog: load its kernel module, or leave watchdog.device empty")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("may not open it: give this user the device by a udev rule")
	case errors.Is(err, syscall.EBUSY):
		return errors.New("another program feeds it: set RuntimeWatchdogSec=off in systemd's system.conf")
	}
	return err
}
