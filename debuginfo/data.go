package debuginfo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"moho/objfile"
)

// ErrNone is wrapped by the error of Open when a file holds no DWARF.
var ErrNone = errors.New("no DWARF")

// Limits. Programs of half a million functions stay below.
const (
	MaxName     = 64 << 10  // bytes in a name that is read
	maxUnits    = 256 << 10 // units of one file
	maxFuncs    = 1 << 20   // functions of one file, their parts counted
	maxSpecs    = 4 << 20   // attributes in all tables of abbreviations together
	maxAbbrevs  = 64 << 10  // entries of one table of abbreviations
	maxOrigins  = 8         // how often an entry may refer to another for its name
	maxHops     = 32        // how many types one type may be made of, one inside the other
	maxTypeWork = 16 << 10  // entries looked at to answer one question about a type
	maxScopes   = 256       // blocks and inlined calls one inside the other
	maxEntries  = 64 << 10  // variables, blocks and inlined calls of one function
	maxParts    = 256       // ranges of one function
	maxRanges   = 4 << 10   // ranges of one block or inlined call
	maxInside   = 256 << 10 // ranges of all blocks and inlined calls of one function
	maxLocs     = 16 << 10  // places that one variable is at, one after the other
	maxPieces   = 64        // pieces of one variable at one place
	maxOps      = 256       // operations of one location expression
	maxStack    = 64        // values that an expression has at hand
	maxCIE      = 4 << 10   // bytes of what the frames of several functions have in common
	maxStates   = 64        // states that call frame instructions have at hand
	maxRows     = 1 << 20   // rows of one frame
	maxTypeName = 4 << 10   // bytes of a type's name that is put together
)

// Data is the DWARF of one file. Its methods may be called concurrently; the
// file must stay open.
type Data struct {
	file     *objfile.File
	zeroCode bool // address 0 may hold code

	info, abbrev, str, lineStr, strOffsets, addr section
	ranges, rnglists, loc, loclists, frame       section

	units func() ([]unit, error)
	index func() ([]Func, error)

	mu     sync.Mutex
	tables map[tableKey]*table
	parsed uint64 // bytes of .debug_abbrev that were read
	specs  int
	broken error // the first error about abbreviations
}

// A section is read when it is first asked for. What is not there is empty.
type section struct {
	name string
	get  func() ([]byte, error)
}

// Open finds the DWARF sections of f and reads none of them. The error wraps
// ErrNone when there are none, and objfile.ErrFormat when f is of a kind whose
// DWARF is not read.
func Open(f *objfile.File) (*Data, error) {
	switch f.Format() {
	case "elf", "macho", "pe", "wasm":
	default:
		return nil, fmt.Errorf("dwarf: format %s is not read: %w", f.Format(), objfile.ErrFormat)
	}
	secs := map[string]objfile.Section{}
	for _, s := range f.Sections() {
		if name, ok := plainName(s.Name); ok {
			if _, twice := secs[name]; !twice {
				secs[name] = s
			}
		}
	}
	if s, ok := secs["info"]; !ok || s.Size == 0 {
		return nil, fmt.Errorf("%s: no section .debug_info: %w", f.Format(), ErrNone)
	}
	a := f.Arch()
	if a == nil || a.Order != binary.ByteOrder(binary.LittleEndian) {
		return nil, fmt.Errorf("dwarf: machine %s is not one whose DWARF is read: %w", f.Machine(), objfile.ErrFormat)
	}
	d := &Data{file: f, tables: map[tableKey]*table{}, zeroCode: f.Format() == "wasm"}
	for name, to := range map[string]*section{
		"info": &d.info, "abbrev": &d.abbrev, "str": &d.str, "line_str": &d.lineStr, "str_offsets": &d.strOffsets,
		"addr": &d.addr, "ranges": &d.ranges, "rnglists": &d.rnglists, "loc": &d.loc, "loclists": &d.loclists,
		"frame": &d.frame,
	} {
		s, ok := secs[key(name)]
		*to = section{".debug_" + name, sync.OnceValues(func() ([]byte, error) {
			if !ok {
				return nil, nil
			}
			return f.SectionBytes(s)
		})}
	}
	d.units = sync.OnceValues(d.readUnits)
	d.index = sync.OnceValues(d.readIndex)
	return d, nil
}

// plainName returns the part of a DWARF section's name that says what is in it:
// "info" for .debug_info, .zdebug_info, __debug_info and __zdebug_info.
func plainName(name string) (string, bool) {
	for _, prefix := range []string{".debug_", ".zdebug_", "__debug_", "__zdebug_"} {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			return key(name[len(prefix):]), true
		}
	}
	return "", false
}

// key shortens the name of a section to what Mach-O leaves of it: 16 bytes, of
// which __zdebug_ takes nine.
func key(name string) string { return name[:min(len(name), 7)] }
