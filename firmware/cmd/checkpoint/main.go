// Command checkpoint is the edge appliance: it runs a device, and it reads, explains, checks and signs by hand what a device would.
package main

import (
	"fmt"
	"os"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/reading"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/record"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/rules"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/sets"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/verify"
	"github.com/alecthomas/kong"
)

// cli is every command.
type cli struct {
	Bundle  sets.Commands   `cmd:"" help:"Check and sign the lists, rules and texts that devices work by."`
	Doctor  doctorCmd       `cmd:"" help:"Look whether machine, keys and devices are fit, and say what to do."`
	Enroll  enrollCmd       `cmd:"" help:"Make the device's key and print its card for the centre."`
	Journal record.Commands `cmd:"" help:"Look at the record of what happened, and check it."`
	Policy  rules.Commands  `cmd:"" help:"Write rules: test them, explain them, compare them, cost them."`
	Read    reading.Command `cmd:"" help:"Find and read the QR codes in pictures."`
	Run     runCmd          `cmd:"" help:"Run a device: its lanes, its screens and the way to the centre."`
	Verify  verify.Command  `cmd:"" help:"Read codes, check who signed them, and judge them."`
	Version versionCmd      `cmd:"" help:"Print the version, the Go version and the source revision."`
}

func main() {
	var c cli
	k := kong.Parse(&c, kong.Name("checkpoint"), kong.Bind(sets.Version(version)),
		kong.Description("Reads, checks and decides signed codes at a border gate, a kiosk or a venue door, offline."),
		kong.Exit(func(code int) { os.Exit(min(code, exit.Failed)) }), // a wrong flag is 80 by itself
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, Tree: true}))
	err := k.Run()
	code := exit.Code(err)
	if code == exit.Failed {
		fmt.Fprintln(os.Stderr, "checkpoint:", err)
	}
	os.Exit(code)
}
