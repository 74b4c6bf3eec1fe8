//go:build linux && (amd64 || arm64)

package postmortem_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/core/coretest"
	"moho/internal/testbin"
	"moho/postmortem"
)

// TestTextInCore: a core for which the kernel kept what files were mapped needs
// no executable; one of the kernel's default does.
func TestTextInCore(t *testing.T) {
	for _, mode := range []testbin.Mode{testbin.Stripped, testbin.PIE} {
		exe := testbin.Build(t, testbin.Dir(t, filepath.Join("..", "core", "testdata", "src", "crash")), testbin.Config{Mode: mode})
		for filter, whole := range map[string]bool{"0x33": false, "0x37": true} {
			t.Run(string(mode)+"/"+filter, func(t *testing.T) {
				path, _ := coretest.Kernel(t, []string{"GOTRACEBACK=crash"}, "sh", "-c", `echo "$1" > /proc/self/coredump_filter; exec "$0" nil`, exe, filter)
				c, err := postmortem.Open(t.Context(), path, postmortem.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if (c.World != nil) != whole || (len(c.Gaps) == 0) != whole {
					t.Fatalf("goroutines %v, gaps %v", c.World != nil, c.Gaps)
				}
				if !whole {
					return
				}
				var without []string
				for g := range c.World.Goroutines() {
					without = append(without, g.Status, g.Truncated)
					without = append(without, names(g)...)
				}
				with, err := postmortem.Open(t.Context(), path, postmortem.Options{Exe: exe})
				if err != nil {
					t.Fatal(err)
				}
				defer with.Close()
				var want []string
				for g := range with.World.Goroutines() {
					want = append(want, g.Status, g.Truncated)
					want = append(want, names(g)...)
				}
				if diff := cmp.Diff(want, without); diff != "" || len(want) < 10 {
					t.Errorf("stacks (-with the executable +without):\n%s", diff)
				}
			})
		}
	}
}
