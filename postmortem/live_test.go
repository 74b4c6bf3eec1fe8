//go:build linux && (amd64 || arm64)

package postmortem_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"moho/gostate"
	"moho/internal/testbin"
	"moho/postmortem"
)

// parked runs a program with n goroutines in main.parked until the test ends.
func parked(t *testing.T, c testbin.Config, n int, more ...string) (pid int) {
	t.Helper()
	exe := testbin.Build(t, testbin.Dir(t, filepath.Join("..", "core", "testdata", "src", "alive")), c)
	cmd := exec.Command(exe, append([]string{fmt.Sprint(n)}, more...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	for sc := bufio.NewScanner(out); sc.Scan(); {
		if sc.Text() == "ready" {
			return cmd.Process.Pid
		}
	}
	t.Fatal("the program ended")
	return 0
}

// TestLive counts the goroutines of living programs and looks at each stack,
// with all of the memory and with what was asked for only.
func TestLive(t *testing.T) {
	configs := []testbin.Config{{Mode: testbin.Plain}, {Mode: testbin.PIEStripped}}
	if testbin.IsLong() {
		for _, release := range testbin.Recent() {
			configs = append(configs, testbin.Config{Go: release, Mode: testbin.Stripped})
		}
		configs = append(configs, testbin.Config{Mode: testbin.External})
	}
	check := func(c testbin.Config, n int) {
		pid := parked(t, c, n)
		for name, whole := range map[string]int64{"whole": 0, "selected": 1} {
			t.Run(fmt.Sprintf("%d/%s/%s", n, c, name), func(t *testing.T) { checkLive(t, pid, n, whole) })
		}
	}
	for _, c := range configs {
		check(c, 1000)
	}
	if !testing.Short() {
		check(testbin.Config{}, 100_000)
	}
}

func checkLive(t *testing.T, pid, n int, whole int64) {
	c, err := postmortem.Open(t.Context(), fmt.Sprint(pid), postmortem.Options{Whole: whole})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil || !strings.Contains(string(status), "TracerPid:\t0\n") {
		t.Errorf("it is traced still: %v\n%s", err, status)
	}
	if c.Live == nil || c.Live.Whole != (whole == 0) || c.ExeFrom != postmortem.Running {
		t.Fatalf("%+v", c)
	}
	if want := int(whole); len(c.Gaps) != want {
		t.Errorf("gaps %v", c.Gaps)
	}
	found := 0
	for g := range c.World.Goroutines() {
		if len(g.Frames) == 0 || g.Truncated != "" && g.Status != "running" {
			t.Fatalf("goroutine %d [%s]: %d frames, %s", g.ID, g.Status, len(g.Frames), g.Truncated)
		}
		if slices.ContainsFunc(g.Frames, func(fr gostate.Frame) bool { return fr.Func == "main.parked" }) {
			found++
		}
	}
	if found != n {
		t.Errorf("%d goroutines in main.parked, want %d", found, n)
	}
	tied := 0
	for _, th := range c.World.Threads() {
		if th.How == "procid" {
			tied++
		}
	}
	if tied != len(c.Process.Threads()) || tied == 0 {
		t.Errorf("%d of %d threads have an M", tied, len(c.Process.Threads()))
	}
}
