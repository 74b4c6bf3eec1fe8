// Package bad touches mappings that are gone.
package bad

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

func first(f *os.File) byte {
	data, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return 0
	}
	syscall.Munmap(data)
	return data[0] // HAZARD: munmap-use
}

func part(f *os.File) []byte {
	data, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil
	}
	defer syscall.Munmap(data)
	return data[16:32] // HAZARD: munmap-use
}

func text(f *os.File) string {
	data, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return ""
	}
	s := unsafe.String(&data[0], len(data))
	if err := syscall.Munmap(data); err != nil {
		return ""
	}
	return strings.Clone(s) // HAZARD: munmap-use
}

type file struct{ data []byte }

func (f *file) Close() error { return syscall.Munmap(f.data) }

func (f *file) At(i int) byte { return f.data[i] }

func (f *file) Bytes() []byte { return f.data }

func closed(f *file) {
	b := f.Bytes()
	f.Close()
	fmt.Println(f.At(0)) // HAZARD: munmap-use
	fmt.Println(b[0])    // HAZARD: munmap-use
}

func twice(f *file) {
	defer f.Close() // HAZARD: munmap-use
	if f.At(0) == 0 {
		f.Close()
	}
}

type record struct{ n int64 }

func records(data []byte) int64 {
	r := (*record)(unsafe.Pointer(&data[0]))
	syscall.Munmap(data)
	return r.n // HAZARD: munmap-use
}
