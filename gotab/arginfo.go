package gotab

// ArgKind says what one element of [Func.ArgInfo] is.
type ArgKind uint8

const (
	ArgValue ArgKind = iota + 1 // a word or less, at Off
	ArgOpen                     // a struct, array, string, slice or interface begins
	ArgClose                    // … and ends
	ArgMore                     // there is more that is not described, at this depth
	ArgFar                      // a value too far away to be described
)

// An Arg is one element of the description of a function's arguments: what a
// traceback prints between the parentheses. Aggregates are brackets around
// their elements.
type Arg struct {
	Kind  ArgKind
	Depth int   // of brackets around it
	Off   int64 // from the entry SP, for ArgValue
	Size  int   // in bytes, for ArgValue

	// Live is false, for an ArgValue that was passed in a register, where its
	// place in memory may not have been written yet: see ArgsLive.
	Live bool

	off uint8 // from argp
}

// Bytes of the description that are no offset.
//
// Source: $GOROOT/src/internal/abi/type.go (TraceArgs…), go1.26; the same in
// $GOROOT/src/runtime/traceback.go of go1.17 to go1.22.
const (
	argEndSeq         = 0xff
	argStartAgg       = 0xfe
	argEndAgg         = 0xfd
	argDotdotdot      = 0xfc
	argOffsetTooLarge = 0xfb
	argSpecial        = 0xf0

	// maxArgInfo is the longest description that a compiler writes, in bytes:
	// 10 components, 5 layers.
	maxArgInfo = (5*3+2)*10 + 1
)

// ArgInfo appends the description of the function's arguments to dst, which
// stays as it is if there is none: an assembly function without a Go
// declaration, or a release before Go 1.17. Every value is Live; see ArgsLive.
// On error, which wraps objfile.ErrFormat, the result is nil.
//
// Source: $GOROOT/src/cmd/compile/internal/ssagen/ssa.go (EmitArgInfo) and
// $GOROOT/src/runtime/traceback.go (printArgs), go1.26.
func (f Func) ArgInfo(dst []Arg) ([]Arg, error) {
	b, err := f.funcDataUpTo(FuncDataArgInfo, 0, maxArgInfo)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return dst, nil
	}
	depth := 0
	for i := 0; i < len(b); i++ {
		a := Arg{Depth: depth, Live: true}
		switch c := b[i]; {
		case c == argEndSeq:
			if depth != 0 {
				return nil, f.dataErr(FuncDataArgInfo, "ends within %d aggregates", depth)
			}
			return dst, nil
		case c == argStartAgg:
			a.Kind = ArgOpen
			depth++
		case c == argEndAgg:
			depth--
			if depth < 0 {
				return nil, f.dataErr(FuncDataArgInfo, "byte %d ends an aggregate that did not begin", i)
			}
			a.Kind, a.Depth = ArgClose, depth
		case c == argDotdotdot:
			a.Kind = ArgMore
		case c == argOffsetTooLarge:
			a.Kind = ArgFar
		case c >= argSpecial:
			return nil, f.dataErr(FuncDataArgInfo, "byte %d is %#x, which means nothing", i, c)
		case i+1 == len(b) || b[i+1] > 8:
			return nil, f.dataErr(FuncDataArgInfo, "byte %d: the argument at %d has no size of 8 bytes or less", i, c)
		default:
			a.Kind, a.off, a.Size = ArgValue, c, int(b[i+1])
			a.Off = f.t.ArgPointer() + int64(c)
			i++
		}
		dst = append(dst, a)
	}
	return nil, f.dataErr(FuncDataArgInfo, "does not end within %d bytes", len(b))
}

// ArgsLive sets Live of each value in args, which come from ArgInfo of the same
// function, as it is when the instruction at pc is next: false where the value
// came in a register and its place in memory may still hold something else. A
// traceback prints a question mark behind such a value. The error wraps
// objfile.ErrFormat and leaves all Live.
//
// Source: $GOROOT/src/runtime/traceback.go (printArgs, isLive), go1.26.
func (f Func) ArgsLive(args []Arg, pc PC) error {
	for i := range args {
		args[i].Live = true
	}
	head, err := f.funcDataBytes(FuncDataArgLiveInfo, 1)
	if err != nil || head == nil {
		return err
	}
	idx, ok := f.PCData(PCDataArgLiveIndex, pc)
	if !ok || idx <= 0 { // all are live
		return nil
	}
	bits, err := f.funcDataUpTo(FuncDataArgLiveInfo, uint64(idx), (maxArgInfo+7)/8)
	if err != nil {
		return err
	}
	slot := 0 // counts spill slots of registers
	for i := range args {
		if args[i].Kind != ArgValue || args[i].off < head[0] {
			continue
		}
		if slot/8 >= len(bits) {
			for i := range args {
				args[i].Live = true
			}
			return f.dataErr(FuncDataArgLiveInfo, "bit %d of the map at %d is outside", slot, idx)
		}
		args[i].Live = bits[slot/8]>>(slot%8)&1 != 0
		slot++
	}
	return nil
}
