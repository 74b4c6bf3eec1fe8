package vet_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"moho/evidence"
	"moho/vet"
)

const assembly = "testdata/asm"

var asmTargets = []string{"linux/amd64", "linux/arm64"}

// asmLines lists findings as file:line rule, each once.
func asmLines(r vet.Result) []string { return slices.Compact(lines(r)) }

// TestAssembly holds the assembly rules to our own programs, for both
// architectures: what is marked, and nothing else.
func TestAssembly(t *testing.T) {
	r := run(t, vet.Options{Dir: assembly, Targets: asmTargets})
	if d := gocmp.Diff(marks(t, assembly), asmLines(r)); d != "" {
		t.Errorf("findings (-marked +reported):\n%s", d)
	}
	if len(r.Gaps) > 0 {
		t.Errorf("gaps: %v", r.Gaps)
	}
	for _, f := range r.Findings {
		target := "linux/amd64"
		if strings.HasSuffix(f.Pos.File, "_arm64.s") {
			target = "linux/arm64"
		}
		if len(f.Targets) != 1 || f.Targets[0] != target {
			t.Errorf("%v: targets %v, want %s", f.Pos, f.Targets, target)
		}
		if len(f.Flow) == 0 || f.Pos.Line == 0 || f.Pos.Col == 0 || filepath.IsAbs(f.Pos.File) {
			t.Errorf("%v: no flow or no position: %+v", f.Pos, f)
		}
		if want := "asm.test/" + filepath.Dir(f.Pos.File); f.Place.Package != want || f.Place.Symbol == "" || f.Place.Line != f.Pos.Line {
			t.Errorf("%v: place %+v, want package %s", f.Pos, f.Place, want)
		}
	}
}

// TestAsmSymbols wants the linker's names in places, and a place in the file
// that a macro was used in.
func TestAsmSymbols(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod":        "module m.test/v2.x\n\ngo 1.24\n",
		"main.go":       "package main\n\nfunc F() int\n\nfunc main() { F() }\n",
		"body.h":        "#define BODY MOVQ AX, -8(SP)\n",
		"f_amd64.s":     "#include \"textflag.h\"\n#include \"body.h\"\n\nTEXT ·F(SB), NOSPLIT, $0-8\n\tMOVQ AX, ret+0(FP)\n\tBODY\n\tRET\n\nTEXT main·G(SB), NOSPLIT, $0\n\tBODY\n\tRET\n\nTEXT helper<>(SB), NOSPLIT, $0\n\tBODY\n\tRET\n\nTEXT other∕path·H(SB), NOSPLIT, $0\n\tBODY\n\tRET\n",
		"ignored_386.s": "this is not for us\n",
	})
	r := run(t, vet.Options{Dir: dir, Targets: []string{"linux/amd64"}})
	var got []string
	for _, f := range r.Findings {
		got = append(got, fmt.Sprintf("%d %s.%s %s", f.Pos.Line, f.Place.Package, f.Place.Symbol, f.Flow[0].Pos))
	}
	want := []string{
		"6 main.F body.h:1:14",
		"10 main.G body.h:1:14",
		"14 .helper body.h:1:14",
		"18 other/path.H body.h:1:14",
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
}

// TestAsmIgnore silences findings in assembly, and reports comments that don't.
func TestAsmIgnore(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod": "module m.test\n\ngo 1.24\n",
		"f.go":   "package m\n\nfunc F()\n",
		"f_amd64.s": `#include "textflag.h"

TEXT ·F(SB), NOSPLIT, $0-0
	//moho:ignore asm-frame a signal stack is in use wherever this runs
	MOVQ AX, -8(SP)
	MOVQ $0, BP //moho:ignore asm-clobber
	RET
`,
	})
	r := run(t, vet.Options{Dir: dir, Targets: []string{"linux/amd64"}})
	var got []string
	for _, f := range r.Findings {
		got = append(got, fmt.Sprintf("%d %s", f.Pos.Line, f.Rule))
	}
	if want := []string{"6 ignore-directive", "7 asm-clobber"}; !slices.Equal(got, want) || r.Suppressed != 1 {
		t.Errorf("findings %v, %d suppressed; want %v and 1", got, r.Suppressed, want)
	}
}

// asmdecl runs go vet's own checks of assembly over the test programs and
// returns the lines it reports on, for one target.
func asmdecl(t *testing.T, dir, target string, checks ...string) []string {
	t.Helper()
	goos, goarch, _ := strings.Cut(target, "/")
	cmd := exec.CommandContext(t.Context(), "go", append(append([]string{"vet"}, checks...), "./...")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
	out, _ := cmd.CombinedOutput()
	var list []string
	for _, m := range regexp.MustCompile(`(?m)^(?:vet: )?(\S+\.s):(\d+)`).FindAllStringSubmatch(string(out), -1) {
		list = append(list, filepath.ToSlash(filepath.Clean(m[1]))+":"+m[2])
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// inFunc names the function that a file:line of the test programs is in.
func inFunc(t *testing.T, at string) string {
	t.Helper()
	file, line, _ := strings.Cut(at, ":")
	text, err := os.ReadFile(filepath.Join(assembly, file))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for _, l := range strings.Split(string(text), "\n")[:n] {
		if rest, ok := strings.CutPrefix(l, "TEXT "); ok {
			name, _, _ = strings.Cut(rest, "(")
		}
	}
	return file + " " + name
}

// TestBesideAsmdecl puts go vet's asmdecl and framepointer beside: a function
// of the bad programs that they report is reported here. They may stop at other
// lines: at the write instead of the RET, or in code for another target. What
// they say of the good programs is wrong and only logged.
func TestBesideAsmdecl(t *testing.T) {
	r := run(t, vet.Options{Dir: assembly, Targets: asmTargets})
	ours := map[string]bool{}
	count := map[string]int{}
	for _, l := range asmLines(r) {
		at, _, _ := strings.Cut(l, " ")
		ours[inFunc(t, at)] = true
		count[at[:strings.Index(at, "/")]+" "+archOf(at)]++
	}
	theirs := map[string]int{}
	for _, target := range asmTargets {
		for _, at := range asmdecl(t, assembly, target, "-asmdecl", "-framepointer") {
			if strings.Contains(at, "/good/") {
				t.Logf("%s: go vet reports what is right", at)
				continue
			}
			theirs[at[:strings.Index(at, "/")]+" "+archOf(at)]++
			if !ours[inFunc(t, at)] {
				t.Errorf("%s: go vet reports, we do not", at)
			}
		}
	}
	keys := make([]string, 0, len(count))
	for k := range count {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		t.Logf("%-16s seeded and found here %2d, by go vet %2d", k, count[k], theirs[k])
		if theirs[k] >= count[k] {
			t.Errorf("%s: go vet finds as much", k)
		}
	}
}

func archOf(at string) string {
	if strings.Contains(at, "_arm64.s") {
		return "arm64"
	}
	return "amd64"
}

// TestAsmVettool compares go vet -vettool with the standalone run, and wants a
// file that can't be read to be told.
func TestAsmVettool(t *testing.T) {
	exe := tool(t)
	dir := write(t, map[string]string{
		"go.mod":        "module m.test\n\ngo 1.24\n",
		"a/a.go":        "package a\n\nfunc F()\n",
		"a/a_amd64.s":   "#include \"/dev/null\"\n",
		"bad/b.go":      "package b\n\nfunc F()\n",
		"bad/b_amd64.s": "\nTEXT ·F(SB), 4, $0\n\tMOVQ ((AX), BX\n\tRET\n",
	})
	vettool := func(dir, target string) []string {
		goos, goarch, _ := strings.Cut(target, "/")
		cmd := exec.CommandContext(t.Context(), "go", "vet", "-vettool="+exe, "./...")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("go vet is content:\n%s", out)
		}
		var list []string
		for line := range strings.Lines(string(out)) {
			line = strings.TrimSuffix(line, "\n")
			if !strings.HasPrefix(line, "#") && !strings.Contains(line, ": \t") {
				list = append(list, line)
			}
		}
		slices.Sort(list)
		return list
	}
	for _, target := range asmTargets {
		var want []string
		for _, f := range run(t, vet.Options{Dir: assembly, Targets: []string{target}}).Findings {
			want = append(want, fmt.Sprintf("%s: %s (%s)", f.Pos, f.Message, f.Rule))
		}
		slices.Sort(want)
		if d := gocmp.Diff(want, vettool(assembly, target)); d != "" {
			t.Errorf("%s (-standalone +vettool):\n%s", target, d)
		}
	}
	want := []string{
		"a/a_amd64.s:1:1: assembly not analysed: #include \"/dev/null\": an absolute name is not followed",
		"bad/b_amd64.s:3:1: assembly not analysed: parentheses do not match",
	}
	if d := gocmp.Diff(want, vettool(dir, "linux/amd64")); d != "" {
		t.Errorf("gaps by go vet (-want +got):\n%s", d)
	}

	// What does not assemble is told by the assembler, and looked at as far as it
	// can be read.
	r, err := vet.Run(t.Context(), vet.Options{Dir: dir, Patterns: []string{"./..."}, Targets: []string{"linux/amd64"}})
	var load *vet.LoadError
	if !errors.As(err, &load) || !strings.Contains(err.Error(), "b_amd64.s:3") {
		t.Errorf("error = %v, want the assembler's", err)
	}
	gaps := []evidence.Gap{
		{What: "assembly not analysed", Where: "a/a_amd64.s:1", Why: "#include \"/dev/null\": an absolute name is not followed"},
		{What: "assembly not analysed", Where: "bad/b_amd64.s:3", Why: "parentheses do not match"},
	}
	if d := gocmp.Diff(gaps, r.Gaps); d != "" {
		t.Errorf("gaps (-want +got):\n%s", d)
	}
}

// asmModules are modules with much assembly that is in wide use. what lists the
// findings of high and medium severity; each was looked at and is one.
var asmModules = []struct {
	module string
	what   []string
}{
	{module: "golang.org/x/crypto@v0.31.0"},
	{module: "github.com/klauspost/compress@v1.17.11", what: []string{
		// The frame has 48 bytes; the epilogue loads BP from the slot.
		"s2/decode_amd64.s:174 asm-frame high",
	}},
	{module: "github.com/minio/sha256-simd@v1.0.1"},
	{module: "gonum.org/v1/gonum@v0.15.1"},
	{module: "github.com/zeebo/blake3@v0.2.4"},
	{module: "github.com/klauspost/reedsolomon@v1.12.4"},
	{module: "github.com/minio/highwayhash@v1.0.3"},
	{module: "github.com/cespare/xxhash/v2@v2.3.0"},
	{module: "github.com/klauspost/cpuid/v2@v2.2.9"},
	{module: "github.com/zeebo/xxh3@v1.0.2"},
	{module: "github.com/segmentio/asm@v1.2.0"},
	{module: "github.com/cloudflare/circl@v1.5.0", what: []string{
		// A frame pointer of their own in the slot of the saved BP; R29 as one
		// more scratch register, in functions without a frame.
		"dh/sidh/internal/p434/arith_amd64.s:1197 asm-frame high",
		"dh/sidh/internal/p434/arith_amd64.s:1345 asm-clobber high",
		"dh/sidh/internal/p503/arith_arm64.s:563 asm-clobber high",
		"dh/sidh/internal/p503/arith_arm64.s:758 asm-clobber high",
		"dh/sidh/internal/p751/arith_arm64.s:1460 asm-clobber high",
		"dh/sidh/internal/p751/arith_arm64.s:833 asm-clobber high",
		// 200 bytes of frame, and the numbers are written below it.
		"ecc/p384/arith_arm64.s:367 asm-frame medium",
	}},
}

// severe lists findings of the assembly rules that are not of low severity.
func severe(t *testing.T, r vet.Result) []string {
	var list []string
	for _, f := range r.Findings {
		if !strings.HasPrefix(f.Rule, "asm-") {
			continue
		}
		t.Logf("%s: %s: %s: %s", f.Pos, f.Severity, f.Rule, f.Message)
		if f.Severity.Rank() > evidence.Low.Rank() {
			list = append(list, fmt.Sprintf("%s:%d %s %s", f.Pos.File, f.Pos.Line, f.Rule, f.Severity))
		}
	}
	slices.SortFunc(list, cmp.Compare[string])
	return list
}
