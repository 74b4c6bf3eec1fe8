package frame_test

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"moho/asm/frame"
	"moho/evidence"
	"moho/gotab"
	"moho/internal/testbin"
)

// A directive is a TEXT line of an assembly file.
type directive struct {
	name  string // as the linker has it
	abi   string
	flags map[string]bool
	size  int64
	args  int64 // -1 if not given
	where string
}

var textLine = regexp.MustCompile(`^TEXT\s+([^(<\s]+)(<[A-Za-z]*>)?\(SB\)\s*,\s*(?:([^,$]+),)?\s*\$(-?\d+)(?:-(\d+))?`)

// goroot returns where the running toolchain has its sources.
func goroot(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(testbin.Run(t, "go", "env", "GOROOT"))
}

// directives returns what the assembly files of some packages declare for a
// target: those that the names of the files select, and that have no #if around
// what they declare.
func directives(t *testing.T, goarch string) []directive {
	t.Helper()
	var out []directive
	for _, pkg := range []string{"runtime", "internal/bytealg", "internal/runtime/atomic", "internal/runtime/sys", "internal/runtime/syscall/linux", "reflect", "internal/cpu"} {
		files, err := filepath.Glob(filepath.Join(goroot(t), "src", pkg, "*_"+goarch+".s"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			base := strings.TrimSuffix(filepath.Base(path), "_"+goarch+".s")
			if i := strings.LastIndexByte(base, '_'); i >= 0 && base[i+1:] != "linux" && strings.Contains(" windows darwin freebsd netbsd openbsd dragonfly plan9 solaris android ios ", " "+base[i+1:]+" ") {
				continue
			}
			out = append(out, textLines(t, path, pkg)...)
		}
	}
	return out
}

func textLines(t *testing.T, path, pkg string) []directive {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []directive
	depth := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := sc.Text()
		switch {
		case strings.HasPrefix(line, "//go:build") && !strings.Contains(line, "linux") && !strings.Contains(line, "!"):
			return nil
		case strings.HasPrefix(line, "#if"):
			depth++
		case strings.HasPrefix(line, "#endif"):
			depth--
		}
		m := textLine.FindStringSubmatch(line)
		if m == nil || depth > 0 {
			continue
		}
		d := directive{abi: "ABI0", flags: map[string]bool{}, args: -1, where: filepath.Base(path) + ": " + line}
		d.name = strings.ReplaceAll(strings.ReplaceAll(m[1], "∕", "/"), "·", ".")
		if strings.HasPrefix(d.name, ".") {
			d.name = pkg + d.name
		}
		if m[2] == "<ABIInternal>" {
			d.abi = "ABIInternal"
		}
		for flag := range strings.SplitSeq(strings.Trim(m[3], "() "), "|") {
			d.flags[strings.TrimSpace(flag)] = true
		}
		d.size, _ = strconv.ParseInt(m[4], 10, 64)
		if d.size < 0 { // the old way to write NOFRAME
			d.size, d.flags["NOFRAME"] = 0, true
		}
		if m[5] != "" {
			d.args, _ = strconv.ParseInt(m[5], 10, 64)
		}
		out = append(out, d)
	}
	return out
}

// TestDirectives compares the TEXT directives that are derived from a program
// with those in the assembly files that it was made of.
func TestDirectives(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		for _, mode := range []testbin.Mode{testbin.Plain, testbin.Stripped} {
			t.Run(goarch+"/"+string(mode), func(t *testing.T) {
				p, l := open(t, testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: goarch, Mode: mode}))
				n, abis := 0, 0
				for _, d := range directives(t, goarch) {
					for _, fn := range p.Table.FuncNamed(d.name) {
						if fn.Flags()&gotab.Asm == 0 {
							continue
						}
						f, err := l.Of(fn)
						if err != nil {
							t.Fatal(err)
						}
						n++
						abis += compareDirective(t, d, &f)
					}
				}
				if n < 95 {
					t.Errorf("only %d directives compared", n)
				}
				t.Logf("%d directives, ABI known of %d", n, abis)
			})
		}
	}
}

// byHand names functions that say NOFRAME and write the assembler's prologue
// themselves; the directive without it makes the same code.
var byHand = map[string]bool{"runtime.asyncPreempt": true, "runtime.sigtramp": true, "runtime.sigprofNonGoWrapper": true}

func compareDirective(t *testing.T, d directive, f *frame.Frame) (abi int) {
	t.Helper()
	text := f.Text
	if f.Arch == "amd64" && byHand[d.name] {
		if noframe := text.Flags[1]; noframe.Name != "NOFRAME" || noframe.Set {
			t.Errorf("%s: %+v", d.where, noframe)
		}
		return 0
	}
	if text.ABI.Known() {
		abi = 1
		if text.ABI.Value != d.abi {
			t.Errorf("%s: ABI %+v", d.where, text.ABI)
		}
	}
	same := text.Size.Value == d.size
	if f.Arch == "arm64" { // n and n-8 make the same frame
		same = same || d.size%16 == 8 && text.Size.Value == d.size+8
	}
	if !same {
		t.Errorf("%s: frame %+v", d.where, text.Size)
	}
	if d.args >= 0 && (!text.Args.Known() || text.Args.Value != d.args) {
		t.Errorf("%s: args %+v", d.where, text.Args)
	}
	for _, flag := range text.Flags {
		if flag.How == evidence.Unknown {
			continue
		}
		if flag.Set != d.flags[flag.Name] {
			t.Errorf("%s: %+v", d.where, flag)
		}
	}
	return abi
}
