package asmflow_test

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"moho/internal/testbin"
	"moho/vet/internal/asmflow"
	"moho/vet/internal/asmtext"
)

// A listed instruction is one of the assembler's output: its line, its name,
// the rest, and where the table for unwinding has SP before it.
type listed struct {
	line int
	op   string
	rest string
	sp   int64
}

// function is a function in the assembler's output.
type function struct {
	flags string
	insts []listed
}

var (
	pctabFunc = regexp.MustCompile(`^funcpctab (\S+) \[valfunc=pctospadj\]$`)
	pctabInst = regexp.MustCompile(`^ *[0-9a-f]+ +(-?\d+)? +\d{5,} \(([^()]*):(\d+)\)\t([A-Z0-9a-z]+)[.A-Z0-9a-z]*(?:\t(.*))?$`)
)

// tables asks the assembler for the tables that it writes: by file and line of
// the TEXT directive.
func tables(t *testing.T, goarch, dir string, patterns ...string) map[string]*function {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"build", "-asmflags=-d=pctab=pctospadj"}, patterns...)...)
	cmd.Dir, cmd.Env = dir, environ(goarch)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%.2000s", err, out)
	}
	funcs := map[string]*function{}
	var f *function
	sp := int64(0)
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if pctabFunc.MatchString(lines.Text()) {
			f, sp = &function{}, 0
			continue
		}
		m := pctabInst.FindStringSubmatch(lines.Text())
		if m == nil || f == nil {
			continue
		}
		if m[1] != "" {
			if sp, err = strconv.ParseInt(m[1], 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		line, err := strconv.Atoi(m[3])
		if err != nil {
			t.Fatal(err)
		}
		if m[4] == "TEXT" {
			name := m[2]
			if !filepath.IsAbs(name) {
				name = filepath.Join(dir, name)
			}
			f.flags = m[5]
			funcs[fmt.Sprintf("%s:%d", name, line)] = f
			continue
		}
		f.insts = append(f.insts, listed{line, word(goarch, m[4]), m[5], sp})
	}
	return funcs
}

// namedArg is an argument as the assembler prints it after it has resolved it:
// with the offset from SP.
var namedArg = regexp.MustCompile(`[A-Za-z_0-9]+\+(\d+)\(FP\)`)

// compareTables holds frames, flags and SP at every instruction to what the
// assembler makes of them.
func compareTables(t *testing.T, goarch, dir string, patterns ...string) (funcs, insts, args int) {
	t.Helper()
	want := tables(t, goarch, dir, patterns...)
	for _, p := range programs(t, goarch, dir, patterns...) {
		for _, f := range p.Funcs {
			src := p.Fset().Position(f.Pos(f.Flow.Func.At))
			w := want[fmt.Sprintf("%s:%d", src.Filename, src.Line)]
			if w == nil {
				continue // in an included file
			}
			funcs++
			flags, _, _ := strings.Cut(w.flags[strings.Index(w.flags, "(SB)"):], "$")
			if nosplit := strings.Contains(flags, "NOSPLIT"); nosplit == f.Frame.Split {
				t.Errorf("%s: Split = %v; the assembler: %s", f.Name(), f.Frame.Split, w.flags)
			}
			if none := strings.Contains(flags, "NOFRAME"); none != f.Frame.None {
				t.Errorf("%s: None = %v; the assembler: %s", f.Name(), f.Frame.None, w.flags)
			}
			n, a := compareFunc(t, goarch, p, f, w)
			insts += n
			args += a
		}
	}
	return funcs, insts, args
}

func compareFunc(t *testing.T, goarch string, p *asmflow.Program, f *asmflow.Func, w *function) (insts, args int) {
	at := 0
	for i := range f.Flow.Func.Insts {
		in := &f.Flow.Func.Insts[i]
		line := p.Fset().Position(f.Pos(in.At)).Line
		k := at
		for k < len(w.insts) && (w.insts[k].line != line || w.insts[k].op != word(goarch, in.Op)) {
			k++
		}
		if k == len(w.insts) {
			continue // rewritten: RET, and what arm64 has in several pieces
		}
		at = k + 1
		l := w.insts[k]
		if l.op == "RET" || l.op == "FUNCDATA" || l.op == "PCDATA" || l.op == "NOP" {
			continue // the epilogue is before it; the others have no place of their own
		}
		insts++
		if l.sp != f.Recorded[i] {
			t.Errorf("%s: line %d: %s: SP %d, the assembler's %d", f.Name(), line, asmflow.Text(in), f.Recorded[i], l.sp)
			return insts, args
		}
		if goarch != "amd64" {
			continue
		}
		for _, o := range in.Args {
			m := namedArg.FindStringSubmatch(l.rest)
			if o.Kind == asmtext.FP && !o.Opaque && m != nil && strings.Count(l.rest, "(FP)") == 1 {
				args++
				if got := fmt.Sprint(f.Recorded[i] + 8 + o.Off); m[1] != got {
					t.Errorf("%s: line %d: %s is %s(SP), the assembler's %s", f.Name(), line, o, got, m[1])
				}
			}
		}
	}
	return insts, args
}

// TestTables compares, over real assembly, frames with those that the assembler
// makes, and Recorded with the tables that it writes.
func TestTables(t *testing.T) {
	patterns := []string{"internal/bytealg", "math/big", "reflect", "crypto/internal/fips140/sha256", "internal/runtime/atomic"}
	if testbin.IsLong() {
		patterns = []string{"std"}
	}
	for _, goarch := range []string{"amd64", "arm64"} {
		t.Run(goarch, func(t *testing.T) {
			funcs, insts, args := compareTables(t, goarch, t.TempDir(), patterns...)
			t.Logf("%d functions, %d instructions, %d arguments", funcs, insts, args)
			if funcs < 50 || insts < 1000 {
				t.Error("that is too few")
			}
		})
	}
}
