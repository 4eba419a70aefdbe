// Command checkpoint is the edge appliance: it runs a device, and it reads, explains, checks and signs by hand what a device would.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"
)

// cli is every command, one file each.
type cli struct {
	Bundle  bundleCmd  `cmd:"" help:"Check and sign the lists, rules and texts that devices work by."`
	Doctor  doctorCmd  `cmd:"" help:"Look whether machine, keys and devices are fit, and say what to do."`
	Enroll  enrollCmd  `cmd:"" help:"Make the device's key and print its card for the centre."`
	Journal journalCmd `cmd:"" help:"Look at the record of what happened, and check it."`
	Policy  policyCmd  `cmd:"" help:"Write rules: test them, explain them, compare them, cost them."`
	Read    readCmd    `cmd:"" help:"Find and read the QR codes in pictures."`
	Run     runCmd     `cmd:"" help:"Run a device: its lanes, its screens and the way to the centre."`
	Verify  verifyCmd  `cmd:"" help:"Read codes, check who signed them, and judge them."`
	Version versionCmd `cmd:"" help:"Print the version, the Go version and the source revision."`
}

// Exit codes (see the help of each command).
const (
	exitFailed = 1 // it could not run
	exitNo     = 2 // it ran, and the answer is no
)

// errNo is returned by a command that ran and whose answer is no; it has already said why.
var errNo = errors.New("no")

func main() {
	var c cli
	k := kong.Parse(&c, kong.Name("checkpoint"),
		kong.Description("Reads, checks and decides signed codes at a border gate, a kiosk or a venue door, offline."),
		kong.Exit(func(code int) { os.Exit(min(code, exitFailed)) }), // a wrong flag is 80 by itself
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, Tree: true}))
	switch err := k.Run(); {
	case errors.Is(err, errNo):
		os.Exit(exitNo)
	case err != nil:
		fmt.Fprintln(os.Stderr, "checkpoint:", err)
		os.Exit(exitFailed)
	}
}
