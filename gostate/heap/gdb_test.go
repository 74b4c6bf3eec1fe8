//go:build linux

package heap_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moho/core/coretest"
	"moho/gostate/heap"
	"moho/internal/testbin"
)

// TestGDB compares spans with what gdb reads by the executable's DWARF.
func TestGDB(t *testing.T) {
	testbin.NeedTool(t, "gdb")
	for _, release := range []string{"1.26.8", "1.27.3"} {
		exe := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "src", "things")), testbin.Config{Go: release})
		corePath, _ := coretest.Kernel(t, []string{"GOTRACEBACK=crash"}, exe)
		h, err := heap.Open(open(t, corePath, exe))
		if err != nil {
			t.Fatal(err)
		}
		var script strings.Builder
		script.WriteString("set language c\nprintf \"mheap %#lx\\n\", (unsigned long)&'runtime.mheap_'\n")
		want := []string{fmt.Sprintf("mheap %#x", uint64(h.Addr()))}
		for s := range h.Spans() {
			span := fmt.Sprintf("(('runtime.mspan' *)%#x)", uint64(s.Addr))
			fmt.Fprintf(&script, `printf "%%#lx %%lu %%lu %%u %%u %%u %%u\n"`)
			for _, f := range []string{"startAddr", "npages", "elemsize", "nelems", "allocCount", "spanclass", "state.s.value"} {
				fmt.Fprintf(&script, ", %s->%s", span, f)
			}
			script.WriteByte('\n')
			if s.State != heap.InUse {
				want = append(want, fmt.Sprintf("%#x %d", uint64(s.Start), s.Pages()))
				continue
			}
			noscan := 0
			if s.NoScan {
				noscan = 1
			}
			want = append(want, fmt.Sprintf("%#x %d %d %d %d %d %d", uint64(s.Start), s.Pages(), s.ElemSize, s.Elems, s.Count, int(s.Class)*2+noscan, s.State))
		}
		file := filepath.Join(t.TempDir(), "script")
		if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(testbin.Run(t, "gdb", "-nx", "-batch", "-x", file, exe, corePath)) {
			if strings.HasPrefix(line, "0x") || strings.HasPrefix(line, "mheap ") {
				got = append(got, strings.TrimSpace(line))
			}
		}
		if len(got) != len(want) || len(want) < 40 {
			t.Fatalf("%s: %d spans, gdb has %d\n%.2000s", release, len(want), len(got), strings.Join(got, "\n"))
		}
		for i := range want {
			if got[i] != want[i] && !strings.HasPrefix(got[i], want[i]+" ") {
				t.Errorf("%s: gdb %q, want %q", release, got[i], want[i])
			}
		}
	}
}
