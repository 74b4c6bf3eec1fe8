package core

import (
	"bytes"
	"fmt"
	"math"

	"moho/arch"
	"moho/objfile"
)

// maxHeader is how much of the executable's beginning is looked at for notes.
const maxHeader = 64 << 10

// maxCompare bounds how much is compared with an executable. Other bytes
// than those of a build differ everywhere, not in one place.
const maxCompare = 4 << 20

// AddImage lets reads fall through to the read-only segments of an executable,
// loaded at bias, where the core has nothing. What the core has wins: a
// debugger or the program itself may have changed it. Writable segments are
// not used, because the program has changed those.
//
// The process refers to f, which must stay open. AddImage must not be called
// while others read.
func (p *Process) AddImage(f *objfile.File, bias uint64) {
	if p.image != nil {
		p.threads = p.image.Threads(p, f)
	}
	for _, s := range f.Segments() {
		if s.Write || s.FileSize == 0 {
			continue
		}
		at := Addr(uint64(s.Addr) + bias)
		if s.FileSize > math.MaxInt || at+Addr(s.FileSize) < at {
			p.gap("executable", f.Name(), "the segment at %#x has %#x bytes", uint64(s.Addr), s.FileSize)
			continue
		}
		data, err := f.Slice(s.Addr, int(s.FileSize))
		if err != nil {
			p.gap("executable", f.Name(), "the segment at %#x: %v", uint64(s.Addr), err)
			continue
		}
		p.mem = newMemory(fill(p.mem.pieces, at, data))
	}
}

// fill returns pieces with data at addr wherever they have none.
func fill(pieces []piece, addr Addr, data []byte) []piece {
	out := make([]piece, 0, len(pieces)+2)
	end := addr + Addr(len(data))
	next := addr // first byte of data that no piece has been asked for
	cut := func(from, to Addr) piece {
		return piece{addr: from, end: to, data: data[from-addr : to-addr : to-addr]}
	}
	for _, q := range pieces {
		if q.end <= addr || q.addr >= end {
			if q.addr >= end && next < end {
				out = append(out, cut(next, end))
				next = end
			}
			out = append(out, q)
			continue
		}
		if next < q.addr { // between pieces: a core without empty segments
			out = append(out, cut(next, q.addr))
		}
		have := q.addr + Addr(len(q.data))
		from, to := max(have, addr), min(q.end, end)
		if from >= to {
			out = append(out, q)
		} else {
			if from > q.addr { // what it has, and what is still absent
				out = append(out, piece{addr: q.addr, end: from, data: q.data})
			}
			out = append(out, cut(from, to))
			if to < q.end {
				out = append(out, piece{addr: to, end: q.end})
			}
		}
		next = max(next, min(q.end, end))
	}
	if next < end {
		out = append(out, cut(next, end))
	}
	return out
}

// Bias returns what must be added to a link-time address of the main executable
// f to get the address in the process, modulo 2^64. how says where that comes
// from: "AT_ENTRY" of the auxiliary vector, "ELF header" in memory, or "fixed"
// for an executable that can only be where it was linked.
//
// The error is a [*MismatchError] when f cannot be what was running.
func (p *Process) Bias(f *objfile.File) (bias uint64, how string, err error) {
	if p.image != nil {
		return 0, "fixed", nil
	}
	fixed := f.ELFType() == "EXEC"
	if entry, ok := p.auxv[atEntry]; ok && f.Entry() != 0 {
		bias, how = entry-uint64(f.Entry()), "AT_ENTRY"
	} else if _, base := p.executableHeader(); base != 0 && len(f.Segments()) > 0 {
		first := f.Segments()[0]
		bias, how = uint64(base)-(uint64(first.Addr)-uint64(first.Off)), "ELF header"
	} else if fixed {
		return 0, "fixed", nil
	} else {
		return 0, "", fmt.Errorf("core: %s: where the executable was loaded is unknown: the core has neither AT_ENTRY nor its ELF header", p.name)
	}
	switch {
	case fixed && bias != 0:
		return 0, "", p.mismatch(f, fmt.Sprintf("it can be loaded at its link address only, and its entry point was %#x away from there", bias))
	case bias%minPage != 0:
		return 0, "", p.mismatch(f, "its entry point is elsewhere in the page")
	}
	return bias, how, nil
}

// MatchesImage checks that f is the main executable of the process. how says
// what was compared: "buildid" (both have one, and all they have in common are
// equal), "contents" (no Build ID, but the program headers in memory and a page
// or more of other read-only memory are those of f), "headers" (only the program
// headers could be compared, and those of a sister build may be the same) or
// "unchecked" (the core holds nothing to compare with). Contents are compared
// also where Build IDs agree, since those survive patching.
//
// The error is a [*MismatchError]; then how is "".
func (p *Process) MatchesImage(f *objfile.File) (how string, err error) {
	if a := f.Arch(); a == nil || a.Name != p.arch.Name {
		return "", p.mismatch(f, fmt.Sprintf("the core is of %s, the executable of %s", p.arch.Name, f.Machine()))
	}
	if p.image != nil {
		return p.image.Match(p, f)
	}
	if t := f.ELFType(); t != "EXEC" && t != "DYN" {
		return "", p.mismatch(f, "it is no executable")
	}
	how = "unchecked"
	id, _ := p.ExecutableBuildID()
	other := f.BuildID()
	if id.Go != "" && other.Go != "" || id.GNU != "" && other.GNU != "" {
		if !id.Matches(other) {
			return "", p.mismatch(f, "the build IDs differ")
		}
		how = "buildid"
	}
	page, _ := p.executableHeader()
	if page != nil && !sameHeaders(page, f) {
		return "", p.mismatch(f, "the program headers in memory are not those of the file")
	}
	bias, _, err := p.Bias(f)
	if err != nil {
		return "", err
	}
	n, at, same := p.sameBytes(f, bias)
	if !same {
		return "", p.mismatch(f, fmt.Sprintf("the bytes at %#x in memory are not those of the file", uint64(at)))
	}
	switch {
	case how == "buildid":
	case n >= minPage:
		how = "contents"
	case page != nil:
		how = "headers"
	}
	return how, nil
}

func (p *Process) mismatch(f *objfile.File, what string) error {
	id, _ := p.ExecutableBuildID()
	return &MismatchError{Name: f.Name(), Core: id, Image: f.BuildID(), What: what}
}

// sameBytes compares what the core itself holds of read-only segments with f. It
// returns how many bytes were equal, or where the first difference is.
//
// The first page is skipped: it is headers, and strip changes those. What of
// them must not change, sameHeaders has compared. Breakpoints that a debugger
// has put into memory are no difference.
func (p *Process) sameBytes(f *objfile.File, bias uint64) (n uint64, at Addr, same bool) {
	breaks := 0
	for _, s := range f.Segments() {
		if s.Write {
			continue
		}
		skip := uint64(0)
		if s.Off == 0 {
			skip = minPage
		}
		for off := skip; off < s.FileSize && n < maxCompare; {
			addr := Addr(uint64(s.Addr) + off + bias)
			mine := p.own.run(addr)
			if mine == nil { // look again where the next piece of the core begins
				next := p.own.next(addr)
				if next <= addr || uint64(next-addr) >= s.FileSize-off {
					break
				}
				off += uint64(next - addr)
				continue
			}
			k := min(uint64(len(mine)), s.FileSize-off, maxCompare-n)
			theirs, err := f.Slice(s.Addr+objfile.Addr(off), int(k))
			if err != nil {
				return n, addr, false
			}
			for i := 0; ; {
				d := difference(mine[i:k], theirs[i:])
				if d < 0 {
					break
				}
				i += d
				w := p.breakpoint(mine[:k], i, addr)
				if w == 0 || breaks >= maxBreakpoints {
					return n, addr + Addr(i), false
				}
				breaks++
				i += w
			}
			n, off = n+k, off+k
		}
	}
	return n, 0, true
}

// maxBreakpoints is how many breakpoints may stand in the code of a process.
const maxBreakpoints = 1024

// difference returns the index of the first byte that differs, or -1.
func difference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	i := 0
	for a[i] == b[i] {
		i++
	}
	return i
}

// breakpoint returns how long the breakpoint instruction is that b[i], at
// addr+i, belongs to, counted from i; 0 if there is none.
func (p *Process) breakpoint(b []byte, i int, addr Addr) int {
	if p.arch != arch.ARM64 {
		if b[i] == 0xcc && p.arch == arch.AMD64 { // INT3
			return 1
		}
		return 0
	}
	at := i - int((addr+Addr(i))%4)
	if at < 0 || len(b)-at < 4 || b[at+3] != 0xd4 || b[at+2]&0xe0 != 0x20 || b[at]&0x1f != 0 { // BRK
		return 0
	}
	return at + 4 - i
}
