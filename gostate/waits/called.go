package waits

import (
	"reflect"

	"moho/core"
	"moho/gostate/value"
	"moho/gostate/vars"
)

// A Caller finds out what objects are called where they are waited for. It is
// for one user at a time.
type Caller struct {
	a *Analysis
	r *vars.Reader
}

// Caller returns a new Caller.
func (a *Analysis) Caller() *Caller { return &Caller{a, vars.NewReader(a.w)} }

// maxCallers is how many functions of the first waiter are asked for the object.
const maxCallers = 3

// typeNames are the types of variables that are objects.
var typeNames = map[Kind]string{
	Mutex: "sync.Mutex", RWMutex: "sync.RWMutex", WaitGroup: "sync.WaitGroup", Cond: "sync.Cond", Once: "sync.Once",
}

// Name returns how a function that waits for the object gets at it, as "p.mu",
// and the function. Programs without DWARF have no names; then ok is false, as
// it is when the variables have been optimized away.
func (c *Caller) Name(object int) (path, in string, ok bool) {
	o := &c.a.objs[object]
	if o.addr == 0 || o.kind != Channel && typeNames[o.kind] == "" {
		return "", "", false
	}
	g, ok := c.a.w.GoroutineAt(core.Addr(c.a.gs[c.a.edges[o.first].g].addr))
	if !ok {
		return "", "", false
	}
	asked := 0
	for i := range g.Frames {
		f := &g.Frames[i]
		if waiting(f.Func) || f.System || f.Foreign {
			continue
		}
		if asked++; asked > maxCallers {
			break
		}
		list, err := c.r.Vars(g, i, value.Options{Depth: 2, Elements: 4, Nodes: 256, Text: 1})
		if err != nil {
			continue
		}
		for j := range list {
			if v := &list[j]; v.Why == "" {
				if path, ok := find(&v.Value, v.Name, o.kind, core.Addr(o.addr)); ok {
					return path, f.Func, true
				}
			}
		}
	}
	return "", "", false
}

// find looks for the object in a value that is reached by path.
func find(v *value.Value, path string, kind Kind, addr core.Addr) (string, bool) {
	switch {
	case kind == Channel && v.Kind == reflect.Chan:
		return path, v.Pointer == addr
	case v.Addr == addr && v.Type == typeNames[kind]:
		return path, true
	case v.Kind == reflect.Pointer && v.Pointer == addr && v.Type == "*"+typeNames[kind]:
		return path, true
	case v.Kind != reflect.Struct && v.Kind != reflect.Pointer:
		return "", false
	}
	for i := range v.Children {
		child := &v.Children[i]
		at := path
		if v.Kind == reflect.Struct {
			at += "." + child.Name
		}
		if p, ok := find(child, at, kind, addr); ok {
			return p, true
		}
	}
	return "", false
}
