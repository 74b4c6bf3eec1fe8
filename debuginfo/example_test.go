package debuginfo_test

import (
	"fmt"
	"log"

	"moho/debuginfo"
	"moho/objfile"
)

// Print where the variables of the function at an address are.
func ExampleData_FuncAt() {
	f, err := objfile.Open("app")
	if err != nil {
		log.Print(err)
		return
	}
	defer f.Close()
	d, err := debuginfo.Open(f)
	if err != nil {
		log.Print(err)
		return
	}
	fn, ok, err := d.FuncAt(0x49e540)
	if err != nil || !ok {
		log.Print("no such function ", err)
		return
	}
	body, err := fn.Body()
	if err != nil {
		log.Print(err)
		return
	}
	for _, v := range body.Vars {
		pieces, err := v.At(fn.Low)
		if err != nil {
			log.Print(err)
			return
		}
		for _, p := range pieces {
			path, typ := v.Type.PathAt(p.Off)
			if p.Kind == debuginfo.Register {
				fmt.Println(v.Name+path, typ.Name(), "is in", debuginfo.RegisterName(f.Arch(), p.Reg))
			}
		}
	}
}
