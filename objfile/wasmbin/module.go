package wasmbin

import (
	"encoding/binary"
)

// Numbers of sections.
const (
	SecCustom, SecType, SecImport, SecFunction, SecTable, SecMemory = 0, 1, 2, 3, 4, 5
	SecGlobal, SecExport, SecStart, SecElement, SecCode, SecData    = 6, 7, 8, 9, 10, 11
	SecDataCount, SecTag                                            = 12, 13
)

var sectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count", "tag",
}

// sectionRank gives the place of each section in the order that is demanded.
var sectionRank = [...]int{
	SecType: 1, SecImport: 2, SecFunction: 3, SecTable: 4, SecMemory: 5, SecTag: 6, SecGlobal: 7, SecExport: 8, SecStart: 9,
	SecElement: 10, SecDataCount: 11, SecCode: 12, SecData: 13,
}

// A Section is one section. A custom one has a name of its own; Off and Len
// are then what follows the name.
type Section struct {
	ID   int
	Name string
	Off  int64
	Len  uint32
}

// A Func is a function. Off and Len are its body, which begins with the
// declarations of its locals and ends with the instruction end; both are 0 for
// an imported one.
type Func struct {
	Type uint32
	off  uint32 // from the start of the code section
	Len  uint32
}

// A Module is the contents of a module. Its methods may be called concurrently.
type Module struct {
	data     []byte
	sections []Section

	types    []typeInfo
	typesOff int
	funcs    []Func
	codeOff  int
	tables   []Table
	memory   *Memory
	globals  []Global
	tags     []uint32
	elems    []ValType
	declared []uint64 // bit set of functions that ref.func may name in a body

	imported  [5]int // how many of each kind are imported
	start     int    // -1: none
	nData     int
	dataCount int // -1: no data count section
	extent    Extent
	typed     bool // it has references beyond those of version 2.0
}

// Parse checks a module and returns its contents. data is kept and must not
// change. The error is an *Error, or wraps bounded.ErrLimit for a module that
// is larger than a limit of this package.
func Parse(data []byte) (*Module, error) {
	if len(data) < 4 || string(data[:4]) != "\x00asm" {
		return nil, &Error{0, "magic header not detected"}
	}
	if len(data) < 8 || binary.LittleEndian.Uint32(data[4:]) != 1 {
		what := "unknown binary version, want 1"
		if len(data) >= 8 && data[6] != 0 {
			what = "a component, not a module"
		}
		return nil, &Error{4, what}
	}
	m := &Module{data: data, start: -1, dataCount: -1}
	r := &reader{data: data, off: 8, end: len(data)}
	rank := 0
	for r.left() > 0 {
		m.readSection(r, &rank)
		if r.err != nil {
			return nil, r.err
		}
	}
	bodies := len(m.funcs) - m.imported[KindFunc]
	if bodies > 0 && m.codeOff == 0 {
		r.failAt(len(data), "function and code section have inconsistent lengths: %d and none", bodies)
	}
	if m.dataCount >= 0 && m.dataCount != m.nData {
		r.failAt(len(data), "data count and data section have inconsistent lengths: %d and %d", m.dataCount, m.nData)
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

// readSection reads the section at r, which must be of a higher rank than those
// before it, and leaves r behind it.
func (m *Module) readSection(r *reader, rank *int) {
	at := r.off
	id := int(r.u8())
	size := r.u32("section size")
	body := reader{data: r.data, off: r.off, end: r.off}
	if r.bytes(size, "section"); r.err != nil {
		return
	}
	body.end = r.off
	if len(m.sections) >= MaxSections {
		r.err = limit("sections", MaxSections+1, MaxSections)
		return
	}
	if id == SecCustom {
		name := body.name("name of a custom section")
		m.sections = append(m.sections, Section{SecCustom, name, int64(body.off), uint32(body.left())})
		r.err = body.err
		return
	}
	if id >= len(sectionRank) {
		r.failAt(at, "malformed section id %d", id)
		return
	}
	if sectionRank[id] <= *rank {
		r.failAt(at, "unexpected content: section %s twice or out of order", sectionNames[id])
		return
	}
	*rank = sectionRank[id]
	m.sections = append(m.sections, Section{id, sectionNames[id], int64(body.off), size})
	switch id {
	case SecType:
		m.readTypes(&body)
	case SecImport:
		m.readImports(&body)
	case SecFunction:
		m.readFuncs(&body)
	case SecTable:
		m.readTables(&body)
	case SecMemory:
		m.readMemories(&body)
	case SecTag:
		m.readTags(&body)
	case SecGlobal:
		m.readGlobals(&body)
	case SecExport:
		m.readExports(&body)
	case SecStart:
		m.readStart(&body)
	case SecElement:
		m.readElems(&body)
	case SecDataCount:
		m.dataCount = int(body.u32("data count"))
	case SecCode:
		m.readCode(&body)
	case SecData:
		m.readData(&body)
	}
	if body.err == nil && body.left() > 0 {
		body.failAt(body.off, "section size mismatch: %d bytes are left in section %s", body.left(), sectionNames[id])
	}
	m.typed = m.typed || body.typed
	r.err = body.err
}

// Size returns the length of the module in bytes.
func (m *Module) Size() int { return len(m.data) }

// Sections returns the sections in file order.
func (m *Module) Sections() []Section { return m.sections }

// Contents returns the bytes of a section; they alias the module.
func (m *Module) Contents(s Section) []byte { return m.data[s.Off:][:s.Len:s.Len] }

// Custom returns the contents of the first custom section of that name.
func (m *Module) Custom(name string) ([]byte, bool) {
	for _, s := range m.sections {
		if s.ID == SecCustom && s.Name == name {
			return m.Contents(s), true
		}
	}
	return nil, false
}

// find returns a reader of the section with that number, empty without one.
func (m *Module) find(id int) *reader {
	for _, s := range m.sections {
		if s.ID == id {
			return &reader{data: m.data, off: int(s.Off), end: int(s.Off) + int(s.Len)}
		}
	}
	return &reader{}
}

// NumFuncs returns how many functions there are, imported ones included.
func (m *Module) NumFuncs() int { return len(m.funcs) }

// Imported returns how many things of a kind are imported; they have the lowest
// indices.
func (m *Module) Imported(k Kind) int { return m.imported[k] }

// Func returns a function; i must be below NumFuncs.
func (m *Module) Func(i int) Func { return m.funcs[i] }

// Body returns where the body of a function begins, and its bytes, which alias
// the module; 0 and nil for an imported one.
func (m *Module) Body(i int) (off int64, body []byte) {
	f := m.funcs[i]
	if f.Len == 0 {
		return 0, nil
	}
	at := m.codeOff + int(f.off)
	return int64(at), m.data[at:][:f.Len:f.Len]
}

// Start returns the function that runs first, or -1.
func (m *Module) Start() int { return m.start }

// Tables returns all tables, imported ones first.
func (m *Module) Tables() []Table { return m.tables }

// Globals returns all globals, imported ones first.
func (m *Module) Globals() []Global { return m.globals }

// Memory returns the linear memory, or nil when the module has none.
func (m *Module) Memory() *Memory { return m.memory }

// NumTags returns how many tags of exceptions there are.
func (m *Module) NumTags() int { return len(m.tags) }

// NumElems returns how many element segments there are.
func (m *Module) NumElems() int { return len(m.elems) }

// ElemType returns the type of the elements of a segment; i must be below
// NumElems.
func (m *Module) ElemType(i int) ValType { return m.elems[i] }

// DataCount returns what the data count section says, or -1 without one.
func (m *Module) DataCount() int { return m.dataCount }

// Declared reports whether something outside of bodies refers to a function, so
// that bodies may take references of it; i must be below NumFuncs.
func (m *Module) Declared(i int) bool { return m.isDeclared(i) }

// NumData returns how many data segments there are.
func (m *Module) NumData() int { return m.nData }
