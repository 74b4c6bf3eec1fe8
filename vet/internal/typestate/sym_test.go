package typestate

import (
	"go/token"
	"testing"
)

// TestRoots: what conversions, fields and views lead back to.
func TestRoots(t *testing.T) {
	tab := newTable()
	num := func(s string) sym { return tab.of(node{kind: literal, text: s}) }
	p := tab.of(node{kind: input, n: 0})
	n := tab.of(node{kind: input, n: 1})
	tests := []struct {
		name      string
		s         sym
		is, isNot bool
	}{
		{"itself", p, true, false},
		{"first field", tab.of(node{kind: field, a: p}), true, false},
		{"second field", tab.of(node{kind: field, a: p, n: 1}), false, true},
		{"first element", tab.of(node{kind: index, a: p, b: num("0")}), true, false},
		{"later element", tab.of(node{kind: index, a: p, b: num("8")}), false, true},
		{"some element", tab.of(node{kind: index, a: p, b: n}), false, false},
		{"view", tab.of(node{kind: view, a: p}), true, false},
		{"there and back", tab.of(node{kind: index, a: tab.of(node{kind: index, a: p, b: num("8")}), b: num("-8")}), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tab.root(tt.s) != p {
				t.Errorf("root = %d, want %d", tab.root(tt.s), p)
			}
			if is, isNot := tab.whole(tt.s); is != tt.is || isNot != tt.isNot {
				t.Errorf("whole = %v, %v, want %v, %v", is, isNot, tt.is, tt.isNot)
			}
			if !tab.under(tt.s, p) || tab.under(p, n) {
				t.Error("not under its root, or under another's")
			}
		})
	}
}

// TestConditions: conditions that say the same are one symbol.
func TestConditions(t *testing.T) {
	tab := newTable()
	x, y := tab.of(node{kind: input, n: 0}), tab.of(node{kind: input, n: 1})
	two := tab.of(node{kind: literal, text: "2"})
	local := tab.of(node{kind: variable, n: 1})
	same := []struct {
		name string
		a, b sym
	}{
		{"equality is symmetric", tab.binary(token.EQL, x, y), tab.binary(token.EQL, y, x)},
		{"inequality negates", tab.binary(token.NEQ, x, y), tab.not(tab.binary(token.EQL, y, x))},
		{"greater is less", tab.binary(token.GTR, x, two), tab.binary(token.LSS, two, x)},
		{"at least", tab.binary(token.GEQ, x, two), tab.not(tab.binary(token.LSS, x, two))},
		{"at most", tab.binary(token.LEQ, x, two), tab.not(tab.binary(token.LSS, two, x))},
		{"twice negated", tab.not(tab.not(x)), x},
		{"same operands", tab.binary(token.EQL, x, x), tab.boolean(true)},
		{"a variable is not nil", tab.binary(token.EQL, local, tab.null()), tab.boolean(false)},
		{"sum", tab.binary(token.ADD, two, two), tab.of(node{kind: literal, text: "4"})},
		{"comparison of constants", tab.binary(token.LSS, tab.null(), two), tab.binary(token.LSS, tab.null(), two)},
	}
	for _, tt := range same {
		if tt.a != tt.b {
			t.Errorf("%s: %v and %v", tt.name, tab.node(tt.a), tab.node(tt.b))
		}
	}
	if tab.binary(token.LSS, x, y) == tab.binary(token.LSS, y, x) {
		t.Error("x < y is y < x")
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"(_Cfunc_CString)(s)":         "C.CString(s)",
		"_Cfunc_CString(s)":           "C.CString(s)",
		"(_Cfunc__CMalloc)(8)":        "C.malloc(8)",
		"f(a).g(b)":                   "f(a).g(b)",
		"(*T)(p)":                     "(*T)(p)",
		"_Ctype_size_t(n)":            "C.size_t(n)",
		"(_C2func_open)(name, flags)": "C.open(name, flags)",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestVariable(t *testing.T) {
	for in, want := range map[string]string{
		"kept": "kept", "cfg.user": "cfg", "slots[n++]": "slots", "head->p": "", "*where": "", "store() kept": "kept", "a() b() cfg.x": "cfg",
	} {
		if got := cVariable(in); got != want {
			t.Errorf("cVariable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestGuess(t *testing.T) {
	for name, want := range map[string]cParam{
		"git_tree_free":      {frees: "custom", certain: true},
		"sqlite3_finalize":   {frees: "custom", certain: true},
		"foo_unref":          {frees: "custom"},
		"SDL_DestroyWindow":  {unknown: true},
		"snd_pcm_close":      {frees: "custom"},
		"foo_set_name":       {unknown: true},
		"pthread_mutex_init": {unknown: true},
	} {
		if got := guess(name, nil).param(0); got != want {
			t.Errorf("guess(%q) = %+v, want %+v", name, got, want)
		}
	}
}
