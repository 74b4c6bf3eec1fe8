package core

import (
	"cmp"
	"fmt"
	"slices"

	"moho/arch"
	"moho/evidence"
	"moho/objfile"
)

// Parts are what a process is made of when it does not come from an ELF core:
// a snapshot of a living one, the memory of a WASM instance.
//
// Memory need not be in order but must not overlap; its bytes are referred to,
// not copied. Regions may say more than Memory holds: what they have and Memory
// has not is absent. Where Regions is nil, it is what Memory covers.
type Parts struct {
	Name    string // what the process was opened under
	Kind    string // as [Process.Kind] says it
	Arch    *arch.Arch
	Memory  []Bytes
	Regions []Region
	Maps    []Mapping
	Threads []Thread
	Auxv    map[uint64]uint64
	PID     int
	Command string
	SigInfo []byte // siginfo_t of what ended it, or nil
	Gaps    []evidence.Gap
	Close   func() error // releases what Memory refers to; may be nil

	BuildID evidence.BuildID // of the executable, where Memory has no ELF header to say it

	Image Image // for processes whose executables are not ELF files; otherwise nil
}

// An Image is how a process gets on with executables that are not ELF files. They
// are where they were linked to be.
type Image interface {
	// Match is [Process.MatchesImage] for an executable of the same architecture.
	Match(p *Process, f *objfile.File) (how string, err error)

	// Threads returns the threads with what only the executable tells of them.
	// It is called by [Process.AddImage].
	Threads(p *Process, f *objfile.File) []Thread
}

// Bytes are memory of a process from Addr on.
type Bytes struct {
	Addr Addr
	Data []byte
}

// Assemble makes a process of its parts. The error wraps [ErrFormat] when they
// contradict each other; Close has not been called then.
func Assemble(parts Parts) (*Process, error) {
	p := &Process{
		name: parts.Name, kind: parts.Kind, unmap: parts.Close, arch: parts.Arch,
		maps: slices.Clone(parts.Maps), threads: parts.Threads, auxv: parts.Auxv,
		pid: parts.PID, psargs: parts.Command, siginfo: parts.SigInfo, gaps: slices.Clone(parts.Gaps),
		id: parts.BuildID, image: parts.Image,
	}
	if p.arch == nil {
		return nil, &FormatError{Name: parts.Name, Off: -1, What: "its architecture is not known"}
	}
	if p.auxv == nil {
		p.auxv = map[uint64]uint64{}
	}
	slices.SortStableFunc(p.maps, func(a, b Mapping) int { return cmp.Compare(a.Start, b.Start) })
	have := slices.Clone(parts.Memory)
	slices.SortFunc(have, func(a, b Bytes) int { return cmp.Compare(a.Addr, b.Addr) })
	for i, b := range have {
		if end := b.Addr + Addr(len(b.Data)); end < b.Addr || i+1 < len(have) && end > have[i+1].Addr {
			return nil, &FormatError{Name: parts.Name, Off: -1, What: fmt.Sprintf("memory at %#x, %d bytes, overlaps what follows", uint64(b.Addr), len(b.Data))}
		}
	}
	p.regions = slices.Clone(parts.Regions)
	slices.SortFunc(p.regions, func(a, b Region) int { return cmp.Compare(a.Addr, b.Addr) })
	p.own = newMemory(cover(p.regions, have))
	p.mem = p.own
	if p.regions == nil {
		for _, b := range have {
			n := uint64(len(b.Data))
			p.regions = append(p.regions, Region{Addr: b.Addr, Size: n, FileSize: n, Read: true, Write: true})
		}
	}
	p.nameRegions()
	return p, nil
}

// cover returns the bytes as pieces, and between them, where regions say that
// there is memory, pieces that hold none. Both lists are in order.
func cover(regions []Region, have []Bytes) []piece {
	var out []piece
	var end Addr // of the last piece
	absent := func(from, to Addr) {
		if from = max(from, end); from < to {
			out = append(out, piece{addr: from, end: to})
			end = to
		}
	}
	next := 0
	take := func(upTo Addr) { // pieces that begin before upTo
		for ; next < len(have) && have[next].Addr < upTo; next++ {
			b := have[next]
			if len(b.Data) == 0 {
				continue
			}
			out = append(out, piece{addr: b.Addr, end: b.Addr + Addr(len(b.Data)), data: b.Data})
			end = out[len(out)-1].end
		}
	}
	for _, r := range regions {
		take(r.Addr)
		at := max(r.Addr, end)
		for next < len(have) && have[next].Addr < r.End() {
			absent(at, have[next].Addr)
			take(have[next].Addr + 1)
			at = end
		}
		absent(at, r.End())
	}
	take(^Addr(0))
	return out
}
