package asmtext

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// registers are the words that the tests take for registers.
func registers(word string) bool {
	return strings.Contains(" AX BX CX DX SP BP SI DI R0 R1 R2 R3 RSP X0 X1 Y0 V0 V1 V2 V3 FP SB PC g ", " "+word+" ")
}

func include(name string) ([]byte, error) {
	switch name {
	case "flags.h":
		return []byte("#define NOSPLIT 4\n#define NOFRAME 512\n"), nil
	case "loop.h":
		return []byte("#include \"loop.h\"\n"), nil
	case "open.h":
		return []byte("#ifdef X\n"), nil
	case "func.h":
		return []byte("TEXT ·Included(SB), 0, $0\n\tRET\n"), nil
	}
	return nil, os.ErrNotExist
}

func parse(text string) (*File, error) {
	return Parse("f.s", []byte(text), Options{Register: registers, Include: include, Defines: map[string]string{"GOARCH_amd64": "1", "LEVEL": "3"}})
}

// dump prints what was read, one function or instruction a line.
func dump(f *File) []string {
	var list []string
	for _, fn := range f.Funcs {
		list = append(list, fmt.Sprintf("TEXT %s static=%v %s flags=%d $%d-%d", fn.Name, fn.Static, fn.ABI, fn.Flags, fn.Frame, fn.Args))
		for i := range fn.Insts {
			in := &fn.Insts[i]
			line := 1 + strings.Count(string(f.Sources[in.At.Source].Text[:in.At.Off]), "\n")
			s := fmt.Sprintf("%d %s%s", line, in.Op, in.Suffix)
			for _, o := range in.Args {
				s += " " + o.String()
			}
			if in.Target >= 0 {
				s += fmt.Sprintf(" ->%d", in.Target)
			}
			if in.Macro != "" {
				s += " in " + in.Macro
			}
			list = append(list, s)
		}
	}
	return list
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"names", "TEXT ·F(SB), 0, $0-8\nTEXT a∕b·G<ABIInternal>(SB), 4, $-8\nTEXT h<>(SB), $16\n", []string{
			"TEXT .F static=false ABI0 flags=0 $0-8",
			"TEXT a/b.G static=false ABIInternal flags=4 $-8--1",
			"TEXT h static=true ABI0 flags=0 $16--1",
		}},
		{"flags", "#include \"flags.h\"\nTEXT ·F(SB), NOSPLIT|NOFRAME, $0\n", []string{"TEXT .F static=false ABI0 flags=516 $0--1"}},
		{"operands", "TEXT ·F(SB), 0, $0\n\tMOVQ $(1<<4|3)-2, AX\n\tMOVQ $~15, AX\n\tMOVQ x+8(FP), AX; MOVQ y-8(SP), BX\n\tMOVQ -8(SP)(AX*8), BX\n\tMOVQ tab<>+16(SB), BX\n\tMOVQ $s-0(SB), AX\n\tLDP.P 16(R0), (R1, R2)\n\tVLD1 (R0), [V0.B16-V2.B16]\n\tMOVD R0<<3, R1\n\tMOVD (R0)(R1<<3), R2\n\tMOVSD $-1.5, X0\n\tMOVQ (CX), AX\n\tADDQ $'a', AX\n\tMUL DX:AX\n\tJMP 2(PC)\n\tNOP\n\tNOP\n", []string{
			"TEXT .F static=false ABI0 flags=0 $0--1",
			"2 MOVQ $17 AX", "3 MOVQ $-16 AX", "4 MOVQ x+8(FP) AX", "4 MOVQ y-8(SP) BX", "5 MOVQ -8(SP)(AX*8) BX",
			"6 MOVQ tab<>+16(SB) BX", "7 MOVQ $s(SB) AX", "8 LDP.P 16(R0) (R1, R2)", "9 VLD1 (R0) (V0, V1, V2)", "10 MOVD R0 R1",
			"11 MOVD (R0)(R1*3) R2", "12 MOVSD $0 X0", "13 MOVQ (CX) AX", "14 ADDQ $97 AX", "15 MUL AX DX", "16 JMP 2(PC) ->17", "17 NOP", "18 NOP",
		}},
		{"labels", "TEXT ·F(SB), 0, $0\na: b:\tJMP c\nc:\n\tJMP a\nTEXT ·G(SB), 0, $0\na:\tJMP a\n\tJMP c\n", []string{
			"TEXT .F static=false ABI0 flags=0 $0--1", "2 JMP c ->1", "4 JMP a ->0",
			"TEXT .G static=false ABI0 flags=0 $0--1", "6 JMP a ->0", "7 JMP c",
		}},
		{"macros", "#define TWO(x, y) \\\n\tMOVQ x, AX; \\\n\tMOVQ y, BX\n#define ARG(n) n+0(FP)\n#define R AX\n#define EMPTY()\nTEXT ·F(SB), 0, $0\n\tTWO(ARG(a), 8(SP))\n\tTWO((R)(R*1), $LEVEL)\n\tEMPTY()\n\tNOP R\n", []string{
			"TEXT .F static=false ABI0 flags=0 $0--1",
			"8 MOVQ a+0(FP) AX in TWO", "8 MOVQ 8(SP) BX in TWO", "9 MOVQ (AX)(AX*1) AX in TWO", "9 MOVQ $3 BX in TWO", "11 NOP AX",
		}},
		{"a macro's lines without semicolons", "#define TWO \\\n\tNOP \\\n\tRET\nTEXT ·F(SB), 0, $0\n\tTWO\n", []string{
			"TEXT .F static=false ABI0 flags=0 $0--1", "5 NOP in TWO", "5 RET in TWO",
		}},
		{"a macro without its arguments is a name", "#define F(x) x\nTEXT ·G(SB), 0, $0\n\tJMP F\n", []string{"TEXT .G static=false ABI0 flags=0 $0--1", "3 JMP F"}},
		{"undef", "#define A AX\n#undef A\n#define A BX\nTEXT ·F(SB), 0, $0\n\tNOP A\n", []string{"TEXT .F static=false ABI0 flags=0 $0--1", "5 NOP BX"}},
		{"conditions", "TEXT ·F(SB), 0, $0\n#ifdef GOARCH_amd64\n\tNOP AX\n#ifndef LEVEL\n\tbad )(\n#else\n\tNOP BX\n#endif\n#else\n#ifdef LEVEL\n\tNOP CX\n#endif\n#include \"none.h\"\n#endif\n\tRET\n", []string{
			"TEXT .F static=false ABI0 flags=0 $0--1", "3 NOP AX", "7 NOP BX", "15 RET",
		}},
		{"comments", "TEXT ·F(SB), 0, $0 // TEXT ·G(SB)\n/* NOP\nNOP */\tNOP /* x */ AX\n//\tNOP\n", []string{"TEXT .F static=false ABI0 flags=0 $0--1", "3 NOP AX"}},
		{"data", "DATA x<>+0(SB)/8, $\"a;b\"\nGLOBL x<>(SB), 8, $8\nTEXT ·F(SB), 0, $0\n", []string{"TEXT .F static=false ABI0 flags=0 $0--1"}},
		{"an included function", "#include \"func.h\"\n", []string{"TEXT .Included static=false ABI0 flags=0 $0--1", "2 RET"}},
		{"a constant nobody defines", "TEXT ·F(SB), 0, $0\n\tMOVQ $T__size, AX\n\tMOVQ T_f(AX), AX\n\tMOVQ (T_f+8)(AX), AX\n", []string{
			"TEXT .F static=false ABI0 flags=0 $0--1", "2 MOVQ $0 AX", "3 MOVQ ?(AX) AX", "4 MOVQ ?(AX) AX",
		}},
		{"no line end", "TEXT ·F(SB), 0, $0\n\tRET", []string{"TEXT .F static=false ABI0 flags=0 $0--1", "2 RET"}},
		{"empty", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, dump(f)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	deep := strings.Repeat("(", 2*MaxDepth) + "1" + strings.Repeat(")", 2*MaxDepth)
	double := "#define M0 NOP; NOP\n"
	for i := 1; i < 40; i++ {
		double += fmt.Sprintf("#define M%d M%d; M%d\n", i, i-1, i-1)
	}
	args := "#define D0(x) x\n"
	for i := 1; i < 60; i++ {
		args += fmt.Sprintf("#define D%d(x) D%d(x x)\n", i, i-1)
	}
	nested := "TEXT ·F(SB), 0, $0\n" + strings.Repeat("#ifdef X\n", 2*MaxNesting)
	many := ""
	for i := range MaxIncludes + 1 {
		many += fmt.Sprintf("#include \"flags.h\"\n#undef NOSPLIT\n#undef NOFRAME\nDATA x+%d(SB)/1, $0\n", i)
	}
	tests := []struct{ name, text, want string }{
		{"no TEXT", "\tRET\n", "before the first TEXT"},
		{"not an instruction", "TEXT ·F(SB), 0, $0\n\t(AX)\n", "expected an instruction"},
		{"TEXT without size", "TEXT ·F(SB)\n", "TEXT takes"},
		{"TEXT of a register", "TEXT AX, 0, $0\n", "TEXT wants a name"},
		{"flags", "TEXT ·F(SB), NOSPLIT, $0\n", "textflag.h"},
		{"size", "TEXT ·F(SB), 0, $x\n", "not a plain number"},
		{"size of arguments", "TEXT ·F(SB), 0, $0-8-8\n", "after the size"},
		{"huge size", "TEXT ·F(SB), 0, $99999999999999999999\n", "integer"},
		{"parentheses", "TEXT ·F(SB), 0, $0\n\tMOVQ (AX, BX\n", "do not match"},
		{"missing operand", "TEXT ·F(SB), 0, $0\n\tMOVQ AX,, BX\n", "operand is missing"},
		{"trailing comma", "TEXT ·F(SB), 0, $0\n\tMOVQ AX,\n", "operand is missing"},
		{"division", "TEXT ·F(SB), 0, $0\n\tMOVQ $1/0, AX\n", "division by zero"},
		{"deep", "TEXT ·F(SB), 0, $0\n\tMOVQ $" + deep + ", AX\n", "MaxDepth"},
		{"label twice", "TEXT ·F(SB), 0, $0\na: NOP\na: NOP\n", "defined twice"},
		{"macro twice", "#define A\n#define A\n", "defined twice"},
		{"recursion", "#define A A\nTEXT ·F(SB), 0, $0\n\tA\n", "MaxNesting"},
		{"mutual recursion", "#define A B\n#define B A\nTEXT ·F(SB), 0, $0\n\tA\n", "MaxNesting"},
		{"doubling", double + "TEXT ·F(SB), 0, $0\n\tM39\n", "MaxExpanded"},
		{"doubling arguments", args + "TEXT ·F(SB), 0, $0\n\tD59(NOP;)\n", "MaxPending"},
		{"arguments", "#define A(x) x\nTEXT ·F(SB), 0, $0\n\tA(1, 2)\n", "takes 1 arguments, not 2"},
		{"open arguments", "#define A(x) x\nTEXT ·F(SB), 0, $0\n\tA(1\n", "not closed"},
		{"parameters", "#define A(x x) x\n", "parameters of macro A"},
		{"escape", "#define A \\x\n", "backslash"},
		{"else", "#else\n", "without #ifdef"},
		{"endif", "#endif\n", "without #ifdef"},
		{"open condition", "#ifdef A\n", "without #endif"},
		{"open condition in an include", "#include \"open.h\"\n#endif\n", "without #endif"},
		{"nested conditions", nested, "MaxNesting"},
		{"unknown directive", "#pragma x\n", "unknown directive"},
		{"directive in a line", "TEXT ·F(SB), 0, $0\n\tNOP #undef A\n", "not the first"},
		{"include", "#include \"none.h\"\n", "none.h"},
		{"include without quotes", "#include <none.h>\n", "without a name"},
		{"include of itself", "#include \"loop.h\"\n", "MaxNesting"},
		{"many includes", many, "MaxIncludes"},
		{"undef", "#undef A\n", "no such macro"},
		{"string", "DATA x(SB)/8, $\"abc\n", "not closed"},
		{"comment", "/* x\n", "not closed"},
		{"zero byte", "TEXT ·F(SB), 0, $0\n\x00", "not text"},
		{"not UTF-8", "TEXT ·F(SB), 0, $0\n\tNOP \xff\n", "not text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := parse(tt.text)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error = %v, want %q", err, tt.want)
			}
			if f.Funcs != nil || len(f.Sources) == 0 {
				t.Errorf("with an error: %d functions, %d sources", len(f.Funcs), len(f.Sources))
			}
			if e.Loc.Source >= len(f.Sources) || e.Loc.Off > len(f.Sources[e.Loc.Source].Text) {
				t.Errorf("place %+v is in no source", e.Loc)
			}
		})
	}
}

// FuzzParse: an error comes without functions, and every place lies in a text.
func FuzzParse(f *testing.F) {
	f.Add("#include \"flags.h\"\n#define A(x) MOVQ x, AX; \\\n\tNOP\nTEXT ·F<ABI0>(SB), NOSPLIT, $8-16\nl:\tA(x+0(FP))\n\tJMP l\n#ifdef X\n\tRET\n#else\n\tLDP.P 8(R0), (R1, R2)\n#endif\n")
	f.Add("TEXT h<>(SB), 7, $0\n\tVLD1 (R0), [V0.B16-V3.B16]\n\tMOVQ $(1<<3)+~2, AX\n\tMOVQ tab<>+8(SB)(AX*8), BX\n")
	f.Add("#define A B\n#define B A(A)\nA\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parse(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || file.Funcs != nil {
				t.Fatalf("error %T with %d functions", err, len(file.Funcs))
			}
			inside(t, file, e.Loc)
			return
		}
		for _, fn := range file.Funcs {
			inside(t, file, fn.At)
			for i := range fn.Insts {
				in := &fn.Insts[i]
				inside(t, file, in.At)
				if in.Target >= len(fn.Insts) || in.Op == "" {
					t.Fatalf("instruction %+v", in)
				}
				for _, o := range in.Args {
					_ = o.String()
				}
			}
		}
	})
}

func inside(t *testing.T, f *File, at Loc) {
	t.Helper()
	if at.Source < 0 || at.Source >= len(f.Sources) || at.Off < 0 || at.Off > len(f.Sources[at.Source].Text) {
		t.Fatalf("place %+v is in no source", at)
	}
}
