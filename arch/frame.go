package arch

// A Frame says how an architecture has what every frame has, in its own words:
// delta is how far the stack pointer is below where it was at the function's
// entry, as the tables say for each instruction, and [x] what is stored at x.
type Frame struct {
	PC  string
	SP  string
	CFA string // the stack pointer of the caller at its call
	Ret string // where the function returns to
	FP  string // "" where there is none
}

// Frame returns how a has what every frame has.
//
// Source: docs/ABI.md; $GOROOT/src/runtime/traceback.go (unwinder), go1.27.
func (a *Arch) Frame() Frame { return frames[a.Name] }

var frames = map[string]Frame{
	"amd64": {PC: "rip", SP: "rsp", CFA: "rsp+delta+8", Ret: "[CFA-8]", FP: "rbp = CFA-16"},
	"arm64": {PC: "pc", SP: "sp", CFA: "sp+delta", Ret: "x30, then [sp]", FP: "x29 = sp-8"},
	"wasm":  {PC: "function<<16 | block", SP: "global 0", CFA: "sp+delta+8", Ret: "[CFA-8]"},
}
