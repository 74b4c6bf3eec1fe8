package fact

import "testing"

// TestConcerns: what makes a package worth looking at that only imports this one.
func TestConcerns(t *testing.T) {
	fn := func(set func(*Func)) *Package {
		f := &Func{}
		set(f)
		return &Package{Funcs: map[string]*Func{"F": f}}
	}
	tests := []struct {
		name string
		p    *Package
		want bool
	}{
		{"nothing known", nil, false},
		{"nothing said", &Package{}, false},
		{"frees", fn(func(f *Func) { f.SetParam(0).Frees = Free }), true},
		{"may free", fn(func(f *Func) { f.SetParam(1).MayFree = Munmap }), true},
		{"maps", fn(func(f *Func) { f.SetResult(0).Memory = Mapped }), true},
		{"has to be given back", fn(func(f *Func) { f.SetResult(0).Owned = Handle }), true},
		{"uses a number as an address", fn(func(f *Func) { f.SetParam(0).AsPointer = true }), true},
		{"string over bytes", fn(func(f *Func) { f.SetResult(0).Recast = true }), true},
		{"frees a field", fn(func(f *Func) { f.SetParam(0).Fields = []Effect{{MayFree: Free}} }), true},
		{"returns its argument", fn(func(f *Func) { f.SetResult(0).PointsTo = []int{0} }), false},
		{"keeps its argument", fn(func(f *Func) { f.SetParam(0).Retains = true }), false},
		{"only writes", fn(func(f *Func) { f.SetParam(0).Writes = true }), false},
		{"only keeps alive", fn(func(f *Func) { f.SetParam(0).KeepsLive = true }), false},
		{"finalizer", &Package{Types: map[string]*Type{"T": {Finalizer: true}}}, true},
	}
	for _, tt := range tests {
		if got := tt.p.Concerns(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
		if tt.p != nil {
			std := *tt.p
			std.Std = true
			if std.Concerns() {
				t.Errorf("%s, in the standard library: concerns", tt.name)
			}
		}
	}
}

// TestVisible: unexported functions are nobody else's business; methods of
// unexported types may be.
func TestVisible(t *testing.T) {
	f := &Func{Params: []Param{{Frees: Free}}}
	p := &Package{Funcs: map[string]*Func{"F": f, "f": f, "T.M": f, "T.m": f, "t.M": f}}
	v := p.Visible()
	if len(v.Funcs) != 3 || v.Funcs["F"] == nil || v.Funcs["T.M"] == nil || v.Funcs["t.M"] == nil || len(p.Funcs) != 5 {
		t.Errorf("visible: %v, of %d", v.Funcs, len(p.Funcs))
	}
	if (&Package{Funcs: map[string]*Func{"f": f}}).Visible() != nil {
		t.Error("something is visible")
	}
}
