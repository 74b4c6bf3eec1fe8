package source_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moho/evidence"
	"moho/vet/source"
)

const plain = `package p

import "unsafe"

func f(p unsafe.Pointer, n int) byte {
	if n > 3 { return *(*byte)(unsafe.Pointer(uintptr(p)+1)) }
	for i := range n {
		g(p, n,
			i)
	}
	return 0
}
`

const laidOut = `package p

import "unsafe"

// f has a comment.



func f(p unsafe.Pointer, n int) byte {
	if n > 3 {
		return *(*byte)(unsafe.Pointer(uintptr(p) + 1)) // one more
	}
	for i := range n {
		g(
			p,
			n, i,
		)
	}
	return 0
}
`

// at is the position of the first byte of a word.
func at(t *testing.T, text, word string) (line, col int) {
	t.Helper()
	off := strings.Index(text, word)
	if off < 0 {
		t.Fatalf("no %q", word)
	}
	return source.NewText("p.go", []byte(text)).Position(off)
}

// TestCode holds statements to one form, whatever their layout.
func TestCode(t *testing.T) {
	for _, tt := range []struct{ word, want string }{
		{"uintptr(", "return * ( * byte ) ( unsafe . Pointer ( uintptr ( p ) + 1 ) )"},
		{"n > 3", "if n > 3"},
		{"range n", "for i := range n"},
		{"func f", "func f ( p unsafe . Pointer , n int ) byte"},
		{"g(", "g ( p , n , i )"},
		{`"unsafe"`, `"unsafe"`},
	} {
		for _, text := range []string{plain, laidOut} {
			line, col := at(t, text, tt.word)
			if got := source.NewText("p.go", []byte(text)).Code(line, col); got != tt.want {
				t.Errorf("%s at %d:%d: %q, want %q", tt.word, line, col, got, tt.want)
			}
		}
	}
	asm := source.NewText("f_amd64.s", []byte("TEXT ·f(SB), 4, $0\n\tMOVQ  AX,\tBX // why\n"))
	if got := asm.Code(2, 2); got != "MOVQ AX, BX" {
		t.Errorf("assembly: %q", got)
	}
	broken := source.NewText("p.go", []byte("func {{{\n\tx  =y\n"))
	if got := broken.Code(2, 2); got != "x = y" {
		t.Errorf("a file without syntax: %q", got)
	}
}

// TestFingerprints moves and lays out code anew, and doubles it.
func TestFingerprints(t *testing.T) {
	dir := t.TempDir()
	finding := func(file, text, word string, nth int) evidence.Finding {
		off := 0
		for range nth {
			off += strings.Index(text[off:], word) + 1
		}
		line, col := source.NewText(file, []byte(text)).Position(off - 1)
		return evidence.Finding{
			Rule: "r", Pos: evidence.Position{File: file, Line: line, Col: col},
			Place: evidence.Place{Package: "main", Symbol: "init.1", Module: "example.org/m", File: file},
		}
	}
	tree := &source.Tree{Files: map[source.Key]source.File{}}
	for name, text := range map[string]string{"cmd/a.go": plain, "cmd/b.go": laidOut, "other/a.go": plain} {
		path := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		tree.Files[source.Key{Module: "example.org/m", File: name}] = source.File{Path: path, Digest: sha256.Sum256([]byte(text))}
	}
	print := func(fs ...evidence.Finding) []string {
		var list []*evidence.Finding
		for i := range fs {
			list = append(list, &fs[i])
		}
		source.Fingerprints(list, tree)
		var out []string
		for _, f := range fs {
			out = append(out, f.Fingerprint)
		}
		return out
	}
	a, b := finding("cmd/a.go", plain, "uintptr(", 1), finding("cmd/b.go", laidOut, "uintptr(", 1)
	one := print(a)[0]
	if got := print(b)[0]; got != one {
		t.Errorf("moved, laid out and renamed: %s, was %s", got, one)
	}
	if two := print(a, a); two[0] != one || two[1] == one {
		t.Errorf("doubled: %s", two)
	}
	c := b
	c.Place.Symbol = "init.7"
	if got := print(c)[0]; got != one {
		t.Errorf("with other init functions before it: %s, was %s", got, one)
	}
	for what, f := range map[string]evidence.Finding{
		"another statement": finding("cmd/a.go", plain, "g(", 1),
		"another command":   finding("other/a.go", plain, "uintptr(", 1),
	} {
		if got := print(f)[0]; got == one {
			t.Errorf("%s has the same fingerprint", what)
		}
	}
}

// TestChanged gives no text for a file that is not what was analysed.
func TestChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.go")
	if err := os.WriteFile(path, []byte("package p\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	key := source.Key{Module: "m", File: "p.go"}
	tree := &source.Tree{Files: map[source.Key]source.File{key: {Path: path, Digest: sha256.Sum256([]byte("package q\n"))}}}
	if text := tree.Text("m", "p.go"); text != nil {
		t.Error("the text of a file that was changed")
	}
	tree = &source.Tree{Files: tree.Files, Overlay: map[string][]byte{path: []byte("package q\n")}}
	if text := tree.Text("m", "p.go"); text == nil || text.Line(1) != "package q" {
		t.Error("no text from the overlay")
	}
}

func TestColumns(t *testing.T) {
	text := source.NewText("p.go", []byte("x := \"ä€😀\" // é\r\n\xff\xfe!\n"))
	for _, tt := range []struct{ line, col, want int }{
		{1, 1, 1}, {1, 7, 7}, {1, 9, 8}, {1, 12, 9}, {1, 16, 11}, {1, 99, 17}, {2, 3, 3}, {9, 5, 1},
	} {
		if got := text.UTF16(tt.line, tt.col); got != tt.want {
			t.Errorf("column %d of line %d is %d, want %d", tt.col, tt.line, got, tt.want)
		}
	}
	if got := text.Column(1, 11); got != 16 {
		t.Errorf("UTF-16 column 11 is byte column %d, want 16", got)
	}
}

// FuzzText asserts that positions and offsets are each other's inverse, and
// that code never outgrows the text by more than its blanks.
func FuzzText(f *testing.F) {
	f.Add([]byte(plain), 40)
	f.Add([]byte("package p\nfunc f() { x := 1\r\n; _ = x }"), 20)
	f.Add([]byte("\xff\n\n"), 2)
	f.Fuzz(func(t *testing.T, b []byte, off int) {
		text := source.NewText("p.go", b)
		line, col := text.Position(off)
		got, ok := text.Offset(line, col)
		if want := min(max(off, 0), len(b)); !ok || got != want {
			t.Fatalf("offset %d is %d:%d, which is offset %d, %v", off, line, col, got, ok)
		}
		if code := text.Code(line, col); len(code) > 4*len(b)+16 { // a bad byte becomes U+FFFD and a blank
			t.Errorf("%d bytes of code in %d of text", len(code), len(b))
		}
		u := text.UTF16(line, col)
		if s := text.Line(line); u < 1 || u > len(s)+1 {
			t.Errorf("column %d of %q is %d", col, s, u)
		}
		if back := text.Column(line, u); back > len(text.Line(line))+1 || text.UTF16(line, back) != u {
			t.Errorf("column %d of %q is %d in UTF-16 and %d back", col, text.Line(line), u, back)
		}
	})
}
