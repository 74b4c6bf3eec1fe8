//go:build linux && (amd64 || arm64)

package core_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/core"
	"moho/core/coretest"
	"moho/internal/testbin"
)

func program(tb testing.TB, c testbin.Config) string {
	return testbin.Build(tb, testbin.Dir(tb, "testdata/src/crash"), c)
}

// cores are the ways to a core that are compared with gdb.
var cores = []struct {
	maker, mode string
	env         []string
	signal      string
}{
	{"kernel", "nil", []string{"GOTRACEBACK=crash"}, "SIGABRT"},
	{"kernel", "abort", nil, "SIGABRT"},
	{"kernel", "fault", nil, "SIGSEGV at 0x1234"},
	{"capture", "nil", []string{"GOTRACEBACK=crash"}, "SIGABRT"},
	{"capture", "abort", nil, "SIGABRT"},
	{"capture", "fault", nil, "SIGSEGV at 0x1234"},
	{"gcore", "wait", nil, ""},
}

// opened is a core and what is known about it.
type opened struct {
	*core.Process
	exe, path, output, signal string
}

// TestSecondOpinion compares all that is read from cores of every origin with
// gdb and readelf.
func TestSecondOpinion(t *testing.T) {
	testbin.NeedTool(t, "gdb", "readelf")
	exe := program(t, testbin.Config{})
	for _, c := range cores {
		t.Run(c.maker+"/"+c.mode, func(t *testing.T) {
			path, output := coretest.Makers[c.maker](t, c.env, exe, c.mode)
			p, err := core.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			o := opened{p, exe, path, output, c.signal}
			t.Run("registers", func(t *testing.T) { registersAgree(t, o) })
			t.Run("memory", func(t *testing.T) { memoryAgrees(t, o) })
			t.Run("signal", func(t *testing.T) { signalAgrees(t, o) })
			t.Run("layout", func(t *testing.T) { layoutAgrees(t, o) })
		})
	}
}

func gdb(t *testing.T, exe, path string, commands ...string) string {
	args := []string{"-nx", "-batch", "-iex", "set auto-load off"}
	for _, c := range commands {
		args = append(args, "-ex", c)
	}
	return testbin.Run(t, "gdb", append(args, exe, path)...)
}

// registersAgree compares all registers of all threads.
func registersAgree(t *testing.T, p opened) {
	out := gdb(t, p.exe, p.path, "thread apply all info registers")
	want := map[string]map[string]string{}
	head := regexp.MustCompile(`(?m)^Thread \d+ \(.*LWP (\d+)\)?.*:$`)
	for _, m := range head.FindAllStringSubmatchIndex(out, -1) {
		section := out[m[1]:]
		if next := head.FindStringIndex(section); next != nil {
			section = section[:next[0]]
		}
		regs := map[string]string{}
		for _, r := range regexp.MustCompile(`(?m)^(\w+)\s+(0x[0-9a-f]+)`).FindAllStringSubmatch(section, -1) {
			regs[r[1]] = r[2]
		}
		want[out[m[2]:m[3]]] = regs
	}
	if len(want) != len(p.Threads()) || len(want) < 3 {
		t.Errorf("%d threads, gdb says %d", len(p.Threads()), len(want))
	}
	for _, th := range p.Threads() {
		regs := want[fmt.Sprint(th.TID)]
		if len(th.FP) == 0 {
			t.Errorf("thread %d has no floating-point registers", th.TID)
		}
		compared := 0
		for i, r := range p.Arch().Registers {
			if w, ok := regs[r.Name]; ok {
				compared++
				if g := fmt.Sprintf("%#x", th.Regs[i]); g != w {
					t.Errorf("thread %d: %s is %s, gdb says %s", th.TID, r.Name, g, w)
				}
			}
		}
		if compared < 24 {
			t.Errorf("thread %d: %d registers compared, want 24 or more", th.TID, compared)
		}
	}
}

// memoryAgrees compares bytes of data, bss, heap and stack, and of pages that
// were never touched.
func memoryAgrees(t *testing.T, p opened) {
	at := addresses(t, p.output)
	sp, ok := p.Threads()[0].Reg(p.Arch(), "sp")
	if !ok {
		t.Fatal("no stack pointer")
	}
	checkPattern(t, p.Process, at)
	ranges := []struct {
		name string
		addr core.Addr
		n    int
	}{
		{"data", at["pattern"] + 4000, 5000},
		{"heap", at["heap"] + 8000, 4000},
		{"bss", at["zeros"], 8192},
		{"untouched bss", at["zeros"] + 32<<20, 8192},
		{"stack", core.Addr(sp), 512},
	}
	dir := t.TempDir()
	var commands []string
	for _, r := range ranges {
		commands = append(commands, fmt.Sprintf("dump binary memory %s/%s %#x %#x",
			dir, strings.ReplaceAll(r.name, " ", "-"), uint64(r.addr), uint64(r.addr)+uint64(r.n)))
	}
	gdb(t, p.exe, p.path, commands...)
	for _, r := range ranges {
		got, err := p.Slice(r.addr, r.n)
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
			continue
		}
		want, err := os.ReadFile(dir + "/" + strings.ReplaceAll(r.name, " ", "-"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(hex.Dump(want), hex.Dump(got)); diff != "" {
			t.Errorf("%s: gdb and core differ (-gdb +core):\n%s", r.name, diff)
		}
	}
}

func addresses(t *testing.T, output string) map[string]core.Addr {
	at := map[string]core.Addr{}
	for line := range strings.Lines(output) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseUint(value, 0, 64); err == nil {
			at[name] = core.Addr(n)
		}
	}
	if len(at) < 3 {
		t.Fatalf("the program printed no addresses:\n%s", output)
	}
	return at
}

func checkPattern(t *testing.T, p *core.Process, at map[string]core.Addr) {
	b, err := p.Slice(at["pattern"], 5*4096)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		if b[i] != byte(i*7) {
			t.Fatalf("pattern[%d] is %d", i, b[i])
		}
	}
	if b, err = p.Slice(at["heap"], 3*4096); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		if b[i] != byte(i*11+1) {
			t.Fatalf("heap[%d] is %d", i, b[i])
		}
	}
}

// signalAgrees compares what ended the process.
func signalAgrees(t *testing.T, p opened) {
	s, ok := p.Signal()
	if p.signal == "" {
		if ok {
			t.Errorf("signal %+v of a program that was only stopped", s)
		}
		return
	}
	if !ok || s.String() != p.signal {
		t.Errorf("signal %+v, want %s", s, p.signal)
	}
	out := gdb(t, p.exe, p.path, "p $_siginfo.si_signo", "p $_siginfo.si_code", "p/x $_siginfo._sifields._sigfault.si_addr", "info threads")
	if w := fmt.Sprintf("$1 = %d\n$2 = %d\n", s.Number, s.Code); !strings.Contains(out, w) {
		t.Errorf("gdb does not say %q:\n%s", w, out)
	}
	if s.HasAddr && !strings.Contains(out, fmt.Sprintf("$3 = %#x", uint64(s.Addr))) {
		t.Errorf("gdb does not say address %#x:\n%s", uint64(s.Addr), out)
	}
	if w := regexp.MustCompile(fmt.Sprintf(`(?m)^\* .*LWP %d\b`, s.TID)); !w.MatchString(out) {
		t.Errorf("gdb's current thread is not %d:\n%s", s.TID, out)
	}
	if !strings.HasPrefix(p.exe+" ", p.Command()[:min(len(p.Command()), len(p.exe))]) {
		t.Errorf("command %q, want the beginning of %q", p.Command(), p.exe)
	}
	if p.PID() == 0 {
		t.Error("no process id")
	}
}

// layoutAgrees compares segments and notes with readelf.
func layoutAgrees(t *testing.T, p opened) {
	out := testbin.Run(t, "readelf", "-lW", p.path)
	var want, got []string
	for _, m := range regexp.MustCompile(`(?m)^  LOAD +0x\w+ 0x(\w+) 0x\w+ 0x(\w+) 0x(\w+) (...)`).FindAllStringSubmatch(out, -1) {
		var n [3]uint64
		for i := range n {
			n[i], _ = strconv.ParseUint(m[1+i], 16, 64)
		}
		want = append(want, fmt.Sprintf("%#x %#x %#x %s", n[0], n[1], n[2], m[4]))
	}
	for _, r := range p.Regions() {
		f := []byte("   ")
		for i, on := range []bool{r.Read, r.Write, r.Exec} {
			if on {
				f[i] = "RWE"[i]
			}
		}
		got = append(got, fmt.Sprintf("%#x %#x %#x %s", uint64(r.Addr), r.FileSize, r.Size, f))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("segments (-readelf +core):\n%s", diff)
	}
	notes := testbin.Run(t, "readelf", "-nW", p.path)
	if n := strings.Count(notes, "NT_PRSTATUS"); n != len(p.Threads()) {
		t.Errorf("readelf sees %d threads, core %d", n, len(p.Threads()))
	}
	for _, n := range []string{"NT_PRPSINFO", "NT_SIGINFO", "NT_AUXV", "NT_FILE", "NT_FPREGSET"} {
		if !strings.Contains(notes, n) {
			t.Errorf("readelf sees no %s", n)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\s+0x(\w{16})\s+0x(\w{16})\s+0x(\w{16})\n\s+(/.*)$`).FindAllStringSubmatch(notes, -1) {
		found := false
		for _, f := range p.Mappings() {
			found = found || fmt.Sprintf("%016x", uint64(f.Start)) == m[1] && fmt.Sprintf("%016x", uint64(f.End)) == m[2] &&
				fmt.Sprintf("%016x", f.Off/4096) == m[3] && f.File == m[4]
		}
		if !found {
			t.Errorf("core has no mapping %q", m[1:])
		}
	}
	if len(p.Mappings()) < 3 {
		t.Errorf("%d mappings", len(p.Mappings()))
	}
	if g := p.Gaps(); g != nil {
		t.Errorf("gaps: %v", g)
	}
}
