package xcheck_test

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"os"
	"testing"

	"moho/asm/xcheck"
	"moho/internal/testbin"
)

// TestTamperingPE changes one entry of the unwind table of a stripped program,
// where it is the only thing to compare with.
func TestTamperingPE(t *testing.T) {
	path := testbin.Build(t, testbin.Toy(t), testbin.Config{Go: "1.26.8", GOOS: "windows", GOARCH: "amd64", Mode: testbin.Stripped})
	_, tab := open(t, path)
	fns := tab.FuncNamed(victim)
	if len(fns) != 1 {
		t.Fatalf("%d functions are called %s", len(fns), victim)
	}
	le := binary.LittleEndian
	for _, tt := range []struct {
		name, want string
		change     func(entry []byte)
	}{
		{"nothing", "", func([]byte) {}},
		{"EndAddress", "pdata size main.Spill", func(e []byte) { e[4]++ }},
		{"BeginAddress", "pdata missing main.Spill, pdata extra ", func(e []byte) { e[0]++ }},
		{"taken out", "pdata missing main.Spill", func(e []byte) { clear(e) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			pf, err := pe.NewFile(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			s := pf.Section(".pdata")
			b := data[s.Offset : s.Offset+s.Size]
			base := pf.OptionalHeader.(*pe.OptionalHeader64).ImageBase
			rva := le.AppendUint32(nil, uint32(uint64(fns[0].Entry())-base))
			found := false
			for i := 0; i+12 <= len(b) && !found; i += 12 {
				if found = bytes.Equal(b[i:i+4], rva); found {
					tt.change(b[i : i+12])
				}
			}
			if !found {
				t.Fatal("no entry")
			}
			r := compare(t, data)
			if got := failures(r); got != tt.want || r.Agree != (tt.want == "") || r.Compared != 1 {
				t.Errorf("agree %v, %d compared, not explained: %q, want %q", r.Agree, r.Compared, got, tt.want)
			}
		})
	}
}

// TestExternalElsewhere asks go tool nm about what the others do not read.
func TestExternalElsewhere(t *testing.T) {
	testbin.NeedTool(t, "go")
	for _, c := range []testbin.Config{{GOOS: "darwin", GOARCH: "arm64"}, {GOOS: "windows", GOARCH: "amd64"}} {
		c.Go = "1.26.8"
		t.Run(c.String(), func(t *testing.T) {
			r := run(t, testbin.Build(t, testbin.Toy(t), c), xcheck.Options{External: true})
			describe(t, r)
			if n, ok := r.Count(xcheck.GoNM); !ok || n < 1900 || !r.Agree {
				t.Errorf("go tool nm lists %d, %v; agree %v, %s", n, ok, r.Agree, failures(r))
			}
			if _, ok := r.Count(xcheck.Readelf); ok {
				t.Error("readelf was asked about what is no ELF file")
			}
		})
	}
}
