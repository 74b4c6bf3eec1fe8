package evidence

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSymbol(t *testing.T) {
	for _, c := range []struct {
		name string
		want Symbol
	}{
		{"main.main", Symbol{Package: "main", Base: "main"}},
		{"example.org/a/b.F", Symbol{Package: "example.org/a/b", Base: "F"}},
		{"gopkg.in/yaml%2ev3.Unmarshal", Symbol{Package: "gopkg.in/yaml%2ev3", Base: "Unmarshal"}},
		{"main.(*T).M", Symbol{Package: "main", Base: "(*T).M"}},
		{"main.T.M", Symbol{Package: "main", Base: "T.M"}},
		{"main.(*T).M-fm", Symbol{Package: "main", Base: "(*T).M", MethodValue: true}},
		{"main.F.func1", Symbol{Package: "main", Base: "F", Closures: []string{"func1"}}},
		{"main.F.func1.2", Symbol{Package: "main", Base: "F", Closures: []string{"func1", "2"}}},
		{"main.(*T).M.func3.1.gowrap1", Symbol{Package: "main", Base: "(*T).M", Closures: []string{"func3", "1", "gowrap1"}}},
		{"main.F.deferwrap2", Symbol{Package: "main", Base: "F", Closures: []string{"deferwrap2"}}},
		{"main.F-range1", Symbol{Package: "main", Base: "F", Closures: []string{"range1"}}},
		{"main.F.func1-range2", Symbol{Package: "main", Base: "F", Closures: []string{"func1", "range2"}}},
		{"main.G[...]", Symbol{Package: "main", Base: "G"}},
		{"main.G[go.shape.struct { example.org/x.A [4]int }]", Symbol{Package: "main", Base: "G"}},
		{"main.(*List[go.shape.int]).Push", Symbol{Package: "main", Base: "(*List).Push"}},
		{"main.(*List[...]).Push.func1", Symbol{Package: "main", Base: "(*List).Push", Closures: []string{"func1"}}},
		{"main.init.0", Symbol{Package: "main", Base: "init.0"}},
		{"main.init.0.func1", Symbol{Package: "main", Base: "init.0", Closures: []string{"func1"}}},
		{"main.init.func1", Symbol{Package: "main", Base: "init", Closures: []string{"func1"}}},
		{"main.glob..func1", Symbol{Package: "main", Base: "init", Closures: []string{"func1"}}},
		{"main.caller.callee.func1", Symbol{Package: "main", Base: "caller.callee", Closures: []string{"func1"}}},
		{"_rt0_amd64_linux", Symbol{Base: "_rt0_amd64_linux"}},
		{"", Symbol{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, ParseSymbol(c.name)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func FuzzParseSymbol(f *testing.F) {
	for _, s := range []string{"main.(*T[...]).M-fm", "a/b.c.func1.2-range3", "[[", "]..-range"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		s := ParseSymbol(name)
		if n := len(s.Package) + len(s.Base); n > len(name)+len("init.") {
			t.Errorf("ParseSymbol(%q) = %+v: longer than the name", name, s)
		}
	})
}

func TestDictParam(t *testing.T) {
	for name, want := range map[string]int{
		"main.main":                             -1,
		"main.G[int]":                           -1,
		"main.G[go.shape.int,go.shape.[]uint8]": 0,
		"ex.org/a.b/c.G[go.shape.struct { x.A [4]int }]": 0,
		"main.(*List[go.shape.int]).Push":                1,
		"main.List[go.shape.int].Len":                    1,
		"main.(*T).M[go.shape.int]":                      1,
		"main.G[go.shape.int].func1":                     -1,
		"main.(*List[go.shape.int]).Push.func1.2":        -1,
		"main.G[go.shape.int]-range1":                    -1,
		"type:.eq.main.pair[go.shape.int]":               -1,
	} {
		if got, known := DictParam(name, false); got != want || !known {
			t.Errorf("%s: %d, %v, want %d", name, got, known, want)
		}
	}
	if _, known := DictParam("main.G[...]", false); known {
		t.Error("main.G[...]: known")
	}
	if got, _ := DictParam("main.(*List[go.shape.int_0]).Push", true); got != 0 {
		t.Errorf("of an old method: %d, want 0", got)
	}
}
