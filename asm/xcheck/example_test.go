package xcheck_test

import (
	"fmt"
	"log"

	"moho/asm/xcheck"
	"moho/gotab"
	"moho/objfile"
)

// Say on which functions the tables of a program do not agree.
func ExampleRun() {
	f, err := objfile.Open("app")
	if err != nil {
		log.Print(err)
		return
	}
	defer f.Close()
	t, err := gotab.Open(f)
	if err != nil {
		log.Print(err)
		return
	}
	r, err := xcheck.Run(f, t, xcheck.Options{})
	if err != nil {
		log.Print(err)
		return
	}
	for _, d := range r.Differences {
		if !d.Explained {
			fmt.Printf("%s: %s %s: %s\n", d.Source, d.Kind, d.Name, d.Why)
		}
	}
}
