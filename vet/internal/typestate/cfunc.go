package typestate

import (
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
)

// A cFunc is what a C function does with its arguments.
type cFunc struct {
	params []cParam
	rest   cParam       // for parameters beyond the list
	owned  fact.Release // how the result has to be given back
	inside int          // the parameter whose memory the result points into, -1 without one
	reads  []string     // C variables through which it reads
}

type cParam struct {
	frees   fact.Release
	certain bool   // on every path
	keptIn  string // the C variable that holds it afterwards
	takes   bool   // becomes the owner, or may
}

func (c *cFunc) param(i int) cParam {
	if i < len(c.params) {
		return c.params[i]
	}
	return c.rest
}

// cName is the C function behind one of cgo's.
func cName(f *ssa.Function) (string, bool) {
	name := f.Name()
	for _, prefix := range []string{"_Cfunc_", "_C2func_"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			if rest == "_CMalloc" {
				rest = "malloc"
			}
			return rest, true
		}
	}
	return "", false
}

var libc = map[string]cFunc{
	"free":      {params: []cParam{{frees: fact.Free, certain: true}}, inside: -1},
	"malloc":    {owned: fact.Free, inside: -1},
	"calloc":    {owned: fact.Free, inside: -1},
	"CString":   {owned: fact.Free, inside: -1},
	"CBytes":    {owned: fact.Free, inside: -1},
	"strdup":    {owned: fact.Free, inside: -1},
	"strndup":   {owned: fact.Free, inside: -1},
	"realloc":   {params: []cParam{{frees: fact.Free}}, owned: fact.Free, inside: -1},
	"GoString":  {inside: -1},
	"GoStringN": {inside: -1},
	"GoBytes":   {inside: -1},
	"strchr":    {inside: 0},
	"strrchr":   {inside: 0},
	"strstr":    {inside: 0},
	"memchr":    {inside: 0},
	"putenv":    {params: []cParam{{takes: true}}, inside: -1},
}

// cFunc returns what a C function does.
func (k *knowledge) cFunc(name string) cFunc {
	if c, ok := libc[name]; ok {
		return c
	}
	c := cFunc{inside: -1}
	for _, end := range []string{"_free", "_destroy", "_delete", "_del", "_finalize"} {
		if strings.HasSuffix(name, end) {
			c.params = []cParam{{frees: fact.Custom, certain: true}}
		}
	}
	return c
}
