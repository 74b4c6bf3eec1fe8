//go:build go1.26

package main

import (
	"io"
	"os"
	"runtime/pprof"
)

// profile lets the runtime look for leaked goroutines: it leaves its answer in
// their status.
func profile() {
	if p := pprof.Lookup("goroutineleak"); p != nil && os.Getenv("LEAKS") != "" {
		p.WriteTo(io.Discard, 0)
		say("profiled 1")
	}
}
