package objfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moho/internal/testbin"
	"moho/objfile"
)

// formats says how the file of a GOOS is recognised. What has no os states none.
var formats = map[string]struct{ format, os string }{
	"linux": {"elf", ""}, "dragonfly": {"elf", ""}, "freebsd": {"elf", "freebsd"}, "netbsd": {"elf", "netbsd"},
	"openbsd": {"elf", "openbsd"}, "solaris": {"elf", ""}, "illumos": {"elf", ""},
	"darwin": {"macho", "darwin"}, "windows": {"pe", "windows"},
	"js": {"wasm", "js"}, "wasip1": {"wasm", "wasip1"}, "plan9": {"plan9", "plan9"}, "aix": {"xcoff", "aix"},
}

// TestIdentify builds for targets of every format; in the long part, for every
// target that can be had without a C compiler.
func TestIdentify(t *testing.T) {
	targets := []string{"darwin/arm64", "windows/amd64", "js/wasm", "wasip1/wasm", "linux/386", "linux/s390x", "freebsd/amd64"}
	if testbin.IsLong() {
		targets = strings.Fields(testbin.Run(t, "go", "tool", "dist", "list"))
	}
	for _, target := range targets {
		goos, goarch, _ := strings.Cut(target, "/")
		if goos == "ios" || goos == "android" {
			continue // need a C toolchain of their own
		}
		if strings.HasSuffix(goos, "bsd") && goarch != "amd64" {
			continue // the machine field is the same as on linux
		}
		t.Run(target, func(t *testing.T) {
			f := open(t, testbin.Build(t, testbin.Main("package main\n\nfunc main() {}\n"), testbin.Config{GOOS: goos, GOARCH: goarch}))
			want := formats[goos]
			if f.Format() != want.format || f.Machine() != goarch || f.OS() != want.os {
				t.Errorf("%s %s %q, want %s %s %q", f.Format(), f.Machine(), f.OS(), want.format, goarch, want.os)
			}
			if (f.Arch() != nil) != (goarch == "amd64" || goarch == "arm64" || goarch == "wasm") {
				t.Errorf("Arch is %v", f.Arch())
			}
			bi, err := f.BuildInfo()
			if err != nil || bi.Path != "testprog" {
				t.Fatalf("build info: %v, %v", bi, err)
			}
			got := map[string]string{}
			for _, s := range bi.Settings {
				got[s.Key] = s.Value
			}
			if got["GOOS"] != goos || got["GOARCH"] != goarch {
				t.Errorf("settings %v", got)
			}
			if want.format == "elf" && f.ELFType() == "" {
				t.Error("no ELF type")
			}
			if identified := want.format == "plan9" || want.format == "xcoff" || want.format == "pe" && f.PtrSize() == 4; !identified {
				if len(f.Segments()) == 0 || len(f.Sections()) == 0 || f.BuildID().Go == "" {
					t.Errorf("%d segments, %d sections, Build ID %q", len(f.Segments()), len(f.Sections()), f.BuildID().Go)
				}
				return
			}
			_, err1 := f.Slice(f.Entry(), 1)
			_, err2 := f.Symbols()
			_, err3 := f.Needed()
			_, err4 := f.FindWord(1, 1)
			for _, err := range []error{err1, err2, err3, err4} {
				if !errors.Is(err, objfile.ErrFormat) || !strings.Contains(err.Error(), "not read yet") {
					t.Errorf("of a format that is only identified: %v", err)
				}
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, tt := range []struct{ name, path, want string }{
		{"empty", write("empty", ""), "empty"},
		{"text", write("text", "package main\n"), "no executable format"},
		{"directory", dir, "not a regular file"},
		{"device", os.DevNull, "not a regular file"},
		{"cut ELF", write("cut", "\x7fELF\x02\x01\x01"), "ends in e_ident"},
		{"shell script", write("sh", "#!/bin/sh\n"), "no executable format"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := objfile.Open(tt.path)
			if f != nil || !errors.Is(err, objfile.ErrFormat) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v, %v; want an error with %q", f, err, tt.want)
			}
		})
	}
	if _, err := objfile.Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such file: %v", err)
	}
}
