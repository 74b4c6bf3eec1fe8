package gotab

// A Call is one node of a function's inline tree: a call that was inlined.
type Call struct {
	Func      string // as the linker wrote it
	StartLine int    // of the function that was inlined; 0 before Go 1.20
	FuncID    FuncID
	ParentPC  uint32 // offset from the entry of an instruction at the call site
	Parent    int    // the node that the call was in, -1 for the function itself
}

// InlineTree returns all calls that were inlined into the function. Values of
// the table PCDataInlTreeIndex are indexes in it. The error wraps
// objfile.ErrFormat.
//
// Source: inlinedCall in $GOROOT/src/runtime/symtabinl.go, go1.26. The tree does
// not say how long it is: it ends with the last node that an instruction or
// another node's call site names.
func (f Func) InlineTree() ([]Call, error) {
	rows := f.rows(f.pcdataOff(PCDataInlTreeIndex))
	last := int32(-1)
	for rows.next() {
		last = max(last, rows.row.Value)
	}
	if rows.err || last >= maxInlineNodes {
		return nil, f.dataErr(FuncDataInlTree, "index table is malformed after offset %#x, value %d", rows.row.End, last)
	}
	var out []Call
	names := 0
	for i := range last + 1 {
		in, ok := f.inlinedAt(i)
		if !ok || in.parentPC < 0 {
			return nil, f.dataErr(FuncDataInlTree, "node %d of %d cannot be read", i, last+1)
		}
		parent, ok := f.value(f.pcdataOff(PCDataInlTreeIndex), uint64(in.parentPC))
		if !ok || parent < -1 {
			parent = -1
		}
		name := f.t.name(in.name)
		if names += len(name); names > maxInlineNames {
			return nil, f.dataErr(FuncDataInlTree, "names of more than %d bytes", maxInlineNames)
		}
		out = append(out, Call{
			Func: name, StartLine: int(in.startLine), FuncID: FuncID(in.id),
			ParentPC: uint32(in.parentPC), Parent: int(parent),
		})
	}
	return out, nil
}

const (
	// maxInlineNodes bounds the calls that one function can have inlined. The
	// most of etcd's 32,156 functions has 315.
	maxInlineNodes = 1 << 16

	// maxInlineNames bounds the names of those functions together, in bytes.
	maxInlineNames = 8 << 20
)
