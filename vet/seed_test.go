package vet

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"moho/internal/testbin"
	"moho/vet/internal/asmflow"
	"moho/vet/internal/asmtext"
	"moho/vet/internal/rule"
)

// A seed is an error put into correct assembly: the lines that replace line at,
// and the rule that must report somewhere in the function.
type seed struct {
	what string
	at   int // from 0
	with []string
	rule string
}

var (
	textSize = regexp.MustCompile(`\$(\d+)-(\d+)`)
	written  = regexp.MustCompile(`\bMOV[QD](\s+[A-Z0-9]+\s*,\s*[a-zA-Z_0-9]+\+\d+\(FP\)\s*)$`)
	argument = regexp.MustCompile(`([a-zA-Z_0-9]+)\+(\d+)\(FP\)`)
)

// seeds lists the errors for one function whose TEXT is on line text and whose
// last line is end.
func seeds(f *asmflow.Func, lines []string, text, end int) []seed {
	if f.Flow.Func.ABI == "ABIInternal" {
		return fixed(lines, text, end)
	}
	amd64 := f.Arch.LR == ""
	var list []seed
	add := func(what string, at int, rule string, with ...string) {
		list = append(list, seed{what, at, with, rule})
	}
	if m := textSize.FindStringSubmatch(lines[text]); m != nil && f.Layout.Args > 0 {
		args, _ := strconv.Atoi(m[2])
		if args > 0 {
			add("size of arguments", text, "asm-args", strings.Replace(lines[text], "-"+m[2], fmt.Sprintf("-%d", args+8), 1))
		}
	}
	narrow, zero := "MOVL", "\tNOP"
	if !amd64 {
		narrow = "MOVW"
	}
	var results []int
	returns := 0
	for i := text + 1; i <= end; i++ {
		if m := argument.FindStringSubmatch(lines[i]); m != nil {
			off, _ := strconv.Atoi(m[2])
			add("offset", i, "asm-args", strings.Replace(lines[i], m[0], fmt.Sprintf("%s+%d(FP)", m[1], off+8), 1))
			if v := f.Layout.Lookup(m[1]); v != nil && v.Result && v.Whole && v.Size == 8 && written.MatchString(lines[i]) {
				add("width", i, "asm-args", written.ReplaceAllString(lines[i], narrow+"$1"))
				if f.Layout.Results[0] == v && len(f.Layout.Results) == 1 {
					results = append(results, i)
				}
			}
			add("name", i, "asm-args", strings.Replace(lines[i], m[0], fmt.Sprintf("other+%d(FP)", off), 1))
		}
		if strings.TrimSpace(lines[i]) == "RET" {
			returns++
			leaf := amd64 && f.Frame.None || !amd64 && f.Frame.Size == 0
			switch {
			case leaf && amd64:
				add("frame pointer", i, "asm-clobber", "\tMOVL $1, BP", lines[i])
			case leaf:
				add("frame pointer", i, "asm-clobber", "\tMOVD $1, R29", lines[i])
				add("link register", i, "asm-clobber", "\tMOVD $1, R30", lines[i])
			}
			if amd64 {
				add("direction flag", i, "asm-clobber", "\tSTD", lines[i])
				add("SP at RET", i, "asm-sp", "\tADDQ $8, SP", lines[i])
			} else {
				add("g", i, "asm-clobber", "\tMOVD $1, g", lines[i])
				add("SP at RET", i, "asm-sp", "\tADD $16, RSP", lines[i])
			}
		}
	}
	if returns == 0 {
		return list
	}
	if len(results) == 1 && returns == 1 {
		add("result", results[0], "asm-args", zero)
	}
	open, store, huge := "\tSUBQ $16, SP", fmt.Sprintf("\tMOVQ AX, %d(SP)", f.Frame.Locals), "\tSUBQ $4096, SP"
	if !amd64 {
		if len(results) == 1 && returns == 1 {
			add("result", results[0], "asm-args", zero)
		}
		open, store, huge = "\tSUB $16, RSP", fmt.Sprintf("\tMOVD R0, %d(RSP)", f.Frame.Size-8), "\tSUB $4096, RSP"
	}
	add("SP after entry", text, "asm-sp", lines[text], open)
	add("beyond the frame", text, "asm-frame", lines[text], store)
	add("unchecked stack", text, "asm-nosplit", lines[text], huge)
	return list
}

// fixed lists the errors for an ABIInternal function on amd64, which has to
// leave R14 and X15 alone.
func fixed(lines []string, text, end int) []seed {
	var list []seed
	for i := text + 1; i <= end; i++ {
		if strings.TrimSpace(lines[i]) == "RET" {
			list = append(list,
				seed{"R14", i, []string{"\tMOVL $1, R14", lines[i]}, "asm-clobber"},
				seed{"X15", i, []string{"\tPCMPEQL X15, X15", lines[i]}, "asm-clobber"})
		}
	}
	return list
}

// found reports whether a rule reports in the function of that name.
func found(t *testing.T, pkg *packages.Package, name, ruleName string) bool {
	t.Helper()
	i := slices.IndexFunc(suite, func(e entry) bool { return e.rule.Name == ruleName })
	graph, err := checker.Analyze([]*analysis.Analyzer{suite[i].analyzer}, []*packages.Package{pkg}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range graph.Roots {
		if act.Err != nil {
			t.Fatal(act.Err)
		}
		hits := act.Result.(*rule.Hits)
		if len(hits.Gaps) > 0 {
			t.Fatalf("gaps: %v", hits.Gaps)
		}
		if hits.Rule == ruleName && slices.ContainsFunc(hits.Hits, func(h rule.Hit) bool { return h.Symbol == name }) {
			return true
		}
	}
	return false
}

// TestSeeded puts errors into the assembly of the standard library, one at a
// time, and wants each of them found.
func TestSeeded(t *testing.T) {
	patterns := []string{"hash/crc32", "math", "internal/bytealg"}
	if testbin.IsLong() {
		patterns = append(patterns, "crypto/md5", "math/big", "crypto/sha1", "crypto/internal/fips140/sha256",
			"crypto/internal/fips140/aes/gcm", "crypto/internal/fips140/bigmod", "crypto/internal/fips140/edwards25519/field", "crypto/internal/fips140/nistec")
	}
	for _, goarch := range []string{"amd64", "arm64"} {
		t.Run(goarch, func(t *testing.T) { seeded(t, goarch, patterns) })
	}
}

func seeded(t *testing.T, goarch string, patterns []string) {
	opts := Options{Patterns: patterns, Targets: []string{"linux/" + goarch}}
	list, err := targets(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	l, err := load(t.Context(), opts, list[0])
	if err != nil {
		t.Fatal(err)
	}
	defer asmflow.SetTarget(l.fset, asmflow.Target{GOOS: "linux", GOARCH: goarch, GOROOT: list[0].goroot})()
	count := map[string]int{}
	for _, u := range l.units {
		if !u.asked {
			continue
		}
		if err := l.check(u); err != nil {
			t.Fatal(err)
		}
		other := u.pkg.OtherFiles
		graph, err := checker.Analyze([]*analysis.Analyzer{asmflow.Analyzer}, []*packages.Package{u.pkg}, nil)
		if err != nil {
			t.Fatal(err)
		}
		program := graph.Roots[0].Result.(*asmflow.Program)
		for _, f := range program.Funcs {
			internal := f.Flow.Func.ABI == "ABIInternal"
			if f.Layout == nil && !internal || internal && goarch != "amd64" {
				continue
			}
			at := l.fset.Position(f.Pos(f.Flow.Func.At))
			end := at.Line - 1
			for i := range f.Flow.Func.Insts {
				in := &f.Flow.Func.Insts[i]
				if in.Macro == "" && in.At.Source == f.Flow.Func.At.Source {
					end = max(end, l.fset.Position(f.Pos(in.At)).Line-1)
				}
			}
			text, err := os.ReadFile(at.Filename)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(string(text), "\n")
			for _, s := range reachable(l, f, seeds(f, lines, at.Line-1, end)) {
				mutated := slices.Replace(slices.Clone(lines), s.at, s.at+1, s.with...)
				// Beside the real one, so that includes are found, only in memory.
				name := filepath.Join(t.TempDir(), filepath.Base(at.Filename))
				if err := os.WriteFile(name, []byte(strings.Join(mutated, "\n")), 0o666); err != nil {
					t.Fatal(err)
				}
				u.pkg.OtherFiles = slices.Clone(other)
				u.pkg.OtherFiles[slices.Index(other, at.Filename)] = name
				symbol, _ := f.Symbol()
				count[s.what]++
				if !found(t, u.pkg, symbol, s.rule) {
					t.Errorf("%s:%d: %s in %s: not found by %s", at.Filename, s.at+1, s.what, f.Name(), s.rule)
				}
			}
			u.pkg.OtherFiles = other
		}
	}
	t.Logf("seeded and found: %v", count)
	if len(count) < 9 {
		t.Errorf("only %d kinds of errors were seeded", len(count))
	}
}

// reachable drops seeds in code that no path reaches with SP known.
func reachable(l *loaded, f *asmflow.Func, list []seed) []seed {
	lines := map[int]bool{l.fset.Position(f.Pos(f.Flow.Func.At)).Line: true}
	f.Walk(func(i int, in *asmtext.Inst, s *asmflow.State) {
		if s.Known {
			lines[l.fset.Position(f.Pos(in.At)).Line] = true
		}
	})
	return slices.DeleteFunc(list, func(s seed) bool { return !lines[s.at+1] })
}
