package gotab

import (
	"bytes"
	"encoding/binary"

	"moho/internal/bounded"
)

// A FileID stands for the name of a source file in one Table; see [Table.File].
type FileID uint32

// NoFile stands for no file.
const NoFile FileID = 0xffffffff

// A Point is what the tables of a function say of one of its instructions. SP
// is what [Func.SPDelta] returns, meaningless without HasSP. File is NoFile and
// Line 0 where the position is not known.
type Point struct {
	SP    int32
	HasSP bool
	Line  int32
	File  FileID
}

// A Walk follows the tables of one function from its entry to its end, in step
// with somebody who reads its code. [Func.SPDelta] and [Func.FileLine] begin at
// the entry every time, which for all instructions of a function makes the
// square of its length.
type Walk struct {
	fn             Func
	sp, file, line pcIter
	fileno         int32 // that id belongs to, while hasID
	id             FileID
	hasID          bool
}

// Walk returns a Walk that stands before the first instruction.
func (f Func) Walk() Walk {
	return Walk{fn: f, sp: f.rows(f.u32(fnPCSP)), file: f.rows(f.u32(fnPCFile)), line: f.rows(f.u32(fnPCLine))}
}

// At returns what the tables say of the instruction at offset off from the
// entry, in the unit of [PC]. No off may be smaller than the one before. It
// does not allocate.
func (w *Walk) At(off uint32) Point {
	p := Point{File: NoFile}
	if w.sp.seek(off) {
		p.SP, p.HasSP = w.sp.row.Value, true
	}
	if !w.file.seek(off) || !w.line.seek(off) || w.file.row.Value < 0 || w.line.row.Value < 0 {
		return p
	}
	if !w.hasID || w.fileno != w.file.row.Value {
		w.fileno, w.hasID = w.file.row.Value, true
		w.id = w.fn.fileID(w.fileno)
	}
	if w.id != NoFile {
		p.File, p.Line = w.id, w.line.row.Value
	}
	return p
}

// seek moves to the row that holds off; false behind the last one.
func (it *pcIter) seek(off uint32) bool {
	for off >= it.row.End {
		if !it.next() {
			it.tab = nil
			return false
		}
	}
	return true
}

// fileID returns what stands for file number n of the unit that f is of.
func (f Func) fileID(n int32) FileID {
	b, ok := bounded.Sub(f.t.cu, 4*(uint64(f.u32(fnCU))+uint64(n)), 4)
	if !ok {
		return NoFile
	}
	return FileID(binary.LittleEndian.Uint32(b))
}

// File returns the name that id stands for, "" for NoFile and for a name that
// the table does not hold.
func (t *Table) File(id FileID) string {
	b, err := bounded.CString(t.files, uint64(id), MaxName)
	if id == NoFile || err != nil {
		return ""
	}
	return string(b)
}

// AppendName appends [Func.Name] to dst: for callers that look at many.
func (f Func) AppendName(dst []byte) []byte {
	off := uint64(f.u32(fnName))
	if off >= uint64(len(f.t.names)) {
		return dst
	}
	b := f.t.names[off:]
	n := bytes.IndexByte(b[:min(len(b), MaxName+1)], 0)
	if n < 0 {
		return dst
	}
	return append(dst, b[:n]...)
}

// NameID says where the name of f is: two functions of one table that have it
// in common have the same name. The reverse does not hold, because the names of
// an ABI wrapper and of what it wraps are stored twice.
func (f Func) NameID() uint32 { return f.u32(fnName) }

// Bounds returns [Func.Size] and [Func.MaxSPDelta] together, which are in one
// table. A table that is malformed is an error that wraps objfile.ErrFormat.
func (f Func) Bounds() (size uint64, frame int32, err error) {
	it := f.rows(f.u32(fnPCSP))
	for it.next() {
		frame = max(frame, it.row.Value)
	}
	if it.err {
		return 0, 0, tableErr("pcsp table of function %d is malformed after offset %#x", f.index, it.row.End)
	}
	return uint64(it.row.End), frame, nil
}
