package postmortem

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestIdentify(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, content string
		want          TargetKind
	}{
		{"elf", "\x7fELF\x02\x01\x01", TargetELF},
		{"wasm", "\x00asm\x01\x00\x00\x00", TargetWASM},
		{"gzip", "\x1f\x8b\x08", TargetCompressed},
		{"zstd", "\x28\xb5\x2f\xfd", TargetCompressed},
		{"lz4", "\x04\x22\x4d\x18", TargetCompressed},
		{"text", "goroutine 1 [running]:\nmain.main()\n\t/x.go:1 +0x1\n", TargetText},
		{"cut", strings.Repeat("x", sniffed-1) + "é", TargetText}, // é lies across the end of what is looked at
		{"latin1", "goroutine \xe9 1", TargetOther},
		{"binary", "a\x00b", TargetOther},
		{"empty", "", TargetOther},
		{"123", "goroutine 1", TargetText}, // a file before it is a pid
	} {
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Identify(path); got != c.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	t.Chdir(dir)
	for arg, want := range map[string]TargetKind{"-": TargetStdin, "4567": TargetPID, "123": TargetText, ".": TargetOther} {
		if got, err := Identify(arg); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", arg, got, err, want)
		}
	}
	for _, arg := range []string{"nothing", "0", "-1", "99999999999999", "12x", ""} {
		if got, err := Identify(arg); err == nil || got != "" {
			t.Errorf("%q: %q without an error", arg, got)
		}
	}
}
