//go:build !linux

package watchdog

import (
	"errors"
	"os"
	"time"
)

func setTimeout(*os.File, time.Duration) (time.Duration, error) {
	return 0, errors.New("only Linux has this watchdog")
}

func advise(err error) error { return err }
