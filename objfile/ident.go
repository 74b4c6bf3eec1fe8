package objfile

import (
	"encoding/binary"
	"fmt"
	"slices"

	"moho/arch"
)

const elfMagic = "\x7fELF"

// identify tells the format by its magic and decodes as much as is read of it.
// goarch chooses a slice of a universal file and must be what any other file is
// for; "" takes what there is.
func (f *File) identify(goarch string) error {
	if n := len(f.data); n >= 8 {
		if m := binary.BigEndian.Uint32(f.data); m == fatMagic || m == fatMagic64 {
			if err := f.pickSlice(goarch); err != nil {
				return err
			}
		}
	}
	if err := f.decode(); err != nil {
		return err
	}
	if goarch != "" && goarch != f.machine {
		return fmt.Errorf("%s: is for %s, not for %s: %w", f.format, f.machine, goarch, ErrArch)
	}
	return nil
}

func (f *File) decode() error {
	head := make([]byte, 16)
	n := copy(head, f.data)
	switch be := binary.BigEndian.Uint32(head); {
	case n >= 4 && string(head[:4]) == elfMagic:
		return f.readELF()
	case n >= 4 && slices.Contains([]uint32{0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe}, be):
		return f.readMachO()
	case n >= 4 && string(head[:4]) == "\x00asm":
		return f.readWASM()
	case n >= 2 && string(head[:2]) == "MZ":
		return f.readPE()
	case n >= 2 && string(head[:2]) == "\x01\xf7":
		f.format, f.machine, f.os, f.order, f.ptrSize = "xcoff", "ppc64", "aix", binary.BigEndian, 8
		return nil
	case n >= 4 && plan9Machines[be] != "":
		f.format, f.machine, f.os, f.order = "plan9", plan9Machines[be], "plan9", binary.BigEndian
		f.arch = arch.ByName(f.machine)
		return nil
	case n == 0:
		return formatErr("file", 0, "empty")
	case n >= 8 && string(head[:8]) == "!<arch>\n":
		return formatErr("file", 0, "an archive of object files, which are not linked yet")
	}
	return formatErr("file", 0, "begins with % x, which is no executable format known here", head[:min(n, 8)])
}

// Source: $GOROOT/src/debug/plan9obj/plan9obj.go, go1.26.
var plan9Machines = map[uint32]string{0x1eb: "386", 0x8a97: "amd64", 0x647: "arm"}
