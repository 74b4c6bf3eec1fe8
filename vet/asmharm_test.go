package vet_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"moho/internal/testbin"
	"moho/vet"
)

// harmGo runs one function of the assembly below by name and says what became
// of what its caller relies on.
const harmGo = `package main

import (
	"io"
	"os"
	"runtime/trace"
)

func frame() uintptr
func Clean()
func SavedFP()
func CallersFP()
func FramePointer()
func LeafLink()
func Grow()
func Named(a uint64) uint64
func Wide(a, b uint32) (x, y uint32)
func Missing(a uint64) uint64

//go:noinline
func deep(n int) int {
	var a [256]byte
	a[n%256] = 1
	if n == 0 {
		return 0
	}
	return deep(n-1) + int(a[3])
}

// Go is called by Grow and makes the stack grow.
func Go() { deep(10000) }

//go:noinline
func through() {
	CallersFP()
	print("")
}

func look(before, after uintptr) {
	if after != before {
		println("frame pointer lost")
	}
	println("back")
}

// wait blocks, which the execution tracer notes with a stack that it unwinds
// by frame pointers.
func wait() {
	c := make(chan bool)
	go func() { c <- true }()
	<-c
}

func main() {
	if len(os.Args) > 2 {
		trace.Start(io.Discard)
		defer trace.Stop()
	}
	done := make(chan bool)
	go func() {
		switch os.Args[1] {
		case "Clean":
			before := frame()
			Clean()
			after := frame()
			wait()
			look(before, after)
		case "SavedFP":
			before := frame()
			SavedFP()
			after := frame()
			wait()
			look(before, after)
		case "CallersFP":
			before := frame()
			CallersFP()
			after := frame()
			if after == before {
				through() // arm64 has it in the caller's frame
				after = frame()
			}
			wait()
			look(before, after)
		case "FramePointer":
			before := frame()
			FramePointer()
			after := frame()
			wait()
			look(before, after)
		case "LeafLink":
			before := frame()
			LeafLink()
			after := frame()
			wait()
			look(before, after)
		case "Grow":
			Grow()
		case "Named":
			println(Named(42) == 42)
		case "Wide":
			x, y := Wide(1, 2)
			println(x == 1, y == 2)
		case "Missing":
			println(Missing(42) == 42)
		}
		done <- true
	}()
	<-done
}
`

const harmAMD64 = `#include "textflag.h"

TEXT ·frame(SB), NOSPLIT, $0-8
	MOVQ BP, ret+0(FP)
	RET

TEXT ·Clean(SB), NOSPLIT, $16-0
	MOVQ AX, 8(SP)
	RET

TEXT ·SavedFP(SB), NOSPLIT, $16-0
	MOVQ $1, AX
	MOVQ AX, 16(SP)
	RET

TEXT ·CallersFP(SB), NOSPLIT, $16-0
	LEAQ 8(SP), DI
	MOVOU X0, (DI)
	RET

TEXT ·FramePointer(SB), NOSPLIT, $0-0
	MOVQ $1, BP
	RET

TEXT ·LeafLink(SB), NOSPLIT, $0-0
	SUBQ $8, SP
	RET

TEXT ·Grow(SB), 0, $8-0
	SUBQ $16, SP
	CALL ·Go(SB)
	ADDQ $16, SP
	RET

TEXT ·Named(SB), NOSPLIT, $0-16
	SUBQ $32, SP
	MOVQ a+0(FP), AX
	ADDQ $32, SP
	MOVQ AX, ret+8(FP)
	RET

TEXT ·Wide(SB), NOSPLIT, $0-16
	MOVL b+4(FP), AX
	MOVL AX, y+12(FP)
	MOVL a+0(FP), AX
	MOVQ AX, x+8(FP)
	RET

TEXT ·Missing(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), AX
	RET
`

const harmARM64 = `#include "textflag.h"

TEXT ·frame(SB), NOSPLIT, $0-8
	MOVD R29, ret+0(FP)
	RET

TEXT ·Clean(SB), NOSPLIT, $16-0
	MOVD R0, 16(RSP)
	RET

TEXT helper<>(SB), NOSPLIT, $0-0
	RET

TEXT ·SavedFP(SB), NOSPLIT, $8-0
	MOVD $1, R1
	STP.W (R0, R1), -16(RSP)
	CALL helper<>(SB)
	LDP.P 16(RSP), (R0, R1)
	RET

TEXT ·CallersFP(SB), NOSPLIT|NOFRAME, $0-0
	MOVD $1, R1
	STP.W (R0, R1), -16(RSP)
	LDP.P 16(RSP), (R0, R1)
	RET

TEXT ·FramePointer(SB), NOSPLIT, $0-0
	MOVD $1, R29
	RET

TEXT ·LeafLink(SB), NOSPLIT, $16-0
	MOVD $0, R30
	RET

TEXT ·Grow(SB), 0, $8-0
	MOVD.W R0, -32(RSP)
	CALL ·Go(SB)
	MOVD.P 32(RSP), R0
	RET

TEXT ·Named(SB), NOSPLIT, $0-16
	SUB $32, RSP
	MOVD a+0(FP), R0
	ADD $32, RSP
	MOVD R0, ret+8(FP)
	RET

TEXT ·Wide(SB), NOSPLIT, $0-16
	MOVWU b+4(FP), R0
	MOVW R0, y+12(FP)
	MOVWU a+0(FP), R0
	MOVD R0, x+8(FP)
	RET

TEXT ·Missing(SB), NOSPLIT, $0-16
	MOVD a+0(FP), R0
	RET
`

// harms says what each function does to the program, by architecture.
//
// A second argument has the execution tracer on: it follows the frame pointer
// that the function left behind.
var harms = []struct{ run, amd64, arm64 string }{
	{"Clean", "back\n", "back\n"},
	{"Clean traced", "back\n", "back\n"},
	{"SavedFP", "frame pointer lost\n", "frame pointer lost\n"},
	{"SavedFP traced", "SIGSEGV", "SIGSEGV"},
	{"CallersFP", "frame pointer lost\n", "frame pointer lost\n"},
	{"FramePointer", "frame pointer lost\n", "frame pointer lost\n"},
	{"FramePointer traced", "SIGSEGV", "SIGSEGV"},
	{"LeafLink", "SIGSEGV", "fatal error"},
	{"Grow", "unexpected SPWRITE function", "fatal error"},
	{"Named", "false\n", "false\n"},
	{"Wide", "true false\n", "true false\n"},
	{"Missing", "false\n", "false\n"},
}

// TestAsmHarm runs code that the rules report and sees the harm that they
// speak of: on this machine for amd64, under qemu for arm64.
func TestAsmHarm(t *testing.T) {
	testbin.Long(t)
	dir := write(t, map[string]string{
		"go.mod": "module harm.test\n\ngo 1.24\n", "main.go": harmGo,
		"harm_amd64.s": harmAMD64, "harm_arm64.s": harmARM64,
	})
	for _, goarch := range []string{"amd64", "arm64"} {
		t.Run(goarch, func(t *testing.T) {
			var run1 []string
			if goarch != runtime.GOARCH {
				qemu := map[string]string{"amd64": "qemu-x86_64-static", "arm64": "qemu-aarch64-static"}[goarch]
				testbin.NeedTool(t, qemu)
				run1 = []string{qemu}
			}
			reported := map[string]bool{}
			for _, f := range run(t, vet.Options{Dir: dir, Targets: []string{"linux/" + goarch}}).Findings {
				reported[f.Place.Symbol] = true
			}
			exe := filepath.Join(t.TempDir(), "harm")
			build := exec.CommandContext(t.Context(), "go", "build", "-o", exe, ".")
			build.Dir, build.Env = dir, append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("go build: %v\n%s", err, out)
			}
			for _, h := range harms {
				name, _, _ := strings.Cut(h.run, " ")
				args := append(append(slices.Clone(run1), exe), strings.Fields(h.run)...)
				out, _ := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
				want := h.amd64
				if goarch == "arm64" {
					want = h.arm64
				}
				first, _, _ := strings.Cut(string(out), "\n")
				t.Logf("%s: reported %v: %s", h.run, reported[name], first)
				if want != "" && !strings.Contains(string(out), want) {
					t.Errorf("%s: output lacks %q:\n%.400s", h.run, want, out)
				}
				if reported[name] != (name != "Clean") {
					t.Errorf("%s: reported %v", h.run, reported[name])
				}
			}
		})
	}
}

// TestAsmLinker links the programs whose stack is not checked: the linker must
// refuse those of which the finding says so, and no others.
func TestAsmLinker(t *testing.T) {
	testbin.Long(t)
	bad := filepath.Join(assembly, "nosplit", "bad")
	for _, target := range asmTargets {
		_, goarch, _ := strings.Cut(target, "/")
		text, err := os.ReadFile(filepath.Join(bad, "bad_"+goarch+".s"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range run(t, vet.Options{Dir: assembly, Patterns: []string{"./nosplit/bad"}, Targets: []string{target}}).Findings {
			t.Run(goarch+"/"+f.Place.Symbol, func(t *testing.T) {
				args, call := "", "()"
				if f.Place.Symbol == "Below" {
					args, call = "a uint64", "(1)"
				}
				dir := write(t, map[string]string{
					"go.mod": "module linked.test\n\ngo 1.24\n", "f_" + goarch + ".s": string(text),
					"main.go": fmt.Sprintf("package main\n\nfunc %s(%s)\n\nfunc main() { %s%s }\n", f.Place.Symbol, args, f.Place.Symbol, call),
				})
				cmd := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, ".")
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED=0")
				out, err := cmd.CombinedOutput()
				refused := strings.Contains(string(out), "nosplit stack over 792 byte limit")
				if says := strings.Contains(f.Message, "the linker refuses it"); says != refused {
					t.Errorf("%s\nrefused: %v (%v)\n%.600s", f.Message, refused, err, out)
				}
			})
		}
	}
}
