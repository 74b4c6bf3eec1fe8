//go:build linux && (amd64 || arm64)

package capture

import (
	"os"
	"path/filepath"
	"testing"

	"moho/core"
	"moho/core/internal/proc"
)

// TestManySegments writes headers of more mappings than e_phnum can count.
func TestManySegments(t *testing.T) {
	for _, n := range []int{1, 65533, 65534, 65535, 70000} {
		out, err := os.Create(filepath.Join(t.TempDir(), "core"))
		if err != nil {
			t.Fatal(err)
		}
		w := &writer{out: out, machine: machine, page: 4096}
		segs := make([]segment, n)
		for i := range segs {
			start := uint64(i+1) << 20
			segs[i] = segment{VMA: &proc.VMA{Start: start, End: start + 4096, Read: true}}
		}
		segs[n-1].keep = 4096
		end, err := w.headers(segs, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Truncate(int64(end)); err != nil {
			t.Fatal(err)
		}
		out.Close()
		p, err := core.Open(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		if got := len(p.Regions()); got != n || p.Truncated() || p.Regions()[n-1].FileSize != 4096 {
			t.Errorf("%d regions of %d, truncated %v", got, n, p.Truncated())
		}
		p.Close()
	}
}
