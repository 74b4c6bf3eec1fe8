package frame_test

import (
	"fmt"
	"log"
	"os"

	"moho/asm"
	"moho/asm/frame"
)

func ExampleOf() {
	exe, err := os.Executable() // any Go program
	if err != nil {
		log.Fatal(err)
	}
	p, err := asm.Open(exe)
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	f, err := frame.Of(p, p.Table.FuncNamed("runtime.memmove")[0], frame.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.Text.Symbol, f.Text.Size.Value, f.Text.Args.Value, f.Text.Args.How)
	for _, s := range f.Slots {
		if s.Off >= 8 {
			fmt.Println(s.Off, s.Size, s.Kind, s.How)
		}
	}
	// Output:
	// runtime·memmove 0 24 recorded
	// 8 24 argument area derived
}
