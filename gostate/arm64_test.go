package gostate_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"moho/internal/testbin"
)

// TestARM64 reads cores that qemu-user writes of arm64 programs.
func TestARM64(t *testing.T) {
	testbin.Long(t)
	testbin.NeedTool(t, "qemu-aarch64-static")
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			exe := zoo(t, testbin.Config{Go: release, GOARCH: "arm64", Mode: testbin.Stripped})
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -c unlimited; exec qemu-aarch64-static "$0" nil`, exe)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOTRACEBACK=crash")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			cmd.Run()
			files, _ := filepath.Glob(filepath.Join(dir, "qemu_*.core"))
			if len(files) != 1 {
				t.Fatalf("no core: %v\n%.2000s", files, stderr.String())
			}
			w := open(t, files[0], exe)
			if n := compareTraceback(t, w, stderr.String()); n < 20 {
				t.Errorf("only %d stacks compared", n)
			}
			checkCrash(t, w, "main.(*node).leaf", stderr.String())
		})
	}
}
