package gostate_test

import (
	"fmt"
	"log"

	"moho/core"
	"moho/gostate"
	"moho/objfile"
)

func ExampleOpen() {
	p, err := core.Open("core")
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	exe, err := objfile.Open("server")
	if err != nil {
		log.Fatal(err)
	}
	defer exe.Close()
	w, err := gostate.Open(p, exe, gostate.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if c, ok := w.Crash(); ok {
		fmt.Println(c.Reason)
	}
	for g := range w.Goroutines() {
		fmt.Printf("goroutine %d [%s]\n", g.ID, g.Status)
		for _, f := range g.Frames {
			if !f.System {
				fmt.Printf("\t%s %s:%d\n", f.Func, f.File, f.Line)
			}
		}
	}
}
