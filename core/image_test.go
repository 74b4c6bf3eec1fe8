//go:build linux && (amd64 || arm64)

package core_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/internal/testbin"
	"moho/objfile"
)

func openImage(t *testing.T, path string) *objfile.File {
	t.Helper()
	f, err := objfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func openCore(t *testing.T, path string) *core.Process {
	t.Helper()
	p, err := core.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// symbol returns the link address of a symbol.
func symbol(t *testing.T, f *objfile.File, name string) objfile.Addr {
	t.Helper()
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range syms {
		if s.Name == name {
			return s.Addr
		}
	}
	t.Fatalf("no symbol %s", name)
	return 0
}

// TestImage checks for every way to link that the executable is recognised,
// that it is placed where the program found itself, and that its code is read.
func TestImage(t *testing.T) {
	none := "-buildid= -B none"
	for _, c := range []struct {
		name  string
		build testbin.Config
		how   string
		bias  bool
	}{
		{"plain", testbin.Config{}, "buildid", false},
		{"stripped", testbin.Config{Mode: testbin.Stripped}, "buildid", false},
		{"pie", testbin.Config{Mode: testbin.PIE}, "buildid", true},
		{"external", testbin.Config{Mode: testbin.External}, "buildid", false},
		{"external pie", testbin.Config{Mode: testbin.ExternalPIE}, "buildid", true},
		{"go1.24", testbin.Config{Go: "1.24.13"}, "buildid", false},
		{"go1.24 pie", testbin.Config{Go: "1.24.13", Mode: testbin.PIE}, "buildid", true},
		{"no build ID", testbin.Config{LDFlags: none}, "headers", false},
		{"no build ID, pie", testbin.Config{LDFlags: none, Mode: testbin.PIE}, "headers", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			exe := program(t, c.build)
			path, output := coretest.Captured(t, nil, exe, "abort")
			p, f := openCore(t, path), openImage(t, exe)
			how, err := p.MatchesImage(f)
			if err != nil || how != c.how {
				t.Errorf("MatchesImage: %q, %v, want %q", how, err, c.how)
			}
			id, ok := p.ExecutableBuildID()
			if ok != (c.how == "buildid") || id != f.BuildID() {
				t.Errorf("build ID %+v, %v, want %+v", id, ok, f.BuildID())
			}
			bias, from, err := p.Bias(f)
			if err != nil || (bias != 0) != c.bias {
				t.Fatalf("bias %#x, %q, %v", bias, from, err)
			}
			if c.build.Mode != testbin.Stripped {
				if at := addresses(t, output)["pattern"]; at != core.Addr(uint64(symbol(t, f, "main.pattern"))+bias) {
					t.Errorf("main.pattern was at %#x, by symbol and bias %#x", at, uint64(symbol(t, f, "main.pattern"))+bias)
				}
			}
			pc, _ := p.Threads()[0].Reg(p.Arch(), "pc")
			if _, err := p.Slice(core.Addr(pc), 16); !errors.Is(err, core.ErrAbsent) {
				t.Errorf("code in the core: %v, want ErrAbsent", err)
			}
			p.AddImage(f, bias)
			got, err := p.Slice(core.Addr(pc), 16)
			if err != nil {
				t.Fatal(err)
			}
			want, err := f.Slice(objfile.Addr(pc-bias), 16)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("code % x, in the file % x, %v", got, want, err)
			}
			checkPattern(t, p, addresses(t, output))
		})
	}
}

// TestOtherExecutables checks what is said of files that are not, or not
// exactly, the one that was running.
func TestOtherExecutables(t *testing.T) {
	testbin.NeedTool(t, "strip")
	none := "-buildid= -B none"
	other := testbin.Main("package main\nfunc main() { println(\"another\") }\n")
	exe := program(t, testbin.Config{})
	path, _ := coretest.Captured(t, nil, exe, "abort")
	anonymous, _ := coretest.Captured(t, nil, program(t, testbin.Config{LDFlags: none}), "abort")

	stripped := filepath.Join(t.TempDir(), "stripped")
	testbin.Run(t, "strip", "-o", stripped, exe)

	for _, c := range []struct {
		name, core, exe, how string
		want                 []string
	}{
		{"stripped later", path, stripped, "buildid", nil},
		{"another program", path, testbin.Build(t, other, testbin.Config{}), "", []string{
			"build IDs differ", openImage(t, exe).BuildID().Go, openImage(t, exe).BuildID().GNU,
		}},
		{"the same source, PIE", path, program(t, testbin.Config{Mode: testbin.PIE}), "", []string{"build IDs differ"}},
		{
			"another program, no build IDs", anonymous, testbin.Build(t, other, testbin.Config{LDFlags: none}), "",
			[]string{"program headers in memory are not those of the file", "core has no build ID"},
		},
		{"another architecture", path, program(t, testbin.Config{GOARCH: "arm64"}), "", []string{"amd64", "arm64"}},
		{"another system", path, testbin.Build(t, other, testbin.Config{GOOS: "windows"}), "", []string{"no executable"}},
		{"a core", path, path, "", []string{"no executable"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			how, err := openCore(t, c.core).MatchesImage(openImage(t, c.exe))
			if how != c.how || (err == nil) != (c.how != "") {
				t.Fatalf("%q, %v, want %q", how, err, c.how)
			}
			var m *core.MismatchError
			if err != nil && (!errors.As(err, &m) || !errors.Is(err, core.ErrMismatch)) {
				t.Errorf("error of type %T, want *MismatchError", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}

// TestTruncatedCapture cuts a real core: what is left is right, what is not is
// absent and never zero.
func TestTruncatedCapture(t *testing.T) {
	path, output := coretest.Captured(t, nil, program(t, testbin.Config{}), "abort")
	full := openCore(t, path)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := addresses(t, output)
	for i := 1; i < 64; i++ {
		n := len(data) * i / 64
		p, err := core.NewBytes("cut", data[:n:n])
		if err != nil {
			t.Fatalf("%d of %d bytes: %v", n, len(data), err)
		}
		if !p.Truncated() || len(p.Threads()) != len(full.Threads()) || len(p.Regions()) != len(full.Regions()) {
			t.Errorf("%d of %d bytes: truncated %v, %d threads, %d regions", n, len(data), p.Truncated(), len(p.Threads()), len(p.Regions()))
		}
		for _, name := range []string{"pattern", "heap", "zeros"} {
			want, err := full.Slice(at[name], 4096)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := p.Slice(at[name], 4096); err == nil && !bytes.Equal(got, want) || err != nil && !errors.Is(err, core.ErrAbsent) {
				t.Errorf("%d of %d bytes: %s is wrong, or %v", n, len(data), name, err)
			}
		}
	}
}

// TestPatchedCode checks that an equal Build ID does not hide other code, where
// the core holds code.
func TestPatchedCode(t *testing.T) {
	exe := program(t, testbin.Config{})
	// gcore keeps code when it is told not to use the kernel's filter; here the
	// program is given a filter that keeps file mappings.
	path, _ := coretest.Kernel(t, nil, "sh", "-c", `echo 0x37 >/proc/self/coredump_filter && exec "$0" abort`, exe)
	p, f := openCore(t, path), openImage(t, exe)
	if how, err := p.MatchesImage(f); err != nil || how != "buildid" {
		t.Fatalf("%q, %v", how, err)
	}
	b, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	at := symbol(t, f, "main.main")
	for _, s := range f.Segments() {
		if at >= s.Addr && uint64(at-s.Addr) < s.FileSize {
			b[int64(s.Off)+int64(at-s.Addr)] ^= 1
		}
	}
	patched, err := objfile.NewBytes("patched", b)
	if err != nil {
		t.Fatal(err)
	}
	if how, err := p.MatchesImage(patched); !errors.Is(err, core.ErrMismatch) || !strings.Contains(err.Error(), "the bytes at ") {
		t.Errorf("%q, %v, want a mismatch of the code", how, err)
	}
	if runtime.GOARCH != "amd64" {
		return
	}
	// A breakpoint in memory is not another program.
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	code, err := f.Slice(at, 64)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(data, code)
	if i < 0 || bytes.Contains(data[i+1:], code) {
		t.Fatalf("main.main is at %#x in the core, and elsewhere", i)
	}
	for _, tc := range []struct {
		write []byte
		want  string
	}{{[]byte{0xcc}, "buildid"}, {[]byte{code[0], 0xcc, code[2], code[3], 0xcc}, "buildid"}, {[]byte{0xcc, code[1] ^ 1}, ""}, {[]byte{0xcd}, ""}} {
		copy(data[i:], code)
		copy(data[i:], tc.write)
		p, err := core.NewBytes("breakpoint", data)
		if err != nil {
			t.Fatal(err)
		}
		if how, err := p.MatchesImage(f); how != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("% x at main.main: %q, %v, want %q", tc.write, how, err, tc.want)
		}
	}
}
