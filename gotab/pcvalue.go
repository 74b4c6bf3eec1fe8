package gotab

import (
	"encoding/binary"

	"moho/internal/bounded"
)

// A Row says that a pc-value table has Value from Start up to End, offsets from
// the function's entry in the unit of [PC].
type Row struct {
	Start, End uint32
	Value      int32
}

// A pcIter walks one pc-value table. Its end is the zero that no row but the
// first may begin with.
//
// Source: $GOROOT/src/runtime/symtab.go (step, readvarint), go1.26.
type pcIter struct {
	tab   []byte
	quant uint64
	limit uint64 // no row ends beyond: tables of all functions together are no longer than the text
	row   Row
	first bool
	err   bool
}

// rows walks the table of f that begins at off in pctab; 0 stands for none.
func (f Func) rows(off uint32) pcIter {
	it := pcIter{quant: f.t.quant, limit: f.extent(), first: true, row: Row{Value: -1}}
	if off == 0 || uint64(off) >= uint64(len(f.t.pctab)) {
		it.err = off != 0
		return it
	}
	it.tab = f.t.pctab[off:]
	return it
}

// extent returns how many units of PC there are from f to the next function.
func (f Func) extent() uint64 {
	if f.t.shifts > 0 {
		return 1 << f.t.shifts
	}
	return uint64(f.t.entryOff(int(f.index)+1) - f.off)
}

// next moves to the next row; false at the end or where the table is malformed.
func (it *pcIter) next() bool {
	if len(it.tab) == 0 {
		it.err = it.err || !it.first // ran off the end of pctab
		return false
	}
	dv, n := uvarint32(it.tab)
	if n == 0 {
		it.err = true
		return false
	}
	if dv == 0 && !it.first {
		return false
	}
	it.tab = it.tab[n:]
	dpc, n := uvarint32(it.tab)
	end := uint64(it.row.End) + uint64(dpc)*it.quant
	if n == 0 || end > it.limit || dpc == 0 && !it.first {
		it.err = true
		return false
	}
	it.tab = it.tab[n:]
	it.row = Row{Start: it.row.End, End: uint32(end), Value: it.row.Value + int32(-(dv&1)^(dv>>1))}
	it.first = false
	return true
}

// uvarint32 reads an unsigned LEB128 number of at most five bytes; n is 0 if it
// does not end within b.
func uvarint32(b []byte) (v uint32, n int) {
	if len(b) > 0 && b[0] < 0x80 { // about 70 % of all
		return uint32(b[0]), 1
	}
	for i := 0; i < len(b) && i < 5; i++ {
		v |= uint32(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

// value returns the value that the table at off has for the offset rel.
func (f Func) value(off uint32, rel uint64) (int32, bool) {
	it := f.rows(off)
	for it.next() {
		if rel < uint64(it.row.End) {
			return it.row.Value, true
		}
	}
	return 0, false
}

// all returns every row of the table at off.
func (f Func) all(off uint32) ([]Row, error) { return f.appendAll(nil, off) }

func (f Func) appendAll(dst []Row, off uint32) ([]Row, error) {
	it := f.rows(off)
	n := len(dst)
	for it.next() {
		dst = append(dst, it.row)
	}
	if it.err {
		return nil, tableErr("pc-value table at %#x of function %d is malformed after %d rows", off, f.index, len(dst)-n)
	}
	return dst, nil
}

// rel returns the offset of pc from the entry of f.
func (f Func) rel(pc PC) uint64 { return uint64(pc - f.Entry()) }

// Size returns the number of units from the entry to the end of the function
// proper, without the padding that follows: the end of its pcsp table, which is
// what symbol tables and DWARF call the size. A function without that table (a
// mere label of the linker) has size 0. The error wraps objfile.ErrFormat.
func (f Func) Size() (uint64, error) {
	it := f.rows(f.u32(fnPCSP))
	for it.next() {
	}
	if it.err {
		return 0, tableErr("pcsp table of function %d is malformed after offset %#x", f.index, it.row.End)
	}
	return uint64(it.row.End), nil
}

// SPDelta returns how many bytes the stack pointer is below its value at the
// entry when the instruction at pc is about to execute. The return address that
// a call on amd64 pushes is not counted: it is above. Not ok outside the
// function; meaningless in a function with flag SPWrite.
func (f Func) SPDelta(pc PC) (int32, bool) { return f.value(f.u32(fnPCSP), f.rel(pc)) }

// MaxSPDelta returns the largest SPDelta of the function, in bytes. The error
// wraps objfile.ErrFormat.
func (f Func) MaxSPDelta() (int32, error) {
	it := f.rows(f.u32(fnPCSP))
	most := int32(0)
	for it.next() {
		most = max(most, it.row.Value)
	}
	if it.err {
		return 0, tableErr("pcsp table of function %d is malformed after offset %#x", f.index, it.row.End)
	}
	return most, nil
}

// SPRows returns SPDelta for the whole function, adjacent ranges from offset 0
// to Size. The error wraps objfile.ErrFormat.
func (f Func) SPRows() ([]Row, error) { return f.all(f.u32(fnPCSP)) }

// AppendSPRows appends what SPRows returns to dst. On error it returns nil.
func (f Func) AppendSPRows(dst []Row) ([]Row, error) { return f.appendAll(dst, f.u32(fnPCSP)) }

// PCData returns the value of PCDATA table i (abi.PCDATA_*) at pc. Where the
// function has no such table it is not ok; the runtime takes that for -1.
func (f Func) PCData(table int, pc PC) (int32, bool) {
	return f.value(f.pcdataOff(table), f.rel(pc))
}

// PCDataRows returns all of PCDATA table i, nil if the function has none. A table
// that is malformed is an error that wraps objfile.ErrFormat.
func (f Func) PCDataRows(table int) ([]Row, error) { return f.all(f.pcdataOff(table)) }

// FileLine returns the position that the line table gives for the instruction
// at pc: of the innermost call, where calls were inlined.
func (f Func) FileLine(pc PC) (file string, line int, ok bool) { return f.fileLine(f.rel(pc)) }

func (f Func) fileLine(rel uint64) (string, int, bool) {
	fileno, ok1 := f.value(f.u32(fnPCFile), rel)
	line, ok2 := f.value(f.u32(fnPCLine), rel)
	if !ok1 || !ok2 || fileno < 0 || line < 0 {
		return "", 0, false
	}
	i := 4 * (uint64(f.u32(fnCU)) + uint64(fileno))
	b, ok := bounded.Sub(f.t.cu, i, 4)
	if !ok {
		return "", 0, false
	}
	name, err := bounded.CString(f.t.files, uint64(binary.LittleEndian.Uint32(b)), MaxName)
	if err != nil {
		return "", 0, false
	}
	return string(name), int(line), true
}
