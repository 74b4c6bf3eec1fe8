package asmflow_test

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"moho/internal/testbin"
	"moho/vet/internal/asmflow"
	"moho/vet/internal/asmtext"
)

// programs reads the assembly of packages for one architecture of linux.
func programs(t *testing.T, goarch, dir string, patterns ...string) []*asmflow.Program {
	t.Helper()
	cfg := &packages.Config{
		Context: t.Context(), Dir: dir, Env: environ(goarch),
		Mode: packages.NeedName | packages.NeedFiles,
	}
	all, err := packages.Load(cfg, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, p := range all {
		if len(asmflow.Files(p.OtherFiles)) > 0 {
			paths = append(paths, p.PkgPath)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	cfg.Mode = packages.LoadSyntax | packages.NeedModule
	pkgs, err := packages.Load(cfg, paths...)
	if err != nil {
		t.Fatal(err)
	}
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []*asmflow.Program
	for _, p := range pkgs {
		if len(p.Errors) > 0 {
			t.Fatalf("%s: %v", p.PkgPath, p.Errors)
		}
		forget := asmflow.SetTarget(p.Fset, asmflow.Target{GOOS: "linux", GOARCH: goarch, GOROOT: strings.TrimSpace(string(root))})
		defer forget()
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{asmflow.Analyzer}, pkgs, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range graph.Roots {
		if act.Err != nil {
			t.Fatalf("%s: %v", act.Package.PkgPath, act.Err)
		}
		list = append(list, act.Result.(*asmflow.Program))
	}
	return list
}

func environ(goarch string) []string {
	return append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOPACKAGESDRIVER=off")
}

// parsed is a line of what the assembler prints under -debug: where an
// instruction is and which.
var parsed = regexp.MustCompile(`^(\d+) \d{5,} \(([^()]*):\d+\)\t([A-Z0-9a-z]+)([.A-Z0-9a-z]*)(?:\t(.*))?$`)

// assembled asks the assembler for what it parses in packages: by file, one
// entry for each instruction, which starts with its line.
func assembled(t *testing.T, goarch, dir string, patterns ...string) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"build", "-asmflags=-debug"}, patterns...)...)
	cmd.Dir, cmd.Env = dir, environ(goarch)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%.2000s", err, out)
	}
	files := map[string][]string{}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		m := parsed.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		name := m[2]
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		entry := m[1] + " " + word(goarch, m[3])
		if m[3] == "TEXT" {
			// The assembler prints no size of arguments that it was not given.
			entry += " " + m[5][strings.LastIndex(m[5], "$"):]
		}
		files[name] = append(files[name], entry)
	}
	return files
}

// aliases are names of one instruction that the assembler prints as another.
//
// Source: $GOROOT/src/cmd/asm/internal/arch/arch.go, go1.26.
var aliases = map[string]string{
	"JA": "JHI", "JAE": "JCC", "JB": "JCS", "JBE": "JLS", "JC": "JCS", "JE": "JEQ", "JG": "JGT", "JHS": "JCC", "JL": "JLT",
	"JLO": "JCS", "JNA": "JLS", "JNAE": "JCS", "JNB": "JCC", "JNBE": "JHI", "JNC": "JCC", "JNG": "JLE", "JNGE": "JLT",
	"JNL": "JGE", "JNLE": "JGT", "JNO": "JOC", "JNP": "JPC", "JNS": "JPL", "JNZ": "JNE", "JO": "JOS", "JP": "JPS",
	"JPE": "JPS", "JPO": "JPC", "JS": "JMI", "JZ": "JEQ", "MASKMOVDQU": "MASKMOVOU", "MOVDQ2Q": "MOVQ", "MOVNTDQ": "MOVNTO",
	"MOVOA": "MOVO", "PSLLDQ": "PSLLO", "PSRLDQ": "PSRLO", "PADDD": "PADDL", "MOVBELL": "MOVBEL", "MOVBEQQ": "MOVBEQ",
	"MOVBEWW": "MOVBEW", "B": "JMP", "BL": "CALL", "BHS": "BCS", "BLO": "BCC",
}

func word(goarch, op string) string {
	if op == "MOVD" && goarch == "amd64" {
		return "MOVQ"
	}
	return cmp.Or(aliases[op], op)
}

// parsedHere lists a file's instructions in the same form.
func parsedHere(goarch string, f *asmtext.File) []string {
	src := f.Sources
	at := func(loc asmtext.Loc) int {
		return 1 + strings.Count(string(src[loc.Source].Text[:loc.Off]), "\n")
	}
	var list []string
	for _, fn := range f.Funcs {
		size := fmt.Sprintf("$%d", fn.Frame)
		if fn.Args != asmtext.ArgsUnknown {
			size += fmt.Sprintf("-%d", fn.Args)
		}
		list = append(list, fmt.Sprintf("%d TEXT %s", at(fn.At), size))
		for i := range fn.Insts {
			list = append(list, fmt.Sprintf("%d %s", at(fn.Insts[i].At), word(goarch, fn.Insts[i].Op)))
		}
	}
	return list
}

// agree compares the two for packages; it returns how many instructions there
// are.
func agree(t *testing.T, goarch, dir string, patterns ...string) int {
	t.Helper()
	want := assembled(t, goarch, dir, patterns...)
	n := 0
	for _, p := range programs(t, goarch, dir, patterns...) {
		for _, g := range p.Gaps {
			t.Errorf("%s:%d: %s", g.File, g.Line, g.Why)
		}
		for name, f := range p.Files() {
			if len(f.Sources) == 0 || slices.ContainsFunc(f.Funcs, func(fn *asmtext.Func) bool { return fn.At.Source != 0 }) {
				continue // functions in included files have positions there
			}
			got := parsedHere(goarch, f)
			n += len(got)
			w := want[name]
			// The assembler has its own ideas of where a line that holds
			// several instructions of a macro is: compare in order.
			for i := range max(len(got), len(w)) {
				if i >= len(got) || i >= len(w) || !same(got[i], w[i]) {
					t.Errorf("%s: instruction %d of %d: read %q; the assembler's %d: %q", name, i, len(got), nth(got, i), len(w), nth(w, i))
					break
				}
			}
		}
	}
	return n
}

func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// same allows for a size of arguments that the assembler makes up.
func same(got, want string) bool {
	return got == want || strings.Contains(got, " TEXT ") && strings.HasPrefix(want, got+"-")
}

// TestAssemblerAgrees compares what is read with what the assembler reads:
// every instruction, its name, its line, and the size of every frame.
func TestAssemblerAgrees(t *testing.T) {
	patterns := []string{"internal/bytealg", "math/big", "reflect", "internal/runtime/atomic", "runtime", "syscall"}
	if testbin.IsLong() {
		patterns = []string{"std"}
	}
	for _, goarch := range []string{"amd64", "arm64"} {
		t.Run(goarch, func(t *testing.T) {
			n := agree(t, goarch, t.TempDir(), patterns...)
			t.Logf("%d instructions", n)
			if n < 1500 {
				t.Errorf("only %d instructions", n)
			}
		})
	}
}
