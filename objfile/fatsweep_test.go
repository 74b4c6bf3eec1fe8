package objfile_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"moho/internal/testbin"
	"moho/objfile"
)

// TestFatSweep sets every field of the header of universal files. What opens is
// the image that was asked for, whole.
func TestFatSweep(t *testing.T) {
	data, err := os.ReadFile(testbin.Build(t, empty, testbin.Config{GOOS: "darwin", GOARCH: "arm64", Mode: testbin.Stripped}))
	if err != nil {
		t.Fatal(err)
	}
	other := slices.Clone(data[:4096])
	binary.LittleEndian.PutUint32(other[4:], 0x1000007) // amd64
	for _, wide := range []bool{false, true} {
		both := universal(wide, data, other)
		if f, err := objfile.NewBytesArch("both", both, "arm64"); err != nil || f.Size() != int64(len(data)) {
			t.Fatalf("unchanged: %v", err)
		}
		entry, size := 20, 4
		if wide {
			entry, size = 32, 8
		}
		fields := []testbin.Field{{Name: "magic", Off: 0, Size: 4, Len: 0xcafebabe}, {Name: "nfat_arch", Off: 4, Size: 4, Len: 2}}
		for i := range 2 {
			at := 8 + i*entry
			for k, name := range []string{"cputype", "cpusubtype"} {
				fields = append(fields, testbin.Field{Name: fmt.Sprintf("%s %d", name, i), Off: at + 4*k, Size: 4, Len: 0x100000c})
			}
			for k, name := range []string{"offset", "size"} {
				fields = append(fields, testbin.Field{Name: fmt.Sprintf("%s %d", name, i), Off: at + 8 + size*k, Size: size, Len: uint64(len(both))})
			}
		}
		runs, refused := 0, 0
		testbin.Sweep(both, binary.BigEndian, fields, func(fd testbin.Field, v uint64) {
			runs++
			testbin.Bounded(t, len(both), func() {
				f, err := objfile.NewBytesArch("mutant", both, "arm64")
				if err == nil {
					err = read(f)
				} else {
					refused++
				}
				if err != nil && !errors.Is(err, objfile.ErrFormat) && !errors.Is(err, objfile.ErrArch) && !errors.Is(err, objfile.ErrNoBuildInfo) &&
					!errors.Is(err, objfile.ErrUnmapped) && !errors.Is(err, objfile.ErrLimit) {
					t.Errorf("%s = %#x: untyped: %v", fd.Name, v, err)
				}
				if f != nil && f.Machine() != "arm64" {
					t.Errorf("%s = %#x: opened %s", fd.Name, v, f.Machine())
				}
			})
		})
		t.Logf("%d mutants, %d refused when opened", runs, refused)
		if runs < 60 || refused < 20 || refused == runs {
			t.Errorf("%d mutants, %d refused", runs, refused)
		}
	}
}
