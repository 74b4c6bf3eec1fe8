package asmflow

import (
	"fmt"
	"strings"
	"testing"

	"moho/vet/internal/asmtext"
)

// FuzzAnalyze follows whatever parses: it must end, and keep its promises.
func FuzzAnalyze(f *testing.F) {
	f.Add("TEXT ·F(SB), 0, $8-16\n\tPUSHQ AX\nl:\tSUBQ $8, SP\n\tJNZ l\n\tPOPQ AX\n\tLEAQ x+0(FP), DI\n\tMOVQ DI, 8(SP)\n\tCALL f(SB)\n\tRET\n")
	f.Add("TEXT ·F(SB), 0, $8-16\n\tSTP.W (R29, R30), -32(RSP)\n\tMOVD $x+0(FP), R1\nl:\tMOVD.P R0, 8(R1)\n\tCBNZ R0, l\n\tLDP.P 32(RSP), (R29, R30)\n\tRET\n")
	f.Add("TEXT ·0(SB),00, $0-00\nA00.W0(0)")
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range Archs {
			file, err := asmtext.Parse("f.s", []byte(text), asmtext.Options{Register: a.Register})
			if err != nil {
				continue
			}
			for _, fn := range file.Funcs {
				fl := Analyze(a, fn, []Span{{8, 16}})
				if len(fl.Recorded) != len(fn.Insts) {
					t.Fatalf("%d recorded for %d instructions", len(fl.Recorded), len(fn.Insts))
				}
				last := -1
				fl.Walk(func(i int, in *asmtext.Inst, s *State) {
					if i <= last || len(s.slots) > MaxSlots {
						t.Fatalf("instruction %d after %d with %d slots", i, last, len(s.slots))
					}
					last = i
					for _, acc := range a.Accesses(in) {
						o := fl.Operand(in, acc.Arg)
						fl.Resolve(i, &o, s)
					}
				})
			}
		}
	})
}

// TestManyPaths follows a function whose paths double with every line.
func TestManyPaths(t *testing.T) {
	var b strings.Builder
	b.WriteString("TEXT ·F(SB), 0, $8-16\n")
	for i := range 20000 {
		fmt.Fprintf(&b, "l%d:\tMOVQ BP, AX\n\tJNZ l%d\n\tPUSHQ AX\n\tPOPQ BX\n\tJZ l%d\n", i, (i*7919)%20000, (i*104729)%20000)
	}
	b.WriteString("\tRET\n")
	file, err := asmtext.Parse("f.s", []byte(b.String()), asmtext.Options{Register: Archs["amd64"].Register})
	if err != nil {
		t.Fatal(err)
	}
	fl := Analyze(Archs["amd64"], file.Funcs[0], nil)
	n := 0
	fl.Walk(func(int, *asmtext.Inst, *State) { n++ })
	if n != 100001 || len(fl.Conflicts) > 0 {
		t.Errorf("%d instructions reached, %d conflicts", n, len(fl.Conflicts))
	}
}

// TestRegisters: every register is numbered within a state.
func TestRegisters(t *testing.T) {
	for _, a := range Archs {
		if len(a.index) >= maxRegs {
			t.Errorf("%s has %d registers", a.Name, len(a.index))
		}
		for _, r := range []string{a.FP, a.G} {
			if a.index[r] == 0 {
				t.Errorf("%s: %s has no number", a.Name, r)
			}
		}
	}
}
