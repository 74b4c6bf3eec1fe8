//go:build linux && (amd64 || arm64)

package proc

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	want := []VMA{
		{Start: 0x400000, End: 0x49f000, Read: true, Exec: true, Name: "/tmp/a b: c", File: true},
		{Start: 0xc000000000, End: 0xc000400000, Read: true, Write: true, Anonymous: 128 << 10, DontDump: true},
		{Start: 0x7f0000000000, End: 0x7f0000001000, Read: true, Write: true, Shared: true, Off: 0x2000, Name: "/memfd:x\ny (deleted)", File: true},
		{Start: 0x7ffd00000000, End: 0x7ffd00002000, Read: true, Name: "[vvar]", DontDump: true},
	}
	got, err := parseMaps("smaps", text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !got[2].SharedMemory() || got[0].SharedMemory() {
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
	maps, err := ReadMaps(pid)
	if err != nil || len(maps) < 10 {
		t.Fatalf("%d mappings, %v", len(maps), err)
	}
	st, err := ReadStatus(pid, pid)
	if err != nil || st.NSTID != pid || int(st.UID) != os.Getuid() || st.Caught == 0 {
		t.Errorf("%+v, %v", st, err)
	}
	s, err := ReadStat(pid, pid)
	if err != nil || s.PPID != os.Getppid() || s.Comm == "" {
		t.Errorf("%+v, %v", s, err)
	}
	if len(Tasks(pid)) < 2 {
		t.Errorf("threads %v", Tasks(pid))
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
		b = binary.NativeEndian.AppendUint64(b, e)
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
			v := &VMA{Start: c.pages[0] * page, End: c.pages[1] * page}
			err := Own(c.pagemap, v, page, func(start, end uint64) error {
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

// TestAllowed reads what a control group and those above it allow.
func TestAllowed(t *testing.T) {
	root := t.TempDir()
	write := func(path, text string) {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a/b/memory.max", "max\n")
	write("a/b/memory.current", "100\n")
	write("a/memory.max", "1000\n")
	write("a/memory.current", "800\n")
	write("a/memory.stat", "anon 600\ninactive_file 150\n")
	for path, want := range map[string]int64{"/a/b": 350, "/a": 350, "/": 1<<63 - 1, "/gone/x": 1<<63 - 1} {
		if got := allowed(root, path, "memory.max", "memory.current"); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if n, err := Available(); err != nil || n < 1<<20 {
		t.Errorf("available: %d, %v", n, err)
	}
}
