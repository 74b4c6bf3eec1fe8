// Package good copies what it needs before a mapping goes.
package good

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

func first(f *os.File) byte {
	data, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return 0
	}
	b := data[0]
	syscall.Munmap(data)
	return b
}

func part(f *os.File) []byte {
	data, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil
	}
	defer syscall.Munmap(data)
	return append([]byte(nil), data[16:32]...)
}

func still(data []byte) (byte, error) {
	if err := syscall.Munmap(data); err != nil {
		return data[0], err // still there
	}
	return 0, nil
}

func remap(f *os.File, data []byte) byte {
	syscall.Munmap(data)
	data, err := syscall.Mmap(int(f.Fd()), 0, 8192, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return 0
	}
	return data[0]
}

type file struct{ data []byte }

func (f *file) Close() error {
	if f.data == nil {
		return nil
	}
	err := syscall.Munmap(f.data)
	f.data = nil
	return err
}

func (f *file) At(i int) byte { return f.data[i] }

func closed(f *file) {
	fmt.Println(f.At(0))
	defer f.Close()
	f.Close()
}

func (f *file) grow(file *os.File, n int) (err error) {
	if f.data != nil {
		if err := syscall.Munmap(f.data); err != nil {
			return err
		}
	}
	f.data, err = syscall.Mmap(int(file.Fd()), 0, n, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	fmt.Println(f.data[0])
	return nil
}

type record struct{ n int64 }

func records(data []byte) int64 {
	r := *(*record)(unsafe.Pointer(&data[0]))
	syscall.Munmap(data)
	return r.n
}
