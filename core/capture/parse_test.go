//go:build linux && (amd64 || arm64)

package capture

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/core"
)

func TestParseMaps(t *testing.T) {
	const text = `00400000-0049f000 r-xp 00000000 fd:00 123456                             /tmp/a b: c
Size:                636 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex mr mw me
c000000000-c000400000 rw-p 00000000 00:00 0
Anonymous:           120 kB
AnonHugePages:      2048 kB
Swap:                  8 kB
ProtectionKey:         0
VmFlags: rd wr mr mw me ac dd
7f0000000000-7f0000001000 rw-s 00002000 00:01 9                          /memfd:x\012y (deleted)
7ffd00000000-7ffd00002000 r--p 00000000 00:00 0                          [vvar]
VmFlags: rd mr pf io de dd sd
`
	want := []vma{
		{start: 0x400000, end: 0x49f000, read: true, exec: true, name: "/tmp/a b: c", file: true},
		{start: 0xc000000000, end: 0xc000400000, read: true, write: true, anonymous: 128 << 10, dontDump: true},
		{start: 0x7f0000000000, end: 0x7f0000001000, read: true, write: true, shared: true, off: 0x2000, name: "/memfd:x\ny (deleted)", file: true},
		{start: 0x7ffd00000000, end: 0x7ffd00002000, read: true, name: "[vvar]", dontDump: true},
	}
	got, err := parseMaps("smaps", text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(vma{})); diff != "" {
		t.Error(diff)
	}
	if !got[2].sharedMemory() || got[0].sharedMemory() {
		t.Error("shared memory is not told from a file")
	}
	for name, bad := range map[string]string{
		"no range":     "x y\n",
		"range":        "2-1 r--p 0 0:0 0\n",
		"permissions":  "1-2 r-- 0 0:0 0\n",
		"offset":       "1-2 r--p zz 0:0 0\n",
		"starts below": "Size: 4 kB\n",
	} {
		if got, err := parseMaps("smaps", bad); err == nil || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestOwnProcess reads what the kernel says of this very process.
func TestOwnProcess(t *testing.T) {
	pid := os.Getpid()
	maps, err := readMaps(pid)
	if err != nil || len(maps) < 10 {
		t.Fatalf("%d mappings, %v", len(maps), err)
	}
	st, err := readStatus(pid, pid)
	if err != nil || st.nsTID != pid || int(st.uid) != os.Getuid() || st.caught == 0 {
		t.Errorf("%+v, %v", st, err)
	}
	s, err := readStat(pid, pid)
	if err != nil || s.ppid != os.Getppid() || s.comm == "" {
		t.Errorf("%+v, %v", s, err)
	}
	if len(tasks(pid)) < 2 {
		t.Errorf("threads %v", tasks(pid))
	}
}

// TestPageRuns checks which pages of a mapping are taken for its own.
func TestPageRuns(t *testing.T) {
	const page = 4096
	mine, shared, swapped := uint64(pagePresent), uint64(pagePresent|pageShared), uint64(pageSwapped)
	entries := make([]uint64, 20000) // more than one read
	for i := 100; i < 300; i++ {
		entries[i] = mine
	}
	entries[8191], entries[8192], entries[8193] = mine, swapped, mine // over the end of a read
	entries[9000] = shared
	entries[19999] = mine
	var b []byte
	for _, e := range entries {
		b = le.AppendUint64(b, e)
	}
	path := filepath.Join(t.TempDir(), "pagemap")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type run [2]uint64
	for _, c := range []struct {
		name    string
		pagemap *os.File
		pages   [2]uint64
		want    []run
	}{
		{"all", f, [2]uint64{0, 20000}, []run{{100, 300}, {8191, 8194}, {19999, 20000}}},
		{"inside a run", f, [2]uint64{150, 160}, []run{{150, 160}}},
		{"none", f, [2]uint64{300, 8000}, nil},
		{"not told at the end", f, [2]uint64{19990, 20010}, []run{{19999, 20010}}},
		{"not told at all", nil, [2]uint64{5, 9}, []run{{5, 9}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []run
			v := &vma{start: c.pages[0] * page, end: c.pages[1] * page}
			err := own(c.pagemap, v, page, func(start, end uint64) error {
				got = append(got, run{start / page, end / page})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestManySegments writes headers of more mappings than e_phnum can count.
func TestManySegments(t *testing.T) {
	for _, n := range []int{1, 65533, 65534, 65535, 70000} {
		out, err := os.Create(filepath.Join(t.TempDir(), "core"))
		if err != nil {
			t.Fatal(err)
		}
		w := &writer{out: out, page: 4096}
		segs := make([]segment, n)
		for i := range segs {
			start := uint64(i+1) << 20
			segs[i] = segment{vma: &vma{start: start, end: start + 4096, read: true}}
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
