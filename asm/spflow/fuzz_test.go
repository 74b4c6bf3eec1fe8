package spflow

import (
	"testing"

	"moho/asm"
	"moho/internal/testbin"
)

func fuzzVerifier(f *testing.F, goarch string) *Verifier {
	f.Helper()
	p, err := asm.Open(testbin.Build(f, testbin.Toy(f), testbin.Config{GOOS: "linux", GOARCH: goarch}))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { p.Close() })
	v, err := New(p)
	if err != nil {
		f.Fatal(err)
	}
	return v
}

// FuzzFollow follows any code in the place of a function's.
func FuzzFollow(f *testing.F) {
	amd64, arm64 := fuzzVerifier(f, "amd64"), fuzzVerifier(f, "arm64")
	for _, v := range []*Verifier{amd64, arm64} {
		for _, name := range []string{"main.Spill", "main.Huge", "main.WithDefer", "runtime.mcall", "runtime.systemstack", "runtime.asmcgocall", "runtime.rt0_go"} {
			code, err := v.p.Code(v.p.Table.FuncNamed(name)[0])
			if err != nil {
				f.Fatal(err)
			}
			f.Add(code, v == arm64)
		}
	}
	f.Add([]byte("\xeb\x01\xe8\x90\x90\xc3"), false) // a jump over what is no instruction
	f.Fuzz(func(t *testing.T, code []byte, isARM64 bool) {
		v, name := amd64, "main.WithDefer"
		if isARM64 {
			v = arm64
		}
		if len(code)%2 == 1 {
			name = "runtime.mcall" // flag SPWrite
		}
		fn := v.p.Table.FuncNamed(name)[0]
		rows, err := fn.AppendSPRows(v.rows[:0])
		if err != nil {
			t.Fatal(err)
		}
		v.rows = rows
		v.load(fn, code)
		v.flow()
		r := Result{Insts: len(v.body.insts)}
		v.compare(&r)
		if sum := r.Reached + r.Assumed + r.Filler + r.Gap.Insts; sum != r.Insts {
			t.Fatalf("%d reached, %d assumed, %d filler, %d unreached of %d", r.Reached, r.Assumed, r.Filler, r.Gap.Insts, r.Insts)
		}
		if r.Checked > r.Reached+r.Assumed || len(r.Mismatches) > maxMismatches+2*maxJoins || len(r.Doubts) > maxMismatches {
			t.Fatalf("%+v", r)
		}
		end := uint32(0)
		for i, x := range v.body.insts {
			if i > 0 && x.off < end {
				t.Fatalf("instruction %d at %d, before the end of the one before", i, x.off)
			}
			end = x.off + 1
		}
		v.followAll(func(uint64) bool { return len(code)%3 > 0 })
	})
}

// FuzzWASM follows any body in the place of a function's.
func FuzzWASM(f *testing.F) {
	p, err := asm.Open(testbin.Build(f, testbin.Toy(f), testbin.Config{GOOS: "js", GOARCH: "wasm"}))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { p.Close() })
	for _, name := range []string{"main.Spill", "main.WithDefer", "main.ns1", "runtime.mcall", "memeqbody"} {
		body, ok := p.WASMBody(p.Table.FuncNamed(name)[0])
		if !ok {
			f.Fatalf("%s has no body", name)
		}
		f.Add(body)
	}
	fn := p.Table.FuncNamed("main.Spill")[0]
	f.Fuzz(func(t *testing.T, body []byte) {
		r := verifyWASM(fn, body)
		if r.Why == "" && r.Reached+r.Filler+r.Gap.Insts != r.Insts || r.Insts > len(body) || len(r.Mismatches) > maxMismatches {
			t.Fatalf("%+v", r)
		}
	})
}

func TestFollowAllocates(t *testing.T) {
	p, err := asm.Open(testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: "amd64"}))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	v, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	fn := p.Table.FuncNamed("main.Spill")[0]
	if n := testing.AllocsPerRun(100, func() {
		if _, err := v.Verify(fn); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a function that was seen before", n)
	}
}

// TestNeverReturn asserts what follows from the four functions that are named.
func TestNeverReturn(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		p, err := asm.Open(testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: goarch}))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		v, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		s := v.shared
		for name, want := range map[string]bool{
			"runtime.throw":       false,
			"runtime.gopanic":     false,
			"runtime.panicdivide": false,
			"runtime.panicBounds": false, // assembly with a return behind its call
			"runtime.panicwrap":   false,
			"runtime.badmcall":    false,
			"runtime.abort":       false, // an endless loop, or a trap
			"runtime.morestack":   true,  // ends in a call of abort, but is switched back to
			"runtime.mcall":       true,
			"runtime.systemstack": true,
			"runtime.mallocgc":    true,
			"main.Spill":          true,
			"main.WithDefer":      true,
		} {
			for _, fn := range p.Table.FuncNamed(name) {
				if got := s.returns(int32(fn.Index())); got != want {
					t.Errorf("%s: %s returns: %v, want %v", goarch, name, got, want)
				}
			}
			if len(p.Table.FuncNamed(name)) == 0 {
				t.Errorf("%s: no function %s", goarch, name)
			}
		}
	}
}
