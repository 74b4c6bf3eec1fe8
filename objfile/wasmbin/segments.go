package wasmbin

// Mode is when a segment is copied to a table or memory.
type Mode uint8

const (
	Active      Mode = iota // when the module is instantiated
	Passive                 // when the program asks for it
	Declarative             // never: it declares functions (element segments only)
)

// A Data is one data segment. Offset is where an active one goes in linear
// memory; it is not Known where that depends on an imported global.
type Data struct {
	Mode   Mode
	Offset Value
	Off    int64 // of Bytes in the module
	Bytes  []byte
}

// An Extent is the range of linear memory that active data segments fill.
type Extent struct {
	Lo, Hi  uint64 // Lo is Hi when they fill nothing
	Unknown int    // the first segment that goes to an unknown place, or -1
}

// Extent returns the range of linear memory that active data segments fill.
func (m *Module) Extent() Extent {
	if m.nData == 0 {
		return Extent{Unknown: -1}
	}
	return m.extent
}

// readSegment reads one data segment.
func (m *Module) readSegment(r *reader) Data {
	at := r.off
	var d Data
	switch flags := r.u32("data segment flags"); flags {
	case 0, 2:
		memories := 0
		if m.memory != nil {
			memories = 1
		}
		if flags == 2 {
			r.index(memories, "memory")
		} else if memories == 0 {
			r.failAt(at, "unknown memory 0, there is none")
		}
		d.Offset = m.constExpr(r, ValType{Code: I32})
	case 1:
		d.Mode = Passive
	default:
		r.failAt(at, "malformed data segment flags %d", flags)
	}
	n := r.u32("length of a data segment")
	d.Off = int64(r.off)
	d.Bytes = r.bytes(n, "data segment")
	return d
}

func (m *Module) readData(r *reader) {
	at := r.off
	n := r.count(2, MaxData, "data segments")
	if r.err == nil && m.dataCount >= 0 && m.dataCount != int(n) {
		r.failAt(at, "data count and data section have inconsistent lengths: %d and %d", m.dataCount, n)
	}
	m.extent.Unknown = -1
	for i := range int(n) {
		d := m.readSegment(r)
		if r.err != nil {
			return
		}
		m.nData++
		switch e := &m.extent; {
		case d.Mode != Active || len(d.Bytes) == 0:
		case !d.Offset.Known:
			if e.Unknown < 0 {
				e.Unknown = i
			}
		case e.Lo == e.Hi:
			e.Lo, e.Hi = d.Offset.Bits, d.Offset.Bits+uint64(len(d.Bytes))
		default:
			e.Lo, e.Hi = min(e.Lo, d.Offset.Bits), max(e.Hi, d.Offset.Bits+uint64(len(d.Bytes)))
		}
	}
}

// Data calls yield for each data segment in order.
func (m *Module) Data(yield func(Data) bool) {
	r := m.find(SecData)
	for range r.count(2, 0, "data segments") {
		if d := m.readSegment(r); r.err != nil || !yield(d) {
			return
		}
	}
}

// An Elem is one element segment.
type Elem struct {
	Mode   Mode
	Type   ValType
	Table  int // of an active one
	Offset Value
	Count  int

	off   int // of its elements in the module
	exprs bool
}

// readElem reads one element segment and passes over its elements.
//
// Bit 0 of its flags says that it is not active, bit 1 that a table index
// follows, or that it is declarative, bit 2 that its elements are expressions.
func (m *Module) readElem(r *reader) Elem {
	at := r.off
	flags := r.u32("element segment flags")
	if flags > 7 {
		r.failAt(at, "malformed element segment flags %d", flags)
	}
	e := Elem{Type: ValType{Code: FuncRef, Null: true}, exprs: flags&4 != 0}
	if !e.exprs {
		e.Type.Null = false
	}
	if flags&1 == 0 {
		if flags&2 != 0 {
			e.Table = r.index(len(m.tables), "table")
		} else if len(m.tables) == 0 {
			r.failAt(at, "unknown table 0, there is none")
		}
		e.Offset = m.constExpr(r, ValType{Code: I32})
	} else if e.Mode = Passive; flags&2 != 0 {
		e.Mode = Declarative
	}
	if flags&3 != 0 {
		kindAt := r.off
		if e.exprs {
			e.Type = r.refType(len(m.types))
		} else if k := r.u8(); k != 0 {
			r.failAt(kindAt, "malformed element kind %d", k)
		}
	}
	if r.err == nil && e.Mode == Active && !m.matches(e.Type, m.tables[e.Table].Type) {
		r.failAt(at, "type mismatch: element segment of %s for table %d of %s", e.Type, e.Table, m.tables[e.Table].Type)
	}
	e.Count = int(r.count(1, 0, "elements"))
	e.off = r.off
	for i := 0; i < e.Count && r.err == nil; i++ {
		m.elemValue(r, e)
	}
	return e
}

// elemValue reads one element of e.
func (m *Module) elemValue(r *reader, e Elem) Value {
	if e.exprs {
		return m.constExpr(r, e.Type)
	}
	i := r.index(len(m.funcs), "function")
	if r.err != nil {
		return Value{}
	}
	m.declare(i)
	return Value{Type: e.Type, Known: true, Bits: uint64(i)}
}

func (m *Module) readElems(r *reader) {
	n := r.count(3, MaxElems, "element segments")
	m.elems = make([]ValType, 0, n)
	for range n {
		e := m.readElem(r)
		if r.err != nil {
			return
		}
		m.elems = append(m.elems, e.Type)
	}
}

// Elems calls yield for each element segment in order until it returns false.
func (m *Module) Elems(yield func(Elem) bool) {
	r := m.find(SecElement)
	for range r.count(3, 0, "element segments") {
		if e := m.readElem(r); r.err != nil || !yield(e) {
			return
		}
	}
}

// Values calls yield for each element of a segment that Elems gave, in order,
// until it returns false.
func (m *Module) Values(e Elem, yield func(i int, v Value) bool) {
	r := &reader{data: m.data, off: e.off, end: len(m.data)}
	for i := range e.Count {
		if v := m.elemValue(r, e); r.err != nil || !yield(i, v) {
			return
		}
	}
}
