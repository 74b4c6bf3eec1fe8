package vet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moho/vet"
)

// chapters is the guide's order: by what people do, not by name. A rule that
// does not exist yet may have its place already.
var chapters = []struct {
	title, text string
	rules       []string
}{
	{"Addresses and arithmetic", `A uintptr is a number. It keeps nothing alive, and nothing
corrects it when a stack moves. Everything in this chapter comes from holding an
address as a number for longer than one expression, or from computing one that
belongs to no object.`, []string{"uintptr-roundtrip", "uintptr-escapes-frame", "add-past-object", "pun-uintptr-load", "int-as-pointer"}},
	{"Views of memory", `A slice, an array or a struct laid over memory says how much there is. Nobody
checks that it is so: indexing beyond what was really allocated reads and writes what
happens to lie behind it.`, []string{"view-overrun", "header-literal", "header-overgrow", "cast-grow"}},
	{"Strings", `A string never changes, and its bytes may lie in memory that can't be
written. A view that shares bytes with a buffer takes both promises over.`, []string{"string-mutate", "string-view-reuse", "no-nul"}},
	{"Layouts", `The same declaration is laid out in another way on another architecture, and some
layouts of the runtime are nobody's to know.`, []string{"cast-arch", "cast-align", "atomic-align", "private-layout"}},
	{"System calls", `The kernel takes addresses as numbers. The compiler keeps the object alive for a
call in one case only: the conversion stands in the argument list.`, []string{"syscall-split", "wrapper-uintptr", "munmap-use"}},
	{"Lifetimes and finalizers", `An object is dead after its last use that the compiler sees, which may be
before the last use that you see.`, []string{"keepalive", "noescape-lie"}},
	{"C memory", `Memory from C is yours to free: once, not before its last use, and with the
function that belongs to it.`, []string{"c-uaf", "c-double-free", "c-leak", "free-go-memory"}},
	{"Pointers between Go and C", `C may have a Go pointer for the length of a call, if what it points to holds no
unpinned Go pointers. The check at run time sees typed pointers only.`, []string{"c-retains-go", "c-go-ptr-in-arg", "go-ptr-as-cint", "export-returns-go-ptr", "handle-typestate", "ptr-in-noscan"}},
	{"Assembly", `Assembly keeps conventions that nothing enforces: where arguments lie, who
restores which register, who has checked that there is stack.`, []string{"asm-args", "asm-clobber", "asm-frame", "asm-nosplit", "asm-sp"}},
	{"Comments that silence", `A finding that is wrong is silenced with a reason, where it stands.`, []string{"ignore-directive"}},
}

// TestRulePagesGuide compares docs/UNSAFE.md with what the rules say of themselves, and
// wants each rule in one chapter.
func TestRulePagesGuide(t *testing.T) {
	rules := map[string]vet.Rule{}
	for _, r := range vet.Rules() {
		rules[r.Name] = r
	}
	seen := map[string]bool{}
	for _, c := range chapters {
		for _, name := range c.rules {
			if seen[name] {
				t.Errorf("%s stands in two chapters", name)
			}
			seen[name] = true
		}
	}
	for name := range rules {
		if !seen[name] {
			t.Errorf("docs/UNSAFE.md has no chapter for %s: add it to chapters", name)
		}
	}
	path := filepath.Join("..", "docs", "UNSAFE.md")
	want := guide(rules)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("docs/UNSAFE.md is not what the rules say (err %v); run go test ./vet -run TestRulePages -update", err)
	}
}

const guideHead = `<!-- Generated from the rules' doc.go by go test ./vet -run TestRulePages -update. -->

# Unsafe Go, by what you do

Package unsafe has six rules, cgo has its own, and neither compiler nor ` + "`go vet`" + `
checks most of them. This guide goes through what people do with raw memory, says
for each what breaks it, and shows the code that does and the code that does not.
The same texts are in ` + "`moho help rule NAME`" + `, in SARIF files, in editors and on the
pages of [docs/rules](rules/README.md); there stand the exact conditions.

` + "`moho vet ./...`" + ` finds what is described here; ` + "`moho vet --prove`" + ` runs your tests
and shows that harm follows. Programs under [examples/unsafe](../examples/unsafe) can be
run to see it: ` + "`bad`" + ` breaks, ` + "`good`" + ` is its safe twin.

`

const guideTable = `Each rule finds its defect in the source, in the program of the examples by itself; the
program shows what harm follows. Where it says "harm", nothing but the program itself notices:
no crash, no check of the runtime. The stock checks are ` + "`-d=checkptr=2` and `-asan`" + `,
with which the program was built and run (-asan has checkptr on, which may stop it first);
"none" means that neither has a word for it. The last column is what sees the harm of the whole class, and with what help.

| rule | severity | program | says | stock checks | seen at run time by |
|---|---|---|---|---|---|
`

// shown reads from the head of a rule's program how to see the harm, what it says
// then, and which stock checks report it.
func shown(name string) (how, says, stock string) {
	text, err := os.ReadFile(filepath.Join(pairs, name, "bad", "main.go"))
	if err != nil {
		return "", "", ""
	}
	how = fmt.Sprintf("[`%s`](../examples/unsafe/%s)", after(string(text), "// Shown by: "), name)
	says = "`" + strings.TrimSuffix(after(string(text), "// It says: "), ":") + "`"
	switch stock = after(string(text), seenBy); {
	case strings.Contains(how, "GOARCH=386"):
		stock = "not run on 386"
	case stock == "":
		stock = "none"
	}
	return how, says, stock
}

func guide(rules map[string]vet.Rule) string {
	var b strings.Builder
	b.WriteString(guideHead)
	for _, c := range chapters {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", c.title, c.text)
		for _, name := range c.rules {
			if r, ok := rules[name]; ok {
				section(&b, r)
			}
		}
	}
	b.WriteString("## What sees what\n\n" + guideTable)
	for _, c := range chapters {
		for _, name := range c.rules {
			r, ok := rules[name]
			if !ok {
				continue
			}
			how, says, stock := shown(name)
			fmt.Fprintf(&b, "| [%s](rules/%s.md) | %s | %s | %s | %s | %s |\n", name, name, r.Severity, how, says, stock, strings.ReplaceAll(r.Oracle, "|", `\|`))
		}
	}
	return b.String()
}

// section is a rule in short: what, an example and its twin, what to do.
func section(b *strings.Builder, r vet.Rule) {
	_, doc, _ := strings.Cut(r.Doc, "\n")
	first, _, _ := strings.Cut(strings.TrimSpace(doc), "\n\n")
	fmt.Fprintf(b, "### %s: %s\n\n%s\n\n```go\n%s\n```\n\nBetter:\n\n```go\n%s\n```\n\nFix: %s. [All about it](rules/%s.md)%s.\n\n",
		r.Name, r.Title, prose.Replace(first), r.Bad, r.Good, r.Fix, r.Name, also(r.Name))
}

var prose = strings.NewReplacer("*", `\*`, "[", `\[`, "_", `\_`, "<", `\<`)

func also(name string) string {
	if p := program(name); p != "" {
		return "; " + p
	}
	return ""
}

// program links to the runnable pair, where there is one.
func program(name string) string {
	if _, err := os.Stat(filepath.Join("..", "examples", "unsafe", name)); err != nil {
		return ""
	}
	return fmt.Sprintf("[run it](../examples/unsafe/%s)", name)
}
