package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A usage is what one run of a process cost.
type usage struct {
	cpu, wall time.Duration
	peak      int64 // resident, all kinds of pages, bytes
	anon      int64 // resident anonymous pages, the highest seen, bytes
}

// measure runs a command and returns what it cost. stdout may be nil.
func measure(ctx context.Context, stdout io.Writer, name string, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = stdout, &stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	done := make(chan struct{})
	sampled := make(chan int64)
	go func() { sampled <- sampleAnon(cmd.Process.Pid, done) }()
	err := cmd.Wait()
	wall := time.Since(start)
	close(done)
	u := usage{wall: wall, anon: <-sampled}
	u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	u.peak = maxRSS(cmd.ProcessState)
	if err != nil {
		return u, fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, stderr.String())
	}
	return u, nil
}

// sampleAnon returns the largest RssAnon of a process until done is closed.
func sampleAnon(pid int, done <-chan struct{}) (peak int64) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		peak = max(peak, rssAnon(pid))
		select {
		case <-done:
			return peak
		case <-tick.C:
		}
	}
}

// rssAnon returns the resident anonymous memory of a process in bytes, or 0.
func rssAnon(pid int) int64 {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

func mb(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/(1<<20)) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }
