package main

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

type region struct {
	data   []byte
	closed bool
}

func open(f *os.File) (*region, error) {
	b, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	return &region{data: b}, nil
}
func (r *region) Close() error { r.closed = true; return syscall.Munmap(r.data) }
func (r *region) Line() []byte { i := bytes.IndexByte(r.data, '\n'); return r.data[:i] }

func line(f *os.File) ([]byte, error) {
	r, err := open(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.Line(), nil // HAZARD: munmap-use
}

func main() {
	f, _ := os.Open("/etc/passwd")
	r, err := open(f)
	if err != nil {
		panic(err)
	}
	l := r.Line()
	if err := r.Close(); err != nil {
		panic(err)
	}
	fmt.Println(string(l)) // HAZARD: munmap-use
	b, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	hdr := b[:16]
	_ = syscall.Munmap(b)
	hdr[0] = 1 // HAZARD: munmap-use
	c, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	syscall.Munmap(c)
	copy(c, "x") // HAZARD: munmap-use
	fmt.Println(line(f))
}
