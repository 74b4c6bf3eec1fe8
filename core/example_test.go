package core_test

import (
	"errors"
	"fmt"
	"log"

	"moho/arch"
	"moho/core"
)

func Example() {
	p, err := core.NewBytes("example.core", sample().bytes()) // or core.Open
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()

	s, _ := p.Signal()
	sp, _ := p.Threads()[0].Reg(p.Arch(), arch.SP)
	fmt.Printf("%s: %s, thread %d with sp %#x\n", p.Command(), s, s.TID, sp)

	_, err = p.Word(0x401000)
	fmt.Println(errors.Is(err, core.ErrAbsent), err)
	// Output:
	// prog -v: SIGSEGV at 0xdead, thread 101 with sp 0x3fb
	// true core: address 0x401000: mapped in the process but not in the core
}
