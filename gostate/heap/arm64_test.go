package heap_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"moho/gostate/heap"
	"moho/internal/testbin"
)

// TestARM64 is TestThings on cores that qemu-user writes of arm64 programs.
func TestARM64(t *testing.T) {
	testbin.Long(t)
	testbin.NeedTool(t, "qemu-aarch64-static")
	for _, c := range configs(t) {
		if c.Mode != testbin.Plain && c.Mode != testbin.Stripped {
			continue
		}
		t.Run(c.Go+" "+string(c.Mode), func(t *testing.T) {
			c.GOARCH = "arm64"
			exe := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "src", "things")), c)
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -c unlimited; exec qemu-aarch64-static "$0"`, exe)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOTRACEBACK=crash", "GODEBUG=gcshrinkstackoff=1")
			out, _ := cmd.Output()
			files, _ := filepath.Glob(filepath.Join(dir, "qemu_*.core"))
			if len(files) != 1 {
				t.Fatalf("no core: %v\n%.2000s", files, out)
			}
			w := open(t, files[0], exe)
			h, err := heap.Open(w)
			if err != nil {
				t.Fatal(err)
			}
			checkThings(t, h, w, manifest(t, string(out)))
			checkCounts(t, h)
		})
	}
}
