package xcheck

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"

	"moho/gotab"
)

// The explanations. They are shown, once for each group.
const (
	whyETextMark = "the linker's mark at the end of the text"
	whyTextMark  = "the linker's mark at the beginning of the text"
	whyFIPSMark  = "the linker's mark around code that FIPS 140 covers: no function, so that the pclntab gives it no bytes and DWARF leaves it out"
	whyABI0      = "the symbol table tells the ABI0 form of a function from its ABIInternal twin by a suffix; the pclntab has no ABI"
	whyDot       = "the symbol table writes . where the compiler numbers types that are local to a function with ·"
	whyTypeArgs  = "Go before 1.21 left type arguments out of the pclntab"
	whyBuildID   = "the Go Build ID, which lies at the beginning of the text where files have no notes"
	whyFrameless = "it does not move SP: the unwinder of Windows needs no entry for it"
	whyOwnSP     = "assembly that is declared to have no frame and moves SP itself: it gets no entry"
	whyWASMName  = "the name section writes _ for all but letters, digits and dots"
	whyHostC     = "C code that Go's own linker put among Go's: the pclntab knows its address only"
	whyHostDWARF = "C code that Go's own linker put among Go's, which leaves its DWARF out"
	whyHostSect  = "a section of a C object"
	whyLocal     = "the name by which a plugin or shared library calls its own function, past other modules' of that name"
	whyMangled   = "plugins and shared libraries have a hash in place of the name of a type"
	whyAddModule = "the linker's code that tells the runtime of a plugin's or shared library's tables: it comes late, without tables of its own or DWARF"
	whyForeign   = "outside Go's text: from the C compiler, its libraries or the linker"
)

// cName matches what C and its relatives call a function, with what compilers
// add for parts of one. Go's names begin with a package path and a dot. One like
// main.cold matches too, but has bytes in the pclntab and lies in Go's text, which
// the rules that use this ask as well.
var cName = regexp.MustCompile(`^[-+]\[[^]]+\]$|^[A-Za-z_$?@][A-Za-z0-9_$?@]*(\.(cold|part|isra|constprop|localalias|lto_priv|llvm|[0-9]+))*$`)

// buildID reports whether an entry of the pclntab is the Build ID.
//
// Source: $GOROOT/src/cmd/link/internal/ld/data.go (textbuildid), go1.26.
func (c *comparison) buildID(o entry) bool {
	if o.size != 0 || o.addr != c.text {
		return false
	}
	name := string(c.pcln.appendName(nil, o))
	return name == "go:buildid" || name == "go.buildid" // before Go 1.20
}

// host reports whether an entry of the pclntab is C code that was linked by Go's
// own linker: it has a name as C has them and no table of stack offsets.
func (c *comparison) host(o entry) bool {
	return o.size == 0 && cName.Match(c.pcln.appendName(nil, o))
}

// fips reports whether an entry of the pclntab is one of two marks.
//
// Source: $GOROOT/src/cmd/link/internal/ld/fips140.go, go1.26.
func (c *comparison) fips(o entry) bool {
	if o.size != 0 {
		return false
	}
	switch string(c.pcln.appendName(nil, o)) {
	case "go:textfipsstart", "go:textfipsend":
		return true
	}
	return false
}

// addsModule reports whether an entry of the pclntab is of the code that tells the
// runtime of the tables of another module.
//
// Source: $GOROOT/src/cmd/link/internal/ld/ld.go (PrepareAddmoduledata), go1.26.
func (c *comparison) addsModule(o entry) bool {
	switch string(c.pcln.appendName(nil, o)) {
	case "runtime.addmoduledata", "go:link.addmoduledata", "go.link.addmoduledata": // the last before Go 1.20
		return true
	}
	return false
}

func (c *comparison) whySize(l *list, o, t entry) string {
	switch {
	case o.size == 0 && c.addsModule(o) && t.addr+t.size <= c.next(o):
		return whyAddModule
	case c.fips(o) && t.size <= 1:
		return whyFIPSMark
	case c.host(o) && t.addr+t.size <= c.next(o):
		return whyHostC
	}
	return ""
}

// whyNoUnwind explains a function of which the unwind table of a PE file has
// nothing.
//
// Source: $GOROOT/src/cmd/internal/obj/x86/seh.go, go1.26.
func (c *comparison) whyNoUnwind(o entry) string {
	f, err := c.t.Func(o.ref)
	if err != nil {
		return ""
	}
	sp, err := f.MaxSPDelta()
	switch {
	case err != nil:
	case sp == 0:
		return whyFrameless
	case f.Flags()&gotab.Asm != 0:
		return whyOwnSP
	}
	return ""
}

// wasmName is what Go's linker leaves of a name in the name section.
//
// Source: $GOROOT/src/cmd/link/internal/wasm/asm.go (nameRegexp), go1.26.
func wasmName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.':
			return r
		}
		return '_'
	}, name)
}

// whyName explains a name of the pclntab, ours, beside another.
func (c *comparison) whyName(l *list, ours, theirs string) string {
	switch {
	case l.source == Symtab && c.f.Format() == "wasm":
		before, after, short := strings.Cut(ours, "[...]")
		switch {
		case theirs == wasmName(ours):
			return whyWASMName
		case short && strings.HasPrefix(theirs, wasmName(before)+"_") && strings.HasSuffix(theirs, "_"+wasmName(after)):
			return whyTypeArgs
		}
		return ""
	case theirs == ours+".abi0":
		return whyABI0
	case theirs == strings.ReplaceAll(ours, "·", "."):
		return whyDot
	case strings.Contains(ours, "[...]") && gotab.PrintName(theirs) == ours:
		return whyTypeArgs
	case mangled(ours, theirs):
		return whyMangled
	}
	return ""
}

// hashed matches a name of a type's function as dynamic linking has it.
var hashed = regexp.MustCompile(`^type:\.[A-Za-z0-9+/]{8}$`)

// mangled reports whether theirs is ours with the hash of the type in its place.
// What the hash is of can't be known where ours leaves type arguments out.
//
// Source: $GOROOT/src/cmd/link/internal/ld/lib.go (typeSymbolMangle), go1.26 and
// go1.20, which had every bit of the sum inverted.
func mangled(ours, theirs string) bool {
	if !strings.HasPrefix(ours, "type:.") || !hashed.MatchString(theirs) {
		return false
	}
	if strings.Contains(ours, "[...]") {
		return true
	}
	sum := sha256.Sum256([]byte(ours[len("type:"):]))
	sum[0] ^= 0xff
	now := base64.StdEncoding.EncodeToString(sum[:6])
	for i := range sum[1:] {
		sum[i+1] ^= 0xff
	}
	return theirs[len("type:."):] == now || theirs[len("type:."):] == base64.StdEncoding.EncodeToString(sum[:6])
}

func (c *comparison) whyMissing(l *list, o entry) string {
	switch {
	case l.source != DWARF && l.source != PData: // symbol tables have all
		return ""
	case c.fips(o):
		return whyFIPSMark
	case c.buildID(o):
		return whyBuildID
	case l.source == PData:
		return c.whyNoUnwind(o)
	case c.addsModule(o):
		return whyAddModule
	case l.source == DWARF && c.host(o):
		return whyHostDWARF
	}
	return ""
}

func (c *comparison) whyExtra(l *list, name string, t entry) string {
	switch {
	case l.foreign != nil && !l.foreign(t): // Go's, and not in Go's own table
	case name == "runtime.etext" && t.addr == c.end:
		return whyETextMark
	case (t.addr < c.text || t.addr >= c.end) && (l.unnamed || cName.MatchString(name)):
		return whyForeign
	}
	return ""
}

// whyAlias explains a second entry for a function.
//
// Source: $GOROOT/src/cmd/link/internal/ld/symtab.go (putelfsym), go1.26: local.NAME.
func (c *comparison) whyAlias(l *list, name string, o, t entry) string {
	if global, ok := strings.CutPrefix(name, "local."); ok && t.size == o.size {
		ours := string(c.pcln.appendName(nil, o))
		if ours == global || c.whyName(l, ours, global) != "" {
			return whyLocal
		}
	}
	switch {
	case name == "runtime.text" && t.addr == c.text:
		return whyTextMark
	case strings.Contains(name, "(.text") && strings.HasSuffix(name, ")") && c.host(o):
		return whyHostSect
	}
	return ""
}
