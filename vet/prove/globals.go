package prove

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"moho/objfile"
)

// Most variables that are handed over; the runtime refuses more.
const maxGlobals = 1<<24 - 1

// writeGlobals writes the bounds of the program's Go variables to a file, in the
// form that rt/runtime/global.go reads.
func writeGlobals(program, name string) error {
	f, err := objfile.Open(program)
	if err != nil {
		return err
	}
	defer f.Close()
	if f.ELFType() != "EXEC" {
		return errors.New("the program is position-independent")
	}
	syms, err := f.Symbols()
	if err != nil {
		return err
	}
	var data, lo, hi objfile.Addr
	for _, s := range syms {
		switch s.Name {
		case "runtime.data":
			data = s.Addr
		case "runtime.noptrdata":
			lo = s.Addr
		case "runtime.enoptrbss":
			hi = s.Addr
		}
	}
	if data == 0 || lo == 0 || hi <= lo {
		return errors.New("the symbol table does not say where Go's data begins and ends")
	}
	type variable struct{ addr, size uint64 }
	var vars []variable
	for _, s := range syms {
		if s.Size > 0 && lo <= s.Addr && s.Addr < hi && s.Kind == objfile.Data {
			vars = append(vars, variable{uint64(s.Addr), s.Size})
		}
	}
	slices.SortFunc(vars, func(a, b variable) int {
		if a.addr != b.addr {
			return cmp.Compare(a.addr, b.addr)
		}
		return cmp.Compare(b.size, a.size)
	})
	// Where symbols overlap the outer one counts.
	n, end := 0, uint64(0)
	for _, v := range vars {
		if v.addr < end {
			continue
		}
		vars[n], end = v, v.addr+v.size
		n++
	}
	if vars = vars[:n]; n == 0 || n > maxGlobals {
		return fmt.Errorf("%d variables", n)
	}
	word := 8
	if f.PtrSize() == 4 {
		word = 4
	}
	put := func(b []byte, u uint64) []byte {
		if word == 4 {
			return binary.LittleEndian.AppendUint32(b, uint32(u))
		}
		return binary.LittleEndian.AppendUint64(b, u)
	}
	b := put(put(make([]byte, 0, (n+1)*2*word), uint64(data)), uint64(n))
	for _, v := range vars {
		b = put(put(b, v.addr), v.size)
	}
	return os.WriteFile(name, b, 0o644)
}
