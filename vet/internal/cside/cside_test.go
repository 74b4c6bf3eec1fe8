package cside

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// describe is what is known of a function, in one line.
func describe(f *Func) string {
	if f == nil {
		return "nothing"
	}
	var words []string
	for i, p := range f.Params {
		add := func(on bool, s string) {
			if on {
				words = append(words, fmt.Sprintf("%d:%s", i, s))
			}
		}
		add(p.Keeps, "keeps")
		for _, j := range p.KeepsIn {
			add(true, fmt.Sprintf("keeps-in-%d", j))
		}
		add(p.Releases, "frees")
		add(p.MayFree && !p.Releases, "may-free")
		add(p.Writes, "writes")
		add(p.NUL, "nul")
		add(p.Unseen, "unseen")
	}
	if f.Result.Owned {
		words = append(words, "owned")
	}
	if f.Result.Static {
		words = append(words, "static")
	}
	for _, i := range f.Result.Into {
		words = append(words, fmt.Sprintf("into-%d", i))
	}
	return strings.Join(words, " ")
}

const globals = `
static const char *kept; static void *slots[8]; static int n;
struct node { const void *p; struct node *next; };
static struct node *head; static struct { void *user; } cfg; static uintptr_t addr;
extern void other(const void *); typedef void (*cb_t)(void *);
`

func TestBodies(t *testing.T) {
	tests := []struct{ name, source, want string }{
		{"global", `static void f(const char *s) { kept = s; }`, "0:keeps"},
		{"declared later", `void f(const char *s); void f(const char *s) { kept = s + 1; }`, "0:keeps"},
		{"array", `void f(void *p) { slots[n++] = p; }`, "0:keeps"},
		{"struct", `void f(void *p) { cfg.user = p; }`, "0:keeps"},
		{"as a number", `void f(void *p) { addr = (uintptr_t)p; }`, "0:keeps"},
		{"through a local", `void f(char *p) { char *q = p; if (n) q = q + 1; kept = q; }`, "0:keeps"},
		{"static local", `void f(char *p) { static char *mine; mine = p; }`, "0:keeps"},
		{"list", `void f(void *p) { struct node *x = malloc(sizeof *x); x->p = p; x->next = head; head = x; }`, "0:keeps"},
		{"freed list", `void f(void *p) { struct node *x = malloc(sizeof *x); x->p = p; free(x); }`, ""},
		{"object that is lost", `void f(void *p) { struct node *x = malloc(8); x->p = p; work(x); }`, ""},
		{"maybe freed object", `static void g(void *x) { if (n) other(x); else free(x); } int f(void *p) { struct node *x = malloc(8); x->p = p; g(x); return 0; }`, ""},
		{"returned object", `struct node *f(void *p) { struct node *x = malloc(8); x->p = p; return x; }`, "0:keeps owned"},
		{"callee", `static void g(const char *s) { kept = s; } void f(const char *s) { g(s); }`, "0:keeps"},
		{"callee of callee", `static void h(const char *s) { kept = s; } static void g(const char *s) { h(s + 1); } void f(int k, const char *s) { if (k) g(s); }`, "1:keeps"},
		{"callee below", `static void g(const char *s); void f(const char *s) { g(s); } static void g(const char *s) { kept = s; }`, "0:keeps"},
		{"in a parameter", `void f(struct node *x, void *p) { x->p = p; }`, "0:writes 1:keeps-in-0"},
		{"through a callee", `static void g(struct node *x, void *p) { x->p = p; } void f(void *p) { g(head, p); }`, "0:keeps"},
		{"macro", "#define SAVE(x) (kept = (x))\nvoid f(char *p) { SAVE(p); }", "0:keeps"},
		{"copied pointer", `void f(char *p) { memcpy(&kept, &p, sizeof p); }`, "0:keeps"},
		{"atomic", `void f(char *p) { atomic_store(&kept, p); }`, "0:keeps"},
		{"struct by value", `void f(void *p) { struct node x; x.p = p; cfg2 = x; }`, "0:keeps"},
		{"conditional", `void f(char *p) { kept = n ? p : 0; }`, "0:keeps"},
		{"one way", `int f(char *p) { if (!p) return -1; kept = p; return 0; }`, "0:keeps"},
		{"thread", `void f(void *p) { pthread_t t; pthread_create(&t, 0, run, p); }`, "0:keeps"},

		{"with what frees it", `void f(int h, const char *s) { other_text(h, s, -1, &free); }`, "0:unseen 1:keeps 1:unseen"},
		{"with what frees it, cast", `void f(char *s) { strchr_like(s, (cb_t)free); }`, "0:keeps 0:unseen"},

		{"taken back", `void f(char *p) { kept = p; other(0); kept = NULL; }`, ""},
		{"a copy", `void f(const char *s) { kept = strdup(s); }`, "0:nul"},
		{"overwritten", `void f(char *p) { p = strdup(p); kept = p; }`, "0:nul"},
		{"its first byte", `void f(const char *s) { n = s[0]; }`, ""},
		{"what it points to", `void f(struct node *x) { slots[0] = x->p; }`, ""},
		{"copied bytes", `static char buf[64]; void f(const char *s, int k) { memcpy(buf, s, k); }`, ""},
		{"local", `int f(const char *s) { const char *q = s; struct node x; x.p = s; return q[1]; }`, ""},
		{"local hides global", `int f(const char *s) { const char *kept = s; return kept[0]; }`, ""},
		{"unknown callee", `void f(const char *s) { other(s); }`, "0:unseen"},
		{"callback", `void f(cb_t cb, void *p) { cb(p); }`, "1:unseen"},
		{"block for a callee", `int f(struct node *x, void *p) { x->p = p; return other2(x); }`, "0:writes 0:unseen"},
		{"switched off", "#if 0\nvoid f(char *p) { kept = p; }\n#else\nvoid f(char *p) { n = *p; }\n#endif", ""},

		{"free", `void f(char *p) { free(p); }`, "0:frees"},
		{"free if not null", `void f(char *p) { if (p) { n--; free(p); } }`, "0:frees"},
		{"free unless null", `void f(char *p) { if (p == NULL) return; free(p); }`, "0:frees"},
		{"free on one way", `int f(char *p) { if (n > 3) { free(p); return 1; } return 0; }`, "0:may-free"},
		{"free in callee", `static void g(void *q) { free(q); } void f(struct node *x) { g((void *)x); }`, "0:frees"},
		{"free a member", `void f(struct node *x) { free(x->next); }`, ""},
		{"realloc", `void *f(void *p) { return realloc(p, 10); }`, "0:frees owned"},

		{"strlen", `int f(const char *s) { return strlen(s); }`, "0:nul"},
		{"strlen, converted", `int f(const char *s) { return (int)strlen(s); }`, "0:nul"},
		{"own loop", `int f(const char *s) { int k = 0; while (*s++) k++; return k; }`, "0:nul"},
		{"index loop", `int f(const char *s) { int k; for (k = 0; s[k] != '\0'; k++); return k; }`, "0:nul"},
		{"copy loop", `void f(char *d, const char *s) { while ((*d++ = *s++)); }`, "0:writes 1:nul"},
		{"bounded loop", `int f(const char *s, int m) { int k = 0; while (k < m && s[k]) k++; return k; }`, ""},
		{"printed", `void f(const char *s) { printf("%d %s\n", 1, s); }`, "0:nul"},
		{"printed with a length", `void f(const char *s, int k) { printf("%.*s\n", k, s); }`, ""},
		{"nul in callee", `static int g(const char *s) { return strcmp(s, "a"); } int f(const char *s) { return g(s); }`, "0:nul"},

		{"writes", `void f(char *p) { p[0] = 1; }`, "0:writes"},
		{"reads", `int f(const int *p) { return *p; }`, ""},
		{"into", `char *f(char *s) { return s + 1; }`, "into-0"},
		{"strchr", `char *f(char *s) { return strchr(s, 'a'); }`, "0:nul into-0"},
		{"allocates", `char *f(void) { char *p = malloc(8); return p; }`, "owned"},
		{"wraps", `static char *g(void) { return malloc(8); } char *f(void) { return g(); }`, "owned"},
		{"static", `const char *f(void) { return "abc"; }`, "static"},
		{"not a pointer", `int f(char *s) { return (int)(s != 0); }`, ""},
		{"old compiler", "__attribute__((visibility(\"default\"))) int __cdecl f(const char * restrict s) __attribute__((nonnull(1))) { kept = s; return 0; }", "0:keeps"},
		{"C++ guard", "#ifdef __cplusplus\nextern \"C\" {\n#endif\nvoid f(char *p) { kept = p; }\n#ifdef __cplusplus\n}\n#endif", "0:keeps"},
		{"returns a function", `void (*f(char *s))(int) { kept = s; return 0; }`, "0:keeps"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := New([]Source{{File: "p.go", Text: globals + tt.source, Line: 1}}, nil, nil)
			if got := describe(u.Func("f")); got != tt.want {
				t.Errorf("%s\ngot  %q\nwant %q", tt.source, got, tt.want)
			}
		})
	}
}

func TestTypes(t *testing.T) {
	const source = `typedef unsigned char byte; typedef const char *str; typedef struct ctx *handle;
	int f(const char *a, char **b, byte *c, str d, handle e, unsigned long g, void (*h)(int), char i[16], const void *const j, size_t);`
	u := New([]Source{{Text: source}}, nil, nil)
	var got []string
	for _, p := range u.Func("f").Params {
		got = append(got, fmt.Sprintf("%s %s %d const=%v func=%v", p.Name, p.Type.Base, p.Type.Ptr, p.Type.Const, p.Type.Func))
	}
	want := []string{
		"a char 1 const=true func=false", "b char 2 const=false func=false", "c char 1 const=false func=false",
		"d char 1 const=true func=false", "e struct ctx 1 const=false func=false", "g long 0 const=false func=false",
		"h function 0 const=false func=true", "i char 1 const=false func=false", "j void 1 const=true func=false",
		" size_t 0 const=false func=false",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("parameters (-want +got):\n%s", d)
	}
}

func FuzzNew(f *testing.F) {
	f.Add(globals + `static void f(const char *s) { kept = s; for (;;) { if (s) break; else continue; } }`)
	f.Add("#define A(x) x A(x)\n#if defined(B) && !C\nint f(int a) { return A(a); }\n#endif")
	f.Add("int f(char *p) { return ((int (*)(char *))p)(p), (char){1}, p ? *p : p[1]->x.y++; }")
	f.Add("typedef struct { int a : 3; } t; enum { X = 1, Y }; int (*g(void))(int); extern \"C\" { int h(); }")
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 1<<14 {
			return
		}
		u := New([]Source{{File: "p", Text: source, Line: 1}}, nil, nil)
		for name, fn := range u.funcs {
			if fn == nil || fn.Name != name {
				t.Errorf("function %q is %v", name, fn)
				continue
			}
			for _, p := range fn.Params {
				for _, j := range p.KeepsIn {
					if j < 0 || j >= len(fn.Params) {
						t.Errorf("%s keeps a parameter in parameter %d of %d", name, j, len(fn.Params))
					}
				}
			}
		}
	})
}

// TestVariables: which C variables a function looks behind, and which it sets.
func TestVariables(t *testing.T) {
	tests := []struct{ name, source, want string }{
		{"first byte", `int f(void) { return kept[0]; }`, "[kept] []"},
		{"string", `int f(void) { return kept ? strlen(kept) : 0; }`, "[kept] []"},
		{"compared", `int f(void) { return kept != NULL; }`, "[] []"},
		{"returned", `const char *f(void) { return kept; }`, "[] []"},
		{"element", `int f(void) { return *(char *)slots[2]; }`, "[slots] []"},
		{"element only", `void *f(void) { return slots[2]; }`, "[] []"},
		{"member", `int f(void) { return *(int *)cfg.user; }`, "[cfg] []"},
		{"through a local", `int f(void) { const char *s = kept; return *s; }`, "[kept] []"},
		{"callee", `static int g(void) { return *kept; } int f(void) { return g(); }`, "[kept] []"},
		{"freed", `void f(void) { free((void *)kept); kept = NULL; }`, "[] [kept]"},
		{"set", `void f(const char *s) { kept = s; }`, "[] [kept]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := New([]Source{{File: "p.go", Text: globals + tt.source, Line: 1}}, nil, nil)
			f := u.Func("f")
			if got := fmt.Sprint(f.Reads, f.Sets); got != tt.want {
				t.Errorf("reads and sets %s, want %s", got, tt.want)
			}
		})
	}
}
