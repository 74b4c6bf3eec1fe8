package wasmbin

// A Name is the name of a function, for people and debuggers.
type Name struct {
	Index int
	Name  string
}

// FuncNames returns the names of functions from the custom section "name", by
// ascending index, and nil when there are none. Engines ignore a malformed name
// section; here it is an error. A function that the module does not have, or
// has named already, makes it one.
//
// Source: WebAssembly core specification 2.0, appendix "Custom Sections".
func (m *Module) FuncNames() ([]Name, error) {
	for _, s := range m.sections {
		if s.ID == SecCustom && s.Name == "name" {
			r := &reader{data: m.data, off: int(s.Off), end: int(s.Off) + int(s.Len)}
			return m.funcNames(r)
		}
	}
	return nil, nil
}

func (m *Module) funcNames(r *reader) ([]Name, error) {
	const functions = 1 // subsection
	for r.left() > 0 {
		id := r.u8()
		size := r.u32("size of a name subsection")
		from := r.off
		if r.bytes(size, "name subsection"); r.err != nil {
			return nil, r.err
		}
		if id != functions {
			continue
		}
		sub := &reader{data: r.data, off: from, end: r.off}
		n := sub.count(2, MaxFuncs, "function names")
		text := string(m.data[from:r.off]) // one copy; every name is a part of it
		out := make([]Name, 0, n)
		for range n {
			at := sub.off
			i := sub.index(len(m.funcs), "function")
			if len(out) > 0 && i <= out[len(out)-1].Index {
				sub.failAt(at, "name of function %d after that of %d: not ascending", i, out[len(out)-1].Index)
			}
			b := sub.nameBytes("function name")
			if sub.err != nil {
				return nil, sub.err
			}
			end := sub.off - from
			out = append(out, Name{i, text[end-len(b) : end]})
		}
		return out, nil
	}
	return nil, nil
}

// A Producer is a tool that had a part in the module: Field is "language",
// "processed-by" or "sdk".
type Producer struct{ Field, Name, Version string }

// maxProducers bounds the tools that a module lists.
const maxProducers = 1000

// Producers returns the contents of the custom section "producers", nil without
// one. The error is an [*Error], or of a limit.
//
// Source: WebAssembly tool conventions, "Producers Section".
func (m *Module) Producers() ([]Producer, error) {
	for _, s := range m.sections {
		if s.ID != SecCustom || s.Name != "producers" {
			continue
		}
		r := &reader{data: m.data, off: int(s.Off), end: int(s.Off) + int(s.Len)}
		var out []Producer
		for range r.count(2, maxProducers, "producers fields") {
			field := r.name("field of producers")
			for range r.count(2, maxProducers, "producers") {
				out = append(out, Producer{field, r.name("name of a producer"), r.name("version of a producer")})
				if r.err == nil && len(out) > maxProducers {
					r.err = limit("producers", maxProducers+1, maxProducers)
				}
			}
			if r.err != nil {
				return nil, r.err
			}
		}
		return out, r.err
	}
	return nil, nil
}
