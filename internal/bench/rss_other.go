//go:build !linux

package main

import (
	"os"
	"time"
)

func maxRSS(*os.ProcessState) int64 { return 0 }

func cpuTime() time.Duration { return 0 }
