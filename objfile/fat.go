package objfile

import (
	"encoding/binary"
	"fmt"
	"strings"

	"moho/internal/bounded"
)

const (
	fatMagic, fatMagic64 = 0xcafebabe, 0xcafebabf

	// maxFatArch is how many slices a universal file may have. A Java class file
	// begins with the same magic, and with a version of at least 45 where the
	// count would be.
	maxFatArch = 32
)

// pickSlice replaces the data of a universal (fat) file by the slice for
// goarch, or by the only one that can be read if goarch is "".
//
// Source: <mach-o/fat.h>.
func (f *File) pickSlice(goarch string) error {
	order := binary.BigEndian
	wide := order.Uint32(f.data) == fatMagic64
	c := bounded.NewCursor(f.data, order)
	c.Skip(4)
	n := c.U32()
	if n > maxFatArch {
		return formatErr("macho", 4, "nfat_arch is %d, want at most %d: a Java class file begins like that", n, maxFatArch)
	}
	type slice struct {
		machine string
		off     uint64
		data    []byte
	}
	var all []string
	var fit []slice
	for i := range n {
		at := Off(c.Off())
		cpu := c.U32()
		c.Skip(4) // cpusubtype
		var off, size uint64
		if wide {
			off, size = c.U64(), c.U64()
			c.Skip(8) // align, reserved
		} else {
			off, size = uint64(c.U32()), uint64(c.U32())
			c.Skip(4) // align
		}
		if c.Err() != nil {
			return formatErr("macho", at, "nfat_arch is %d, but the file of %d bytes ends in slice %d", n, len(f.data), i)
		}
		data, ok := bounded.Sub(f.data, off, size)
		if !ok {
			return formatErr("macho", at, "slice %d: offset %#x plus size %#x exceeds the file of %d bytes", i, off, size, len(f.data))
		}
		machine := machoMachine(cpu)
		all = append(all, machine)
		if len(data) >= 4 && binary.LittleEndian.Uint32(data) == machoMagic64 && (goarch == "" || goarch == machine) {
			fit = append(fit, slice{machine, off, data})
		}
	}
	switch list := strings.Join(all, ", "); {
	case len(fit) == 1:
		f.data, f.base = fit[0].data, Off(fit[0].off)
		return nil
	case len(fit) > 1 && goarch == "":
		return fmt.Errorf("macho: universal file with slices for %s: %w", list, ErrArch)
	case goarch != "":
		return fmt.Errorf("macho: universal file with slices for %s, not one for %s: %w", list, goarch, ErrArch)
	default:
		return formatErr("macho", 8, "universal file with slices for %s, none of which is a 64-bit little-endian Mach-O file", list)
	}
}
