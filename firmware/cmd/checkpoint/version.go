package main

import (
	"fmt"
	"runtime/debug"
)

// version is set by the linker (-X main.version=…).
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
	return nil
}
