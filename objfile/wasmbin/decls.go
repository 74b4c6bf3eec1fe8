package wasmbin

// Kind is what an import or export is.
type Kind uint8

const (
	KindFunc Kind = iota
	KindTable
	KindMemory
	KindGlobal
	KindTag
)

var kindNames = [...]string{"func", "table", "memory", "global", "tag"}

// String returns the kind as the text format writes it.
func (k Kind) String() string { return kindNames[k] }

// Limits are the size that a table or memory has and may grow to.
type Limits struct {
	Min, Max uint32
	HasMax   bool
}

// A Table holds references.
type Table struct {
	Type ValType
	Limits
}

// A Memory is a linear memory; its limits count pages.
type Memory struct {
	Limits
	Shared   bool
	Imported bool
}

// PageSize is how many bytes a page of linear memory has.
const PageSize = 64 << 10

// maxPages is how many pages 32-bit addresses reach.
const maxPages = 65536

// A Global is a global variable. Init is what it starts with.
type Global struct {
	Type    ValType
	Mutable bool
	Init    Value
}

// An Import is one import. Index is its place among what there is of its kind;
// for a function, TypeIndex is its type.
type Import struct {
	Module, Name string
	Kind         Kind
	Index        int
	TypeIndex    int
}

// An Export is one export.
type Export struct {
	Name  string
	Kind  Kind
	Index int
}

// readImport reads one import with its names as they stand in the module. What
// it imports is added to the module when add is set.
func (m *Module) readImport(r *reader, add bool) (module, name []byte, kind Kind, typ int) {
	module, name = r.nameBytes("import module"), r.nameBytes("import name")
	at := r.off
	k := r.u8()
	if r.err == nil && k > uint8(KindTag) {
		r.failAt(at, "malformed import kind %d", k)
	}
	if r.err != nil {
		return nil, nil, 0, 0
	}
	kind = Kind(k)
	var f Func
	var t Table
	var mem Memory
	var g Global
	switch kind {
	case KindFunc:
		f.Type = uint32(r.index(len(m.types), "type"))
		typ = int(f.Type)
	case KindTable:
		t = m.tableType(r)
	case KindMemory:
		mem = m.memoryType(r)
		mem.Imported = true
	case KindGlobal:
		g = m.globalType(r)
	case KindTag:
		typ = m.tagType(r)
	}
	if r.err != nil || !add {
		return module, name, kind, typ
	}
	m.imported[kind]++
	switch kind {
	case KindFunc:
		m.funcs = append(m.funcs, f)
	case KindTable:
		m.tables = append(m.tables, t)
	case KindMemory:
		m.addMemory(r, at, mem)
	case KindGlobal:
		m.globals = append(m.globals, g)
	case KindTag:
		m.tags = append(m.tags, uint32(typ))
	}
	return module, name, kind, typ
}

func (m *Module) readImports(r *reader) {
	for range r.count(4, MaxImports, "imports") {
		if m.readImport(r, true); r.err != nil {
			return
		}
	}
}

// Imports calls yield for each import in order.
func (m *Module) Imports(yield func(Import) bool) {
	r := m.find(SecImport)
	var next [5]int
	for range r.count(4, 0, "imports") {
		module, name, kind, typ := m.readImport(r, false)
		if !yield(Import{string(module), string(name), kind, next[kind], typ}) {
			return
		}
		next[kind]++
	}
}

// readFuncs reads the types of the functions whose bodies follow later.
func (m *Module) readFuncs(r *reader) {
	at := r.off
	n := r.count(1, MaxFuncs, "functions")
	if total := uint64(n) + uint64(len(m.funcs)); total > MaxFuncs && r.err == nil {
		r.err = limit("functions", uint32(total), MaxFuncs)
	}
	if r.err != nil {
		return
	}
	if uint64(n) > uint64(len(m.data)-at)/4 { // each has a body of at least three bytes
		r.failAt(at, "number of functions is %d, more than the module has room for", n)
		return
	}
	m.funcs = append(make([]Func, 0, len(m.funcs)+int(n)), m.funcs...)
	for range n {
		m.funcs = append(m.funcs, Func{Type: uint32(r.index(len(m.types), "type"))})
		if r.err != nil {
			return
		}
	}
}

func (m *Module) limits(r *reader, shared bool, what string) (l Limits, isShared bool) {
	at := r.off
	flags := r.u8()
	switch {
	case flags <= 1, flags == 3 && shared:
	case flags == 2 && shared:
		r.failAt(at, "shared memory must have a maximum")
	case flags >= 4 && flags <= 7:
		r.failAt(at, "limits flags of a %s are %#x: 64-bit addresses are not read", what, flags)
	default:
		r.failAt(at, "malformed limits flags %#x of a %s", flags, what)
	}
	l.Min = r.u32("minimum of a " + what)
	if flags&1 != 0 {
		l.HasMax, l.Max = true, r.u32("maximum of a "+what)
		if l.Min > l.Max {
			r.failAt(at, "size minimum %d of a %s must not be greater than maximum %d", l.Min, what, l.Max)
		}
	}
	return l, flags&2 != 0
}

func (m *Module) tableType(r *reader) Table {
	t := Table{Type: r.refType(len(m.types))}
	t.Limits, _ = m.limits(r, false, "table")
	return t
}

func (m *Module) readTables(r *reader) {
	n := r.count(3, MaxTables, "tables")
	for range n {
		var t Table
		at := r.off
		if r.left() > 1 && r.data[r.off] == 0x40 && r.data[r.off+1] == 0 { // with an initial value
			r.off += 2
			t = m.tableType(r)
			m.constExpr(r, t.Type)
		} else if t = m.tableType(r); !t.Type.Null {
			r.failAt(at, "type mismatch: table of %s needs an initial value", t.Type)
		}
		if r.err != nil {
			return
		}
		m.tables = append(m.tables, t)
	}
}

func (m *Module) memoryType(r *reader) Memory {
	at := r.off
	var mem Memory
	mem.Limits, mem.Shared = m.limits(r, true, "memory")
	if mem.Min > maxPages || mem.Max > maxPages {
		r.failAt(at, "memory size must be at most %d pages (4GiB)", maxPages)
	}
	return mem
}

func (m *Module) addMemory(r *reader, at int, mem Memory) {
	if m.memory != nil {
		r.failAt(at, "multiple memories are not read")
		return
	}
	m.memory = &mem
}

func (m *Module) readMemories(r *reader) {
	for range r.count(2, 0, "memories") {
		at := r.off
		if mem := m.memoryType(r); r.err == nil {
			m.addMemory(r, at, mem)
		}
		if r.err != nil {
			return
		}
	}
}

func (m *Module) tagType(r *reader) int {
	at := r.off
	if b := r.u8(); b != 0 {
		r.failAt(at, "malformed tag attribute %d", b)
	}
	typ := r.index(len(m.types), "type")
	if r.err == nil && m.types[typ].results != 0 {
		r.failAt(at, "non-empty tag result type")
	}
	return typ
}

func (m *Module) readTags(r *reader) {
	for range r.count(2, MaxTags, "tags") {
		typ := m.tagType(r)
		if r.err != nil {
			return
		}
		m.tags = append(m.tags, uint32(typ))
	}
}

func (m *Module) globalType(r *reader) Global {
	g := Global{Type: r.valType(len(m.types))}
	at := r.off
	mut := r.u8()
	if mut > 1 {
		r.failAt(at, "malformed mutability %d", mut)
	}
	g.Mutable = mut == 1
	g.Init.Type = g.Type
	return g
}

func (m *Module) readGlobals(r *reader) {
	n := r.count(4, MaxGlobals, "globals")
	m.globals = append(make([]Global, 0, len(m.globals)+int(n)), m.globals...)
	for range n {
		g := m.globalType(r)
		if r.err == nil {
			g.Init = m.constExpr(r, g.Type)
		}
		if r.err != nil {
			return
		}
		m.globals = append(m.globals, g)
	}
}
