package where

import (
	"fmt"
	"path"

	"moho/core"
	"moho/gostate/heap"
)

// Short says in a few words what a points to, "" if it does not look like a
// pointer: it is where the process has no memory.
func (m *Map) Short(a core.Addr) string {
	const page = 4096
	if a < page || a > 1<<48 {
		return ""
	}
	if _, ok := m.region(a); !ok {
		if _, err := m.p.Slice(a, 1); err != nil {
			return ""
		}
	}
	pl := m.Find(a)
	return pl.Short()
}

// Short says in a few words what there is, "" if there is nothing.
func (p *Place) Short() string {
	switch p.Kind {
	case Text:
		return p.code()
	case Data, BSS, ROData:
		switch {
		case p.Is != "" && (p.Symbol == "" || p.Kind == ROData):
			return p.Is
		case p.Symbol != "":
			return p.Symbol + plus(p.SymbolOff)
		}
		return string(p.Kind)
	case Heap:
		return p.object()
	case Stack:
		return p.ofStack()
	case File:
		return fmt.Sprintf("%s+%#x", path.Base(p.File), p.FileOff)
	case FreeHeap, VDSO, Anonymous:
		return string(p.Kind)
	}
	return ""
}

func (p *Place) code() string {
	n := len(p.Calls)
	if n == 0 {
		if p.Symbol != "" {
			return p.Symbol + plus(p.SymbolOff)
		}
		return "text"
	}
	if p.FuncOff == 0 {
		return p.Calls[n-1].Func
	}
	return fmt.Sprintf("%s+%#x (%s:%d)", p.Calls[n-1].Func, p.FuncOff, path.Base(p.Calls[0].File), p.Calls[0].Line)
}

func (p *Place) object() string {
	o := p.Object
	switch {
	case o == nil:
		return "tail of a span"
	case o.State == heap.Free:
		return fmt.Sprintf("free slot of %d bytes", o.Size) + plus(uint64(p.Addr-o.Base))
	case p.Type.Name != "":
		return p.Type.Name + plus(uint64(p.Addr-o.Data()))
	}
	dead := ""
	if o.State == heap.Condemned {
		dead = "dead "
	}
	return fmt.Sprintf("%sobject of %d bytes", dead, o.Size) + plus(uint64(p.Addr-o.Base))
}

func (p *Place) ofStack() string {
	switch {
	case p.Owner == nil && p.FreeStack:
		return "free stack"
	case p.Owner == nil:
		return "a stack"
	case p.Owner.GoID == 0:
		return fmt.Sprintf("%s stack of thread %d", p.Owner.What, p.Owner.TID)
	case p.Frame != nil:
		return fmt.Sprintf("stack of goroutine %d, %s%s", p.Owner.GoID, p.Frame.Func, plus(uint64(p.Addr-p.Frame.SP)))
	}
	return fmt.Sprintf("stack of goroutine %d", p.Owner.GoID)
}

func plus(off uint64) string {
	if off == 0 {
		return ""
	}
	return fmt.Sprintf("+%#x", off)
}
