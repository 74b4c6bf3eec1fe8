package layout

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	tests := []struct {
		name  string
		minor int
		arch  string
		want  int // minor of the table, 0 for none
		exact bool
	}{
		{"oldest", Oldest(), "amd64", Oldest(), true},
		{"newest", Newest(), "arm64", Newest(), true},
		{"older than all", 2, "amd64", Oldest(), false},
		{"newer than all", 99, "amd64", Newest(), false},
		{"no such architecture", 26, "s390x", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, exact := Lookup(tt.minor, tt.arch)
			if tt.want == 0 {
				if l != nil || exact {
					t.Fatalf("got %+v, %v; want none", l, exact)
				}
				return
			}
			if l == nil || l.Minor != tt.want || exact != tt.exact {
				t.Fatalf("got %+v, %v; want minor %d, %v", l, exact, tt.want, tt.exact)
			}
		})
	}
}

// TestTableIsCurrent fails when a field was added to Layout and the table not
// generated again: values would then land in the wrong fields.
func TestTableIsCurrent(t *testing.T) {
	names := Names()
	for arch, rows := range offsets {
		if len(rows) != len(names) {
			t.Fatalf("%s: %d rows, want %d: run go generate", arch, len(rows), len(names))
		}
		for i, r := range rows {
			if r.name != names[i] {
				t.Errorf("%s: row %d is %s, want %s: run go generate", arch, i, r.name, names[i])
			}
		}
	}
}

// TestKnownOffsets compares with numbers that were read by hand from DWARF and
// the runtime's assembly, not by the generator.
func TestKnownOffsets(t *testing.T) {
	tests := []struct {
		minor                                  int
		size, status, goid, gopc, curg, procid Off
	}{
		{21, 408, 144, 152, 280, 192, 72},
		{24, 440, 152, 160, 288, 192, 72},
		{25, 440, 144, 152, 280, 184, 64},
		{26, 456, 144, 152, 288, 184, 64},
	}
	for _, tt := range tests {
		l, _ := Lookup(tt.minor, "amd64")
		got := [...]Off{l.GSize, l.GStatus, l.GID, l.GGoPC, l.MCurG, l.MProcID}
		want := [...]Off{tt.size, tt.status, tt.goid, tt.gopc, tt.curg, tt.procid}
		if got != want {
			t.Errorf("Go 1.%d: got %v, want %v", tt.minor, got, want)
		}
		if l.GSchedG != 72 || l.GM != 48 {
			t.Errorf("Go 1.%d: g.sched.g at %d, g.m at %d", tt.minor, l.GSchedG, l.GM)
		}
	}
}

// TestWaitReasons reads the source of the running toolchain, a second answer
// to the array that the generator found in the binary.
func TestWaitReasons(t *testing.T) {
	minor, err := ParseMinor(runtime.Version())
	if err != nil {
		t.Fatal(err)
	}
	l, exact := Lookup(minor, "amd64")
	if !exact {
		t.Fatalf("no table for %s", runtime.Version())
	}
	src, err := os.ReadFile(filepath.Join(goroot(t), "src", "runtime", "runtime2.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(src), "waitReasonZero ")
	block, _, ok2 := strings.Cut(block, "\n)")
	if !ok || !ok2 {
		t.Fatal("runtime2.go: no block of wait reasons")
	}
	var want []string
	for line := range strings.Lines(block) {
		if _, comment, ok := strings.Cut(line, `// "`); ok {
			reason, _, _ := strings.Cut(comment, `"`)
			want = append(want, reason)
		}
	}
	if len(want) != len(l.WaitReasons) {
		t.Fatalf("%d reasons, source has %d", len(l.WaitReasons), len(want))
	}
	for i := range want {
		if want[i] != l.WaitReasons[i] {
			t.Errorf("reason %d is %q, source says %q", i, l.WaitReasons[i], want[i])
		}
	}
}

func TestParseMinor(t *testing.T) {
	tests := []struct {
		version string
		want    int
		ok      bool
	}{
		{"go1.26.8", 26, true},
		{"go1.27rc1", 27, true},
		{"go1.28", 28, true},
		{"devel go1.28-0123abcd Sun Nov 1", 28, true},
		{"go1.26.8 X:nodwarf5", 26, true},
		{"go1.99999999999999999999", 9999, true},
		{"go2.0", 0, false},
		{"", 0, false},
		{"go1.", 0, false},
	}
	for _, tt := range tests {
		got, err := ParseMinor(tt.version)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseMinor(%q) = %d, %v", tt.version, got, err)
		}
	}
}

// goroot asks the go command where its tree is.
func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
