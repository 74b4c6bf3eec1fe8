// Command values makes values of every kind, prints where each is and what a
// reader should see there, and dies.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

type (
	color  uint8
	named  string
	point  struct{ X, Y int }
	nested struct {
		point
		Name  string
		Next  *nested
		inner struct{ a, b int8 }
	}
	one    struct{ p *point }                     // an interface holds it directly
	padded struct { _ struct{}; p *point }        // since Go 1.26 this too
	pair[K comparable, V any] struct { Key K; Val V }
	big    [160]byte
	shape  interface{ Area() int }
	empty  struct{}
	list   struct { self any }
)

func (p point) Area() int   { return p.X * p.Y }
func (p *nested) Area() int { return p.X }

type entry struct {
	v    any
	name string
	want string
}

var all []*entry

func add(name string, v any, want string) {
	all = append(all, &entry{v, name, want})
}

//go:noinline
func top(x int) func() int { return func() int { return x } }

func quoted(n int) string { return strconv.Quote(strings.Repeat("x", n)) }

func main() {
	p := &point{3, 4}
	at := func(p any) string { return fmt.Sprintf("%#x", reflect.ValueOf(p).Pointer()) }

	add("int", -42, "-42")
	add("int8", int8(-8), "int8(-8)")
	add("uint8", uint8(200), "uint8(200)")
	add("int16", int16(-1600), "int16(-1600)")
	add("uint32", uint32(math.MaxUint32), "uint32(4294967295)")
	add("uint64", uint64(math.MaxUint64), "uint64(18446744073709551615)")
	add("uintptr", uintptr(0x1234), "uintptr(0x1234)")
	add("bool", true, "true")
	add("float32", float32(0.5), "float32(0.5)")
	add("float64", -1e100, "-1e+100")
	add("nan", math.NaN(), "NaN")
	add("complex", 1-2i, "(1-2i)")
	add("complex64", complex64(1+2i), "complex64((1+2i))")
	add("string", "a\nb\x00 \u00e9", strconv.Quote("a\nb\x00 \u00e9"))
	add("empty string", "", `""`)
	add("long string", strings.Repeat("x", 1000), quoted(256)+"…+744")
	add("cut letter", strings.Repeat("x", 255)+"\u00e9\u00e9", quoted(255)+"…+4")
	add("color", color(7), "main.color(7)")
	add("named", named("n"), `main.named("n")`)
	add("duration", 1500*time.Millisecond, "time.Duration(1500000000) (1.5s)")
	for _, t := range []time.Time{{}, time.Now(), time.Unix(0, 0), time.Date(2024, 2, 29, 7, 8, 9, 10, time.FixedZone("X", 3600)), time.Date(1752, 9, 14, 0, 0, 0, 0, time.UTC)} {
		add("time", t, "time.Time("+t.UTC().Format(time.RFC3339Nano)+")")
	}
	add("wait", struct{ T time.Time }{time.Unix(1e9, 5)}, "struct { T time.Time }{T:time.Time(2001-09-09T01:46:40.000000005Z)}")

	add("slice", []int{1, 2, 3}, "[]int{1, 2, 3}")
	add("nil slice", []int(nil), "[]int(nil)")
	add("empty slice", []int{}, "[]int{}")
	add("long slice", make([]int16, 100), "[]int16{"+strings.Repeat("0, ", 64)+"…36 more}")
	add("strings", []string{"a", ""}, `[]string{"a", ""}`)
	add("bytes", []byte("hi\xff"), `[]uint8("hi\xff")`)
	add("array", [3]int8{1, -2, 3}, "[3]int8{1, -2, 3}")
	add("byte array", [4]byte{'a', 0, 'b', 1}, `[4]uint8("a\x00b\x01")`)
	add("no elements", [0]int{}, "[0]int{}")
	add("huge", make([]struct{}, 1<<40), "[]struct {}{"+strings.Repeat("struct {}{}, ", 64)+"…1099511627712 more}")
	add("any slice", []any{1, "x", nil, int8(3), *p}, `[]interface {}{1, "x", interface {}(nil), int8(3), main.point{X:3, Y:4}}`)

	add("struct", *p, "main.point{X:3, Y:4}")
	add("pointer", p, "&main.point{X:3, Y:4}")
	add("nil pointer", (*point)(nil), "(*main.point)(nil)")
	pp := &p
	add("pointer to pointer", pp, "&&main.point{X:3, Y:4}")
	ppp := &pp
	add("deep", ppp, "&&(*main.point)("+at(p)+")")
	n := &nested{point: *p, Name: "n"}
	add("nested", n, `&main.nested{point:main.point{X:3, Y:4}, Name:"n", Next:(*main.nested)(nil), inner:struct { a int8; b int8 }{a:0, b:0}}`)
	loop := &nested{Name: "loop"}
	loop.Next = loop
	add("loop", loop, `&main.nested{point:main.point{X:0, Y:0}, Name:"loop", Next:(*main.nested)(`+at(loop)+`) (shown elsewhere), inner:struct { a int8; b int8 }{a:0, b:0}}`)
	var self list
	self.self = &self
	add("self", &self, "&main.list{self:(*main.list)("+at(&self)+") (shown elsewhere)}")
	add("direct struct", one{p}, "main.one{p:&main.point{X:3, Y:4}}")
	add("direct array", [1]*point{p}, "[1]*main.point{&main.point{X:3, Y:4}}")
	add("padded struct", padded{p: p}, "main.padded{_:struct {}{}, p:&main.point{X:3, Y:4}}")
	add("generic", pair[string, []int]{"k", []int{1}}, `main.pair[string,[]int]{Key:"k", Val:[]int{1}}`)
	add("anonymous", struct{ A int }{1}, "struct { A int }{A:1}")
	add("unsafe", unsafe.Pointer(p), "unsafe.Pointer("+at(p)+")")
	add("interface", []shape{*p, n, nil}, "[]main.shape{main.point{X:3, Y:4}, &main.nested{point:main.point{X:3, Y:4}, Name:\"n\", Next:(*main.nested)(nil), inner:struct { a int8; b int8 }{a:0, b:0}}, main.shape(nil)}")
	add("nothing", nil, "interface {}(nil)")

	add("func", top, "main.top")
	add("closure", top(5), "main.top.func1")
	add("nil func", (func())(nil), "(func())(nil)")
	add("method value", p.Area, "main.point.Area-fm")

	maps(p)
	channels()
	faults()
	reflected(p)

	for _, e := range all {
		fmt.Printf("%s\t%p\t%s\n", e.name, &e.v, e.want)
	}
	os.Stdout.Sync()
	var null *int
	*null = 1
}

func maps(p *point) {
	add("nil map", map[string]int(nil), "map[string]int(nil)")
	add("empty map", map[string]int{}, "map[string]int{}")
	add("small map", map[string]int{"b": 2, "a": 1, "c": 3}, `map[string]int{"a":1, "b":2, "c":3}`)
	add("set", map[int8]struct{}{3: {}, -1: {}}, "map[int8]struct {}{-1:struct {}{}, 3:struct {}{}}")
	add("any map", map[any]any{1: "x", "k": 2.5, int8(3): nil}, `map[interface {}]interface {}{1:"x", int8(3):interface {}(nil), "k":2.5}`)
	add("point map", map[point]*point{{1, 2}: p}, "map[main.point]*main.point{main.point{X:1, Y:2}:&main.point{X:3, Y:4}}")
	var key, val big
	key[0], val[0] = 'k', 'v'
	want := func(c string) string { return "main.big(" + strconv.Quote(c+strings.Repeat("\x00", 159)) + ")" }
	add("big map", map[big]big{key: val}, "map[main.big]main.big{"+want("k")+":"+want("v")+"}")
	full := map[int]int{}
	for i := 0; i < 8; i++ {
		full[i] = i
	}
	add("full group", full, fmt.Sprintf("%#v", full))
	for _, n := range []int{9, 60, 209, 417, 3000, 3329} { // some are in the middle of a growth
		m := map[int]string{}
		for i := 0; i < n; i++ {
			m[i*7] = fmt.Sprint(i)
		}
		add(fmt.Sprintf("map of %d", n), m, fmt.Sprintf("%#v", m))
	}
	gone := map[uint16]bool{}
	for i := 0; i < 500; i++ {
		gone[uint16(i)] = true
	}
	for i := 0; i < 490; i++ {
		delete(gone, uint16(i))
	}
	s := "map[uint16]bool{"
	for i := 490; i < 500; i++ {
		s += fmt.Sprintf("%d:true, ", i)
	}
	add("deleted", gone, strings.TrimSuffix(s, ", ")+"}")
	hint := make(map[string]int, 1000)
	hint["x"] = 1
	add("hint", hint, `map[string]int{"x":1}`)
	type local struct{ m map[string][]int }
	add("map in struct", local{map[string][]int{"a": {1}}}, `main.local{m:map[string][]int{"a":[]int{1}}}`)
}

func channels() {
	c := make(chan int, 4)
	at := func(c any) string { return fmt.Sprintf("%#x", reflect.ValueOf(c).Pointer()) }
	for i := 0; i < 6; i++ { // the oldest is not at the beginning
		c <- i
		if i < 3 {
			<-c
		}
	}
	add("channel", c, "(chan int)("+at(c)+"){3/4: 3, 4, 5}")
	d := make(chan string)
	close(d)
	add("closed channel", d, "(chan string)("+at(d)+"){0/0 closed}")
	e := make(<-chan struct{})
	add("unbuffered", e, "(<-chan struct {})("+at(e)+")")
	add("nil channel", (chan int)(nil), "(chan int)(nil)")
	f := make(chan any, 2)
	f <- "x"
	add("chan any", f, "(chan interface {})("+at(f)+"){1/2: \"x\"}")
	g := make(chan struct{}, 3)
	g <- struct{}{}
	add("empty elements", g, "(chan struct {})("+at(g)+"){1/3: struct {}{}}")
}

func faults() {
	err := errors.New("plain")
	add("error: plain", err, "")
	add("error: wrapped: plain", fmt.Errorf("wrapped: %w", err), "")
	_, err = os.Open("/nonexistent/file")
	add("error: "+err.Error(), err, "")
	add("error: "+fs.ErrNotExist.Error(), fs.ErrNotExist, "")
	_, err = strconv.Atoi("x1")
	add("error: "+err.Error(), err, "")
	add("error: "+context.DeadlineExceeded.Error(), context.DeadlineExceeded, "")
	func() {
		defer func() {
			r := recover()
			add("error: "+r.(error).Error(), r, "")
		}()
		var m map[string]int
		m["x"] = 1
	}()
}

// reflected makes types that the compiler did not.
func reflected(p *point) {
	typ := reflect.TypeOf(*p)
	s := reflect.MakeSlice(reflect.SliceOf(reflect.ArrayOf(3, typ)), 1, 1)
	s.Index(0).Index(1).Set(reflect.ValueOf(*p))
	add("reflected slice", s.Interface(), "[][3]main.point{[3]main.point{main.point{X:0, Y:0}, main.point{X:3, Y:4}, main.point{X:0, Y:0}}}")
	m := reflect.MakeMap(reflect.MapOf(reflect.TypeOf(empty{}), typ))
	m.SetMapIndex(reflect.ValueOf(empty{}), reflect.ValueOf(*p))
	add("reflected map", m.Interface(), "map[main.empty]main.point{main.empty{}:main.point{X:3, Y:4}}")
	st := reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeOf(int16(0)), Tag: `json:"a"`}, {Name: "B", Type: typ}})
	v := reflect.New(st)
	v.Elem().Field(0).SetInt(-7)
	add("reflected struct", v.Interface(), "&struct { A int16; B main.point }{A:-7, B:main.point{X:0, Y:0}}")
	ch := reflect.MakeChan(reflect.ChanOf(reflect.BothDir, reflect.TypeOf([2]int8{})), 1)
	ch.Send(reflect.ValueOf([2]int8{1, 2}))
	add("reflected channel", ch.Interface(), fmt.Sprintf("(chan [2]int8)(%#x){1/1: [2]int8{1, 2}}", ch.Pointer()))
}
