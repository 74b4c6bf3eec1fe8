package gotab

// A Bounds says which check a call to runtime.panicBounds reports, and where the
// two numbers are that it compares.
type Bounds struct {
	Code   int  // abi.BoundsErrorCode: 0 index, 1 to 7 slice, 8 conversion to an array
	Signed bool // whether X is

	X, Y       int  // a register's number or a constant
	XReg, YReg bool // which of the two
}

// PanicBounds returns what the table PCDataPanicBounds says at pc, the call. Not
// ok where there is none that can be, as in all of Go 1.25 and older.
//
// Source: BoundsDecode in $GOROOT/src/internal/abi/bounds.go, go1.26.
func (f Func) PanicBounds(pc PC) (Bounds, bool) {
	v, ok := f.PCData(PCDataPanicBounds, pc)
	if !ok || v < 0 {
		return Bounds{}, false
	}
	const codes = 9
	c := v / codes
	b := Bounds{Code: int(v % codes), XReg: c&1 != 0, YReg: c&2 != 0}
	if b.XReg {
		b.Signed, b.X = c>>2&1 != 0, int(c>>3&0xf)
	} else {
		b.X = int(c >> 2 & 0x1f)
	}
	width := 5
	if b.YReg {
		width = 4
	}
	b.Y = int(c >> 7 & (1<<width - 1))
	return b, c>>(7+width) == 0
}
