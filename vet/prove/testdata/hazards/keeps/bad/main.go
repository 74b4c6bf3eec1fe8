// C keeps an object that could hold pointers, and Go asks for it back.
package main

/*
typedef struct item { struct item *next; int v; } item;
static item *head;
static void push(item *i) { i->v++; head = i; }
static item *top(void) { return head; }
*/
import "C"

import "fmt"

type stack struct{ n int }

func (s *stack) push(v int) {
	i := &C.item{v: C.int(v)}
	C.push(i) // HISTORY: c-retains-go
	s.n++
	if i.v != C.int(v+1) {
		panic("what C wrote is lost")
	}
}

func main() {
	s := &stack{}
	s.push(3)
	fmt.Println(C.top().v) // HAZARD: c-retains-go
}
