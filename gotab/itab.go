package gotab

import (
	"encoding/binary"
	"iter"

	"moho/objfile"
)

// An Itab says that a concrete type has the methods of an interface type, and
// where they are.
type Itab struct {
	Addr        objfile.Addr
	Inter, Type objfile.Addr
	Funcs       []PC // in the order of the interface's methods; as Method.Iface
}

// Offsets in an itab, the same since Go 1.16.
//
// Source: ITab in $GOROOT/src/internal/abi/iface.go, go1.26; itab in
// $GOROOT/src/runtime/runtime2.go, go1.16.
const itabFun = 24

// Itabs returns the itabs that the compiler made, in the order in which the
// linker has them. The runtime makes more. An error, which wraps
// objfile.ErrFormat or ErrNoTypes, stands for one that can't be read, or for
// all; what comes with it has but an address.
//
// Source: itabsinit in $GOROOT/src/runtime/iface.go, go1.16 to go1.26, go1.27.
func (t *Table) Itabs() iter.Seq2[Itab, error] {
	return func(yield func(Itab, error) bool) {
		if r := t.types(); r.err != nil {
			yield(Itab{}, r.err)
			return
		}
		for a := range t.itabAddrs() {
			tab, err := t.itab(a)
			if err != nil {
				tab = Itab{Addr: a}
			}
			if !yield(tab, err) {
				return
			}
		}
	}
}

// itab decodes the itab at a.
func (t *Table) itab(a objfile.Addr) (Itab, error) {
	tab := Itab{Addr: a, Inter: t.pointer(a), Type: t.pointer(a + 8)}
	n, err := t.itabLen(tab.Inter)
	if err != nil {
		return Itab{}, err
	}
	if _, err := t.mem.Slice(a+itabFun, 8*n); err != nil {
		return Itab{}, typeErr(a, "itab of %d methods: %v", n, err)
	}
	for i := range n {
		tab.Funcs = append(tab.Funcs, PC(t.pointer(a+itabFun+objfile.Addr(8*i))))
	}
	return tab, nil
}

// itabLen returns how many methods the interface type at a has.
func (t *Table) itabLen(a objfile.Addr) (int, error) {
	r := t.types()
	y, err := t.shape(r, a)
	if err != nil {
		return 0, err
	}
	if y.Kind != KindInterface {
		return 0, typeErr(a, "%v in place of an interface", y.Kind)
	}
	_, b, err := t.slice(r, y, typSize+8, imethodSize)
	return len(b) / imethodSize, err
}

// itabAddrs returns where itabs are: the runtime has a list of pointers until
// Go 1.26, then they lie one after the other.
func (t *Table) itabAddrs() iter.Seq[objfile.Addr] {
	return func(yield func(objfile.Addr) bool) {
		m := t.mod
		if n := m.ItabLinks.Len; n > 0 && n <= maxItabs {
			if _, err := t.mem.Slice(m.ItabLinks.Addr, int(8*n)); err != nil {
				return
			}
			for i := range n {
				if !yield(t.pointer(m.ItabLinks.Addr + 8*objfile.Addr(i))) {
					return
				}
			}
		}
		r := t.types()
		for a, end := m.Itabs.Addr, m.Itabs.Addr+objfile.Addr(m.Itabs.Len); a < end; {
			b, ok := r.bytes(a, itabFun+8)
			if !ok || !yield(a) {
				return
			}
			n := 1
			if binary.LittleEndian.Uint64(b[itabFun:]) != 0 || t.pointer(a+itabFun) != 0 {
				k, err := t.itabLen(t.pointer(a))
				if err != nil {
					return
				}
				n = max(n, k)
			}
			a += itabFun + 8*objfile.Addr(n)
		}
	}
}

// maxItabs bounds the itabs of one program. Etcd has 1,834.
const maxItabs = 1 << 24
