//go:build linux

package heap_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"moho/internal/testbin"
)

// qemu runs an arm64 program in qemu-user until it dies, and returns its core
// and what it printed.
func qemu(tb testing.TB, env []string, argv ...string) (core, output string) {
	tb.Helper()
	testbin.NeedTool(tb, "qemu-aarch64-static")
	dir := tb.TempDir()
	cmd := exec.CommandContext(tb.Context(), "sh", append([]string{"-c", `ulimit -c unlimited; exec qemu-aarch64-static "$0" "$@"`}, argv...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, _ := cmd.Output() // it dies; whether as it should, the core shows
	files, _ := filepath.Glob(filepath.Join(dir, "qemu_*.core"))
	if len(files) != 1 {
		tb.Fatalf("no core: %v\n%.2000s", files, out)
	}
	return files[0], string(out)
}

// TestARM64 is TestThings and TestMarker on cores of arm64 programs.
func TestARM64(t *testing.T) {
	testbin.Long(t)
	for _, c := range configs(t) {
		if c.Mode != testbin.Plain && c.Mode != testbin.Stripped {
			continue
		}
		t.Run(c.Go+" "+string(c.Mode), func(t *testing.T) {
			c.GOARCH = "arm64"
			h, w, list := things(t, c, qemu)
			checkThings(t, h, w, list)
			checkCounts(t, h)
			if c.Mode == testbin.Stripped {
				checkReach(t, c, qemu)
			}
		})
	}
}
