package objfile

import (
	"cmp"
	"slices"
)

// sortSegments puts the segments in order of address and refuses those that
// overlap: an address would have two contents.
func (f *File) sortSegments() error {
	slices.SortStableFunc(f.segments, func(a, b Segment) int { return cmp.Compare(a.Addr, b.Addr) })
	name := map[string]string{"elf": "p_vaddr", "macho": "vmaddr", "pe": "VirtualAddress"}[f.format]
	for i := 1; i < len(f.segments); i++ {
		if a, b := f.segments[i-1], f.segments[i]; uint64(b.Addr-a.Addr) < a.MemSize {
			return formatErr(f.format, -1, "segments at %s %#x and %#x overlap", name, uint64(a.Addr), uint64(b.Addr))
		}
	}
	return nil
}
