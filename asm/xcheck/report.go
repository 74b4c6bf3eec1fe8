package xcheck

import "moho/objfile"

// A Source is a place that lists functions.
type Source string

const (
	PCLNTab Source = "pclntab"
	Symtab  Source = "symtab" // on wasm, the name section
	DWARF   Source = "dwarf"
	PData   Source = "pdata" // .pdata of PE files

	// Other programs' opinions of the same file, asked with Options.External.
	Readelf Source = "readelf"
	Objdump Source = "objdump"
	GoNM    Source = "go nm"
)

// Kinds of differences between a source and the pclntab.
const (
	Extra   = "extra"   // a function where the pclntab has none
	Missing = "missing" // no function where the pclntab has one
	Size    = "size"    // another length
	Name    = "name"    // another name
	Alias   = "alias"   // one more entry at the address of a function
	Frame   = "frame"   // another distance of SP from its value at the entry
)

// A Count says how many functions a source lists. Asked is false for a source
// that this file does not have or that could not be asked; Why says why. Broken
// is true for one that is there and can't be read, Why being the error; what was
// found before the error is in the report.
type Count struct {
	Source Source
	Asked  bool
	Broken bool
	Count  int
	Why    string
}

// A Difference is one address about which a source and the pclntab disagree.
// Name is the pclntab's if it has one there. Why is the explanation of one that
// is explained, and says what the two sides are of one that is not.
type Difference struct {
	Source    Source
	Kind      string
	Addr      objfile.Addr
	Name      string
	Explained bool
	Why       string
}

// A Group counts differences of one source and kind that are explained alike, or
// are not explained. First is the first of them.
type Group struct {
	Source    Source
	Kind      string
	Explained bool
	Why       string
	Count     int
	First     string
}

// A Report is the result of a comparison.
type Report struct {
	// Sources are in the order pclntab, symtab, dwarf, pdata, then other
	// programs if they were to be asked.
	Sources []Count

	// Compared is how many sources were held against the pclntab. It is 0 for a
	// stripped program: nothing is known then, and Agree is false although there
	// is no difference.
	Compared int

	// Agree is true if something was compared, every difference is explained
	// and no source is broken.
	Agree bool

	// Differences are those that are not explained, then the explained ones;
	// each part by source and address, and at most MaxListed of each group.
	Differences []Difference

	// Groups count all of them, in the same order.
	Groups []Group
}

// Failures returns how many differences are not explained.
func (r Report) Failures() int {
	n := 0
	for _, g := range r.Groups {
		if !g.Explained {
			n += g.Count
		}
	}
	return n
}

// Broken returns how many sources are there and can't be read.
func (r Report) Broken() int {
	n := 0
	for _, c := range r.Sources {
		if c.Broken {
			n++
		}
	}
	return n
}

// Count returns what a source counted, not ok if it was not asked.
func (r Report) Count(s Source) (n int, ok bool) {
	for _, c := range r.Sources {
		if c.Source == s {
			return c.Count, c.Asked
		}
	}
	return 0, false
}
