package wasmdump

import (
	"cmp"
	"fmt"
	"slices"

	"moho/arch"
	"moho/core"
	"moho/gotab"
	"moho/objfile/wasmbin"
)

const (
	// MaxJoined bounds, together with four times the size of the file, the
	// memory that segments are copied to because they lie scattered.
	MaxJoined = 24 << 20

	granule   = 4096    // segments are joined, and written, in multiples of it
	zeroChunk = 1 << 20 // how much the one range of zeros stands for at a time
	maxMemory = 4 << 30 // bytes that 32-bit addresses reach
)

// join returns the memory in order: segments, and zeros between them. What lies
// in one run of granules becomes one piece, so that tables are in one piece.
func join(name string, fileSize int64, segs []core.Bytes, size uint64) ([]core.Bytes, error) {
	segs = slices.Clone(segs)
	slices.SortStableFunc(segs, func(a, b core.Bytes) int { return cmp.Compare(a.Addr, b.Addr) })
	for i, s := range segs {
		end := uint64(s.Addr) + uint64(len(s.Data))
		if end > size {
			return nil, &core.FormatError{Name: name, Off: -1, What: fmt.Sprintf("a data segment ends at %#x, the memory at %#x", end, size)}
		}
		if i+1 < len(segs) && end > uint64(segs[i+1].Addr) {
			return nil, &core.FormatError{Name: name, Off: -1, What: fmt.Sprintf("the data segments at %#x and %#x overlap", uint64(s.Addr), uint64(segs[i+1].Addr))}
		}
	}
	var out []core.Bytes
	var at, copied uint64
	for len(segs) > 0 {
		lo := uint64(segs[0].Addr) &^ (granule - 1)
		hi, n := lo, 0
		for n < len(segs) && uint64(segs[n].Addr)&^(granule-1) <= hi {
			hi = (uint64(segs[n].Addr) + uint64(len(segs[n].Data)) + granule - 1) &^ (granule - 1)
			n++
		}
		hi = min(hi, size)
		out = zeros(out, at, lo)
		if n == 1 && uint64(segs[0].Addr) == lo && uint64(len(segs[0].Data)) == hi-lo {
			out = append(out, segs[0])
		} else {
			copied += hi - lo
			if copied > MaxJoined+4*uint64(fileSize) {
				return nil, &core.FormatError{Name: name, Off: -1, What: fmt.Sprintf("its data segments lie so scattered that to join them takes more than %d bytes", copied)}
			}
			b := make([]byte, hi-lo)
			for _, s := range segs[:n] {
				copy(b[uint64(s.Addr)-lo:], s.Data)
			}
			out = append(out, core.Bytes{Addr: core.Addr(lo), Data: b})
		}
		at, segs = hi, segs[n:]
	}
	return zeros(out, at, size), nil
}

var zeroBytes = make([]byte, zeroChunk)

// zeros appends zeros from lo to hi.
func zeros(out []core.Bytes, lo, hi uint64) []core.Bytes {
	for lo < hi {
		n := min(hi-lo, zeroChunk)
		out = append(out, core.Bytes{Addr: core.Addr(lo), Data: zeroBytes[:n:n]})
		lo += n
	}
	return out
}

// OpenMemory opens a file that is the linear memory of an instance of a Go module
// and nothing else. Nothing in it says so but its size and that it holds a
// function table: the error wraps [core.ErrFormat] where one of both is not so.
func OpenMemory(path string) (*core.Process, error) {
	data, release, err := core.Map(path)
	if err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	return newMemory(path, data, release)
}

// NewMemory is [OpenMemory] for a memory that is in memory. The process refers
// to data, which must not change.
func NewMemory(name string, data []byte) (*core.Process, error) { return newMemory(name, data, nil) }

// newMemory takes data over.
func newMemory(name string, data []byte, release func() error) (p *core.Process, err error) {
	defer func() {
		if err != nil && release != nil {
			release()
		}
	}()
	what := ""
	if n := uint64(len(data)); n == 0 || n%wasmbin.PageSize != 0 || n > maxMemory {
		what = fmt.Sprintf("it has %d bytes, not a multiple of %d up to 4 GiB", n, wasmbin.PageSize)
	} else if len(gotab.FindHeaders(data, arch.WASM, 1)) == 0 {
		what = "it holds no function table of a Go program"
	}
	if what != "" {
		return nil, &core.FormatError{Name: name, Off: -1, What: "the file is no WebAssembly memory: " + what}
	}
	in := &instance{kind: KindMemory}
	return in.assemble(core.Parts{Name: name, Memory: []core.Bytes{{Addr: 0, Data: data}}, Close: release})
}
