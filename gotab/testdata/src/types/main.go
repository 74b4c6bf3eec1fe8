// Command types prints what reflect says about its own types: of a few of each
// kind and of all that they lead to.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"text/template"
	"time"
	"unsafe"
)

type shape interface {
	Area() float64
	hidden(int) string
}

type base struct{ id, n int8 }

func (b *base) ID() int             { return int(b.id) }
func (b *base) hidden(n int) string { return fmt.Sprint(n, b.id) }

type square struct {
	base
	Side   float64 `json:"side,omitempty" moho:"x"`
	Names  map[string]*square
	inner  [3]chan<- complex64
	fn     func(int, ...string) (bool, error)
	blank  struct{}
	_      [5]byte
	anon   struct{ X, y interface{} }
	unsafe unsafe.Pointer
}

func (s square) Area() float64        { return s.Side * s.Side }
func (s *square) Grow(by float64)     { s.Side += by }
func (s square) With(n string) square { s.Names = map[string]*square{n: &s}; return s }

type celsius float32

func (c celsius) String() string { return fmt.Sprintf("%.1f°", float32(c)) }

type table map[celsius][]shape

func (t table) Len() int { return len(t) }

type callback func(shape) callback

func (c callback) Call(s shape) callback { return c(s) }

type list []list

func (l list) Depth() int {
	if len(l) == 0 {
		return 1
	}
	return 1 + l[0].Depth()
}

type pipe <-chan list

func (p pipe) Cap() int { return cap(p) }

type grid [2][2]list

func (g grid) Rows() int { return len(g) }

// word returns word i of an interface value: the type or itab, and the data.
func word(p unsafe.Pointer, i uintptr) uintptr {
	return *(*uintptr)(unsafe.Pointer(uintptr(p) + 8*i))
}

func addr(t reflect.Type) uintptr { return word(unsafe.Pointer(&t), 1) }

var out = bufio.NewWriter(os.Stdout)

func main() {
	defer out.Flush()
	var s shape = &square{}
	roots := []interface{}{
		square{}, &s, celsius(1), table{}, callback(nil), list{}, pipe(nil), grid{},
		time.Time{}, &json.Decoder{}, os.Stdout, &template.Template{}, new(reflect.Type), io.EOF,
		map[string][4]struct{ A *int }{}, uint16(1), uintptr(2), "x", 'x', 1.5, 2i, false, unsafe.Pointer(nil), int64(3), uint32(4),
	}
	fmt.Fprintf(out, "main %#x\n", reflect.ValueOf(main).Pointer())
	seen := map[reflect.Type]bool{}
	var queue []reflect.Type
	visit := func(t reflect.Type) {
		if !seen[t] {
			seen[t] = true
			queue = append(queue, t)
		}
	}
	for _, v := range roots {
		visit(reflect.TypeOf(v))
	}
	for i := 0; i < len(queue); i++ {
		t := queue[i]
		fmt.Fprintf(out, "type %#x\t%s\t%s\t%v\t%d\t%d\t%t\n", addr(t), t, t.PkgPath(), t.Kind(), t.Size(), t.Align(), t.Name() != "")
		switch t.Kind() {
		case reflect.Struct:
			for i := 0; i < t.NumField(); i++ {
				f := t.Field(i)
				fmt.Fprintf(out, "field %s\t%q\t%#x\t%d\t%t\t%t\n", f.Name, f.Tag, addr(f.Type), f.Offset, f.PkgPath == "", f.Anonymous)
				visit(f.Type)
			}
		case reflect.Func:
			fmt.Fprintf(out, "signature")
			for i := 0; i < t.NumIn(); i++ {
				fmt.Fprintf(out, " %#x", addr(t.In(i)))
			}
			fmt.Fprintf(out, " %t", t.IsVariadic())
			for i := 0; i < t.NumOut(); i++ {
				fmt.Fprintf(out, " %#x", addr(t.Out(i)))
			}
			fmt.Fprintln(out)
			for i := 0; i < t.NumIn(); i++ {
				visit(t.In(i))
			}
			for i := 0; i < t.NumOut(); i++ {
				visit(t.Out(i))
			}
		case reflect.Map:
			fmt.Fprintf(out, "key %#x\n", addr(t.Key()))
			visit(t.Key())
			fallthrough
		case reflect.Array, reflect.Chan, reflect.Ptr, reflect.Slice:
			n := 0
			if t.Kind() == reflect.Array {
				n = t.Len()
			}
			fmt.Fprintf(out, "elem %#x %d\n", addr(t.Elem()), n)
			visit(t.Elem())
		}
		for i := 0; i < t.NumMethod(); i++ {
			m := t.Method(i)
			if t.Kind() == reflect.Interface {
				fmt.Fprintf(out, "imethod %s\t%#x\t%s\n", m.Name, addr(m.Type), m.PkgPath)
				visit(m.Type)
			} else {
				fmt.Fprintf(out, "method %s\t%#x\n", m.Name, m.Func.Pointer())
			}
		}
	}
	var w io.Writer = os.Stdout
	var e error = &os.PathError{}
	for _, p := range []unsafe.Pointer{unsafe.Pointer(&s), unsafe.Pointer(&w), unsafe.Pointer(&e)} {
		tab := word(p, 0)
		fmt.Fprintf(out, "itab %#x %#x %#x %#x\n", tab, word(unsafe.Pointer(tab), 0), word(unsafe.Pointer(tab), 1), word(unsafe.Pointer(tab), 3))
	}
}
