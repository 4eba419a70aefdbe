package main

import (
	"fmt"
	"runtime/debug"

	"example.org/checkpoint/firmware/order"
)

// version is set by the linker (-X main.version=…), as "git describe" gives it at or after a tag v1.4.0;
// without a tag it begins with dev.
var version = "dev"

type versionCmd struct{}

func (versionCmd) Run() error {
	revision, built := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		built = info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	fmt.Printf("checkpoint %s (%s, %s)\n", version, built, revision)
	if !order.Released(version) {
		fmt.Println("a development build: where the centre orders a least version, it admits nobody")
	}
	return nil
}
