package main

// #include <stdlib.h>
// typedef struct { int x; } pt;
// static pt *mk(void) { pt *p = malloc(sizeof *p); p->x = 1; return p; }
import "C"
import "fmt"

func mkPt() *C.pt {
	return C.mk() // HAZARD: c-leak
}

func sum() (n int) {
	for i := 0; i < 10; i++ {
		p := mkPt()
		n += int(p.x)
	}
	return
}

func arr() int {
	p := (*[4]C.int)(C.calloc(4, 4)) // HAZARD: c-leak
	p[1] = 3
	return int(p[1])
}

func bys(b []byte) int {
	return len(C.GoBytes(C.CBytes(b), C.int(len(b)))) // HAZARD: c-leak
}

type buf struct{ p *C.int }

func newBuf() *buf      { return &buf{(*C.int)(C.malloc(8))} } // HAZARD: c-leak
func (b *buf) get() int { return int(*b.p) }
func main()             { fmt.Println(sum(), arr(), bys(nil), newBuf().get()) }
