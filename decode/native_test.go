package decode

import (
	"bufio"
	"bytes"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"moho/arch"
	"moho/internal/testbin"
	"moho/objfile"
)

// TestNativeText compares the text in GNU's and Intel's syntax with GNU
// objdump's, character by character, for every text that differs from those
// before it.
func TestNativeText(t *testing.T) {
	for _, tt := range []struct {
		name string
		arch *arch.Arch
		s    Syntax
		long bool
	}{
		{"toy", arch.AMD64, GNUSyntax, false},
		{"toy", arch.AMD64, IntelSyntax, false},
		{"toy", arch.ARM64, GNUSyntax, false},
		{"etcd", arch.AMD64, GNUSyntax, true},
		{"etcd", arch.AMD64, IntelSyntax, true},
		{"etcd", arch.ARM64, GNUSyntax, true},
	} {
		t.Run(tt.name+"/"+tt.arch.Name+"/"+strconv.Itoa(int(tt.s)), func(t *testing.T) {
			c := testbin.Config{GOOS: "linux", GOARCH: tt.arch.Name}
			if tt.long {
				testbin.Long(t)
				nativeText(t, testbin.Peer(t, testbin.Etcd, c), tt.s, 350_000)
				return
			}
			nativeText(t, testbin.Build(t, testbin.Toy(t), c), tt.s, 30_000)
		})
	}
}

func nativeText(t *testing.T, path string, s Syntax, atLeast int) {
	f, err := objfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a := f.Arch()
	testbin.NeedTool(t, objdumps[a])
	d, err := New(a)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-d", "-w", "-z", "--no-show-raw-insn", "-j", ".text"}
	if s == IntelSyntax {
		args = append(args, "-M", "intel")
	}
	cmd := exec.Command(objdumps[a], append(args, path)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	seen := map[string]bool{}
	var in Inst
	var text []byte
	differ := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		addr, theirs, ok := bytes.Cut(lines.Bytes(), []byte(":\t"))
		pc, err := strconv.ParseUint(string(bytes.TrimSpace(addr)), 16, 64)
		if !ok || err != nil || seen[string(theirs)] {
			continue
		}
		want := spaced(string(theirs))
		if strings.Contains(want, "(bad)") || strings.HasPrefix(want, ".") || strings.Contains(want, "undefined") {
			continue
		}
		seen[string(theirs)] = true
		code, err := f.Slice(objfile.Addr(pc), maxAMD64)
		if err != nil { // at the end
			if code, err = f.Slice(objfile.Addr(pc), a.Quantum); err != nil {
				t.Fatal(err)
			}
		}
		if d.Decode(code, pc, &in) != nil {
			continue // TestBoundaries says what may not be read
		}
		text = d.AppendText(text[:0], &in, s, nil)
		if got := spaced(string(text)); got != want && !unlike(got, want) {
			if differ++; differ <= 20 {
				t.Errorf("% x: %s, objdump %s", code[:in.Len], got, want)
			}
		}
	}
	t.Logf("%d texts", len(seen))
	if differ > 20 || len(seen) < atLeast {
		t.Errorf("%d of %d texts differ", differ, len(seen))
	}
}

// spaced removes what objdump adds and makes spaces alike.
func spaced(s string) string {
	s, _, _ = strings.Cut(s, "//")
	if i := strings.LastIndex(s, " <"); i >= 0 {
		s = s[:i]
	}
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), ", ", ",")
}

// unlike reports whether a difference is known and harmless: prefixes that
// objdump writes as instructions of their own, names of system registers, and
// how many digits a zero has.
func unlike(got, want string) bool {
	op, _, _ := strings.Cut(want, " ")
	switch op {
	case "ds", "cs", "es", "ss", "fs", "gs", "data16", "addr32", "repz", "repnz", "mrs", "msr":
		return true
	case "fcmp", "fcmpe":
		return strings.TrimSuffix(want, ".0") == got
	}
	return strings.HasPrefix(op, "rex") || op == "retf" || op == "add" && strings.Contains(want, "z")
}
