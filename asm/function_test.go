package asm_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/asm"
	"moho/evidence"
	"moho/internal/testbin"
	"moho/internal/testschema"
	"moho/objfile"
)

func openProgram(tb testing.TB, path string) *asm.Program {
	tb.Helper()
	p, err := asm.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	return p
}

// functions describes all functions of p.
func functions(tb testing.TB, p *asm.Program) []asm.Function {
	tb.Helper()
	var out []asm.Function
	for fn := range p.Functions() {
		f, err := p.Function(fn)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, f)
	}
	if len(out) != p.Table.NumFunc() || len(out) < 1000 {
		tb.Fatalf("%d functions of %d", len(out), p.Table.NumFunc())
	}
	return out
}

// TestStrippedTwin: what a list says of a function is the same without a symbol
// table, but for the ABI, which only that table records.
func TestStrippedTwin(t *testing.T) {
	targets := []testbin.Config{
		{GOOS: "linux", GOARCH: "amd64"},
		{GOOS: "linux", GOARCH: "amd64", Mode: testbin.PIE},
		{GOOS: "linux", GOARCH: "amd64", Mode: testbin.External},
		{GOOS: "linux", GOARCH: "arm64"},
		{GOOS: "darwin", GOARCH: "arm64"},
		{GOOS: "windows", GOARCH: "amd64"},
		{GOOS: "wasip1", GOARCH: "wasm"},
	}
	if testbin.IsLong() {
		for _, release := range []string{"1.20.14", "1.21.13", "1.23.12", "1.25.12", "1.27.3"} {
			targets = append(targets, testbin.Config{Go: release, GOOS: "linux", GOARCH: "amd64"},
				testbin.Config{Go: release, GOOS: "windows", GOARCH: "amd64"}, testbin.Config{Go: release, GOOS: "js", GOARCH: "wasm"})
		}
	}
	for _, target := range targets {
		t.Run(target.String(), func(t *testing.T) {
			whole := functions(t, openProgram(t, testbin.Build(t, testbin.Toy(t), target)))
			target.Mode = map[testbin.Mode]testbin.Mode{
				testbin.PIE: testbin.PIEStripped, testbin.External: testbin.ExternalSW,
			}[target.Mode]
			if target.Mode == "" {
				target.Mode = testbin.Stripped
			}
			stripped := functions(t, openProgram(t, testbin.Build(t, testbin.Toy(t), target)))
			for i := range whole {
				if w, s := whole[i].ABI, stripped[i].ABI; w.Value != s.Value && s.Value != "unknown" {
					t.Errorf("%s: ABI %v, stripped %v", whole[i].Name, w, s)
				}
				whole[i].ABI, stripped[i].ABI = asm.ABI{}, asm.ABI{}
			}
			if diff := cmp.Diff(whole, stripped); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSizesAgainstSymbols asks the symbol table, a second source.
func TestSizesAgainstSymbols(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		p := openProgram(t, testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: goarch}))
		syms, err := p.File.Symbols()
		if err != nil {
			t.Fatal(err)
		}
		sizes := map[uint64]objfile.Symbol{}
		abi0 := 0
		for _, s := range syms {
			if s.Kind == objfile.Func && s.Size > 0 {
				sizes[uint64(s.Addr)] = s
			}
			if strings.HasSuffix(s.Name, ".abi0") {
				abi0++
			}
		}
		compared := 0
		for _, f := range functions(t, p) {
			s, ok := sizes[uint64(f.Entry)]
			if !ok || strings.HasPrefix(f.Name, "go:textfips") {
				continue
			}
			compared++
			if f.Size != s.Size {
				t.Errorf("%s %s: size %d, symbol table %d", goarch, f.Name, f.Size, s.Size)
			}
			if f.ABI.How == "recorded" {
				abi0--
			}
		}
		if compared < 1500 || abi0 != 0 {
			t.Errorf("%s: %d sizes compared, %d symbols .abi0 missed", goarch, compared, abi0)
		}
	}
}

func TestFunction(t *testing.T) {
	p := openProgram(t, testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: "amd64", Go: "1.26.8"}))
	for _, tt := range []struct {
		name  string
		frame int32
		args  int32
		check asm.StackCheck
		abi   string
		flags string
	}{
		{"main.Spill", 112, 32, asm.SmallCheck, "ABIInternal", ""},
		{"main.Huge", 40040, 8, asm.HugeCheck, "ABIInternal", ""},
		{"main.WithDefer", 224, 24, asm.MediumCheck, "ABIInternal", ""},
		{"main.Sum10", 0, 80, asm.NoCheck, "ABIInternal", "NOSPLIT"},
		{"main.asmAdd", 32, 40, asm.NoCheck, "ABI0", "ASM NOSPLIT"},
		{"runtime.goexit", 0, 0, asm.NoCheck, "ABI0", "TOPFRAME ASM NOSPLIT"},
	} {
		fns, err := p.Find(tt.name)
		if err != nil {
			t.Error(err)
			continue
		}
		f, err := p.Function(fns[0])
		if err != nil {
			t.Error(err)
			continue
		}
		if f.Frame != tt.frame || f.Args != tt.args || f.Check != tt.check || f.ABI.Value != tt.abi || strings.Join(f.Flags.Names(), " ") != tt.flags {
			t.Errorf("%+v, want %+v", f, tt)
		}
		line := f.AppendJSON(nil)
		testschema.Valid(t, "funcs", line)
		var item struct {
			Name  string
			Frame int32
			Flags []string
		}
		if err := json.Unmarshal(line, &item); err != nil || item.Name != tt.name || item.Frame != tt.frame || strings.Join(item.Flags, " ") != tt.flags {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "main.F", `a"b\c`, "new\nline", "é", "\xff", "\u202e", "<x>"} {
		text := asm.AppendString(nil, s)
		var got string
		if err := json.Unmarshal(text, &got); err != nil || got != strings.ToValidUTF8(s, "�") {
			t.Errorf("%q gives %s, %v", s, text, err)
		}
	}
}

// TestABIWithoutSymbols compares what is derived in a stripped program with
// what the symbol table of its twin says.
func TestABIWithoutSymbols(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		c := testbin.Config{GOOS: "linux", GOARCH: goarch}
		s := c
		s.Mode = testbin.Stripped
		plain, err := asm.Open(testbin.Build(t, testbin.NetHTTP(), c))
		if err != nil {
			t.Fatal(err)
		}
		defer plain.Close()
		stripped, err := asm.Open(testbin.Build(t, testbin.NetHTTP(), s))
		if err != nil {
			t.Fatal(err)
		}
		defer stripped.Close()
		sure, derived := 0, 0
		for i := range plain.Table.NumFunc() {
			a, err1 := plain.Table.Func(i)
			b, err2 := stripped.Table.Func(i)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			want, err1 := plain.Function(a)
			got, err2 := stripped.Function(b)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if want.ABI.Value == "unknown" || got.ABI.Value == "unknown" {
				continue
			}
			derived++
			if want.ABI.How == evidence.Recorded {
				sure++
			}
			if got.ABI.Value != want.ABI.Value {
				t.Errorf("%s: %s: %+v, with symbols %+v", goarch, a.Name(), got.ABI, want.ABI)
			}
		}
		if sure < 20 || derived < 5000 {
			t.Errorf("%s: %d recorded and %d derived compared", goarch, sure, derived)
		}
	}
}

// TestDescribeMemory: what is made for each function is its name and little more.
func TestDescribeMemory(t *testing.T) {
	p := openProgram(t, testbin.Build(t, testbin.NetHTTP(), testbin.Config{GOOS: "linux", GOARCH: "amd64"}))
	var f asm.Function
	for fn := range p.Functions() { // tables that are made once
		if err := p.Describe(&f, fn); err != nil {
			t.Fatal(err)
		}
	}
	n := testing.AllocsPerRun(1, func() {
		for fn := range p.Functions() {
			if err := p.Describe(&f, fn); err != nil {
				t.Fatal(err)
			}
		}
	})
	if per := n / float64(p.Table.NumFunc()); per > 1.5 {
		t.Errorf("%.1f allocations for each function", per)
	}
}
