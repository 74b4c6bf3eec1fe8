package inspect

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"moho/objfile"
)

// A Leak is a path of some machine that a binary holds.
type Leak struct {
	Path string      // the one that was looked for
	Off  objfile.Off // of its first occurrence, or of the compressed section that holds it
	Text string      // what stands there, up to 120 bytes
}

// Paths looks for paths in the bytes of f and returns those that occur, in the
// order of paths. Paths shorter than four bytes say nothing and are not looked
// for. Compressed sections are looked into as well.
func Paths(f *objfile.File, paths []string) ([]Leak, error) {
	left := map[string]bool{}
	for _, p := range paths {
		if len(p) >= 4 {
			left[p] = true
		}
	}
	found := map[string]Leak{}
	look := func(b []byte, off func(i int) int64) {
		for p := range left {
			if i := bytes.Index(b, []byte(p)); i >= 0 {
				found[p] = Leak{Path: p, Off: objfile.Off(off(i)), Text: printable(b[i:])}
				delete(left, p)
			}
		}
	}
	err := scan(f, func(b []byte, base int64) {
		look(b, func(i int) int64 { return base + int64(i) })
	})
	if err != nil {
		return nil, err
	}
	for _, s := range f.Sections() {
		if len(left) == 0 || s.FileSize == 0 || s.FileSize >= s.Size {
			continue // nothing to find, or not compressed
		}
		b, err := f.SectionBytes(s)
		if err != nil {
			return nil, fmt.Errorf("%s: section %s: %w", f.Name(), s.Name, err)
		}
		look(b, func(int) int64 { return int64(s.Off) })
	}
	var out []Leak
	for _, p := range paths {
		if l, ok := found[p]; ok {
			out = append(out, l)
			delete(found, p)
		}
	}
	return out, nil
}

// scan hands out the file in windows that overlap by more than a path is long.
func scan(f *objfile.File, look func(b []byte, base int64)) error {
	const window, overlap = 1 << 20, 8 << 10
	buf := make([]byte, window)
	for off := int64(0); off < f.Size(); off += window - overlap {
		n, err := f.ReadAt(buf, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: at offset %d: %w", f.Name(), off, err)
		}
		look(buf[:n], off)
	}
	return nil
}

// printable returns the text at the start of b, cut where it ends.
func printable(b []byte) string {
	const most = 120
	end := bytes.IndexFunc(b[:min(len(b), most)], func(r rune) bool { return r < ' ' || r > '~' })
	if end < 0 {
		end = min(len(b), most)
	}
	return string(b[:end])
}
