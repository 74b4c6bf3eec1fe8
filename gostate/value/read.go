package value

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"

	"moho/core"
)

// At reads the value of type t at address a.
func (r *Reader) At(t Type, a core.Addr, o Options) Value {
	return r.tree(t, place{addr: a}, o)
}

// Of reads a value of type t that was put together.
func (r *Reader) Of(t Type, b Bytes, o Options) Value {
	return r.tree(t, place{bytes: &b}, o)
}

// Interface reads what the interface value at a holds: two words, as a panic or
// a variable of type any has them. If methods is set the interface type has
// methods, and the first word leads to an itab instead of a type.
func (r *Reader) Interface(a core.Addr, methods bool, o Options) Value {
	d := r.decoder(o)
	v := Value{Type: "interface {}", Kind: reflect.Interface, Addr: a, Size: 16}
	if methods {
		v.Type = "interface"
	}
	d.iface(&v, place{addr: a}, methods, d.o.Depth)
	return v
}

func (r *Reader) tree(t Type, p place, o Options) Value {
	if t.s == nil {
		return Value{Addr: p.addr, Unreadable: "its type is not known"}
	}
	d := r.decoder(o)
	return d.value(t.s, p, d.o.Depth)
}

// A decoder reads one tree.
type decoder struct {
	*Reader
	o       Options
	text    int // bytes that may still be kept
	visits  int // slots that may still be looked at
	nesting int
	seen    map[visit]bool // what pointers have led to
}

type visit struct {
	a core.Addr
	s *shape
}

func (r *Reader) decoder(o Options) *decoder {
	o = o.withDefaults()
	return &decoder{Reader: r, o: o, text: MaxText, visits: maxVisits, seen: map[visit]bool{}}
}

// value reads the value of type s at p; depth pointers may still be followed.
func (d *decoder) value(s *shape, p place, depth int) Value {
	v := Value{Type: s.name, Kind: s.kind, Addr: p.addr, Size: s.size}
	d.o.Nodes--
	if d.nesting++; d.nesting > maxNesting {
		v.Unreadable = "nested too deep to be shown"
	} else if err := d.fill(&v, s, p, depth); err != nil {
		v.Unreadable = err.Error()
	} else {
		v.explain()
	}
	d.nesting--
	return v
}

// of is value for a type that is still to be read.
func (d *decoder) of(at ref, p place, depth int) Value {
	s, err := d.shape(at)
	if err != nil {
		d.o.Nodes--
		return Value{Addr: p.addr, Unreadable: err.Error()}
	}
	return d.value(s, p, depth)
}

func (d *decoder) fill(v *Value, s *shape, p place, depth int) error {
	switch s.kind {
	case reflect.String:
		return d.string(v, p)
	case reflect.Slice:
		return d.slice(v, s, p, depth)
	case reflect.Array:
		v.Len, v.Cap = s.len, s.len
		return d.elements(v, s.elem, p, depth)
	case reflect.Struct:
		return d.fields(v, s, p, depth)
	case reflect.Pointer:
		return d.pointer(v, s, p, depth)
	case reflect.UnsafePointer:
		x, err := d.word(p)
		v.Pointer, v.Nil, v.Text = core.Addr(x), x == 0, hex(x)
		return err
	case reflect.Interface:
		d.iface(v, p, d.hasMethods(s), depth)
		return nil
	case reflect.Map:
		return d.mapping(v, s, p, depth)
	case reflect.Chan:
		return d.channel(v, s, p, depth)
	case reflect.Func:
		return d.function(v, p)
	}
	return d.basic(v, s, p)
}

// basic reads a number.
func (d *decoder) basic(v *Value, s *shape, p place) error {
	size := sizes[s.kind]
	if size == 0 || uint64(size) != s.size {
		return fmt.Errorf("%v of %d bytes", s.kind, s.size)
	}
	b, err := d.read(p, size)
	if err != nil {
		return err
	}
	var raw [16]byte
	copy(raw[:], b)
	x, y := binary.LittleEndian.Uint64(raw[:]), binary.LittleEndian.Uint64(raw[8:])
	shift := 64 - 8*min(size, 8)
	signed := int64(x<<shift) >> shift
	switch s.kind {
	case reflect.Bool:
		if x > 1 {
			v.Text, v.Note = strconv.FormatUint(x, 10), "no value that a bool has"
			return nil
		}
		v.Text = strconv.FormatBool(x != 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.Text = strconv.FormatInt(signed, 10)
	case reflect.Uintptr:
		v.Text = hex(x)
	case reflect.Float32:
		v.Text = float(float64(math.Float32frombits(uint32(x))), 32)
	case reflect.Float64:
		v.Text = float(math.Float64frombits(x), 64)
	case reflect.Complex64:
		v.Text = pair(float(float64(math.Float32frombits(uint32(x))), 32), float(float64(math.Float32frombits(uint32(x>>32))), 32))
	case reflect.Complex128:
		v.Text = pair(float(math.Float64frombits(x), 64), float(math.Float64frombits(y), 64))
	default:
		v.Text = strconv.FormatUint(x, 10)
	}
	return nil
}

var sizes = [...]int{
	reflect.Bool: 1, reflect.Int: 8, reflect.Int8: 1, reflect.Int16: 2, reflect.Int32: 4, reflect.Int64: 8,
	reflect.Uint: 8, reflect.Uint8: 1, reflect.Uint16: 2, reflect.Uint32: 4, reflect.Uint64: 8, reflect.Uintptr: 8,
	reflect.Float32: 4, reflect.Float64: 8, reflect.Complex64: 8, reflect.Complex128: 16,
	reflect.UnsafePointer: 0,
}

func hex(x uint64) string { return "0x" + strconv.FormatUint(x, 16) }

func float(f float64, bits int) string { return strconv.FormatFloat(f, 'g', -1, bits) }

func pair(re, im string) string {
	if im[0] != '-' && im[0] != '+' {
		im = "+" + im
	}
	return "(" + re + im + "i)"
}

// string reads a string.
func (d *decoder) string(v *Value, p place) error {
	var err error
	if v.Len, err = d.word(p.plus(8)); err != nil {
		return err
	}
	data, err := d.word(p)
	if err != nil {
		return err
	}
	v.Pointer = core.Addr(data)
	return d.quoted(v, place{addr: v.Pointer})
}

// quoted makes the v.Len bytes at p the text of v.
func (d *decoder) quoted(v *Value, p place) error {
	if v.Len > math.MaxInt64 {
		return fmt.Errorf("length %d", int64(v.Len))
	}
	n := int(min(v.Len, uint64(d.o.Text), uint64(d.text)))
	b, err := d.read(p, n)
	if v.Len == 0 {
		b, err = nil, nil
	}
	if err != nil {
		return err
	}
	if uint64(n) < v.Len { // not in the middle of a letter
		for k := 1; k < utf8.UTFMax && n-k >= 0; k++ {
			if utf8.RuneStart(b[n-k]) {
				if !utf8.FullRune(b[n-k:]) {
					n -= k
				}
				break
			}
		}
		b = b[:n]
		v.Elided = v.Len - uint64(n)
	}
	d.text -= n
	v.Text = strconv.Quote(string(b))
	return nil
}

func (d *decoder) slice(v *Value, s *shape, p place, depth int) error {
	var err error
	if v.Len, err = d.word(p.plus(8)); err != nil {
		return err
	}
	if v.Cap, err = d.word(p.plus(16)); err != nil {
		return err
	}
	data, err := d.word(p)
	if err != nil {
		return err
	}
	v.Pointer, v.Nil = core.Addr(data), data == 0
	if v.Len > v.Cap || v.Cap > math.MaxInt64 {
		return fmt.Errorf("no slice: length %d, capacity %d", int64(v.Len), int64(v.Cap))
	}
	return d.elements(v, s.elem, place{addr: v.Pointer}, depth)
}

// elements reads the v.Len elements at p.
func (d *decoder) elements(v *Value, at ref, p place, depth int) error {
	if v.Len == 0 {
		return nil
	}
	s, err := d.shape(at)
	if err != nil {
		return err
	}
	if s.kind == reflect.Uint8 {
		return d.quoted(v, p)
	}
	if s.size > math.MaxInt64/max(v.Len, 1) {
		return fmt.Errorf("%d elements of %d bytes", v.Len, s.size)
	}
	for i := range v.Len {
		if i >= uint64(d.o.Elements) || d.o.Nodes <= 0 {
			v.Elided = v.Len - i
			break
		}
		e := d.value(s, p.plus(i*s.size), depth)
		v.Children = append(v.Children, e)
		if e.Unreadable != "" && e.Text == "" && len(e.Children) == 0 && p.bytes == nil {
			v.Elided = v.Len - i - 1 // what follows is not there either
			break
		}
	}
	return nil
}

func (d *decoder) fields(v *Value, s *shape, p place, depth int) error {
	for i, f := range s.fields {
		if d.o.Nodes <= 0 {
			v.Elided = uint64(len(s.fields) - i)
			break
		}
		e := d.of(f.typ, p.plus(f.off), depth)
		e.Name = f.name
		v.Children = append(v.Children, e)
	}
	if s.cut {
		v.Note = "the type has more fields"
	}
	return nil
}

func (d *decoder) pointer(v *Value, s *shape, p place, depth int) error {
	x, err := d.word(p)
	if err != nil {
		return err
	}
	v.Pointer, v.Nil, v.Text = core.Addr(x), x == 0, hex(x)
	if x == 0 || depth == 0 || s.elem == (ref{}) {
		return nil
	}
	e, err := d.shape(s.elem)
	if err != nil { // void, or a type that nothing is known of
		return nil
	}
	d.follow(v, e, depth)
	return nil
}

// follow reads what v points to.
func (d *decoder) follow(v *Value, e *shape, depth int) {
	seen := visit{v.Pointer, e}
	switch {
	case d.seen[seen]:
		v.Note = "shown elsewhere"
	case d.o.Nodes <= 0:
		v.Elided = 1
	default:
		d.seen[seen] = true
		v.Children = []Value{d.value(e, place{addr: v.Pointer}, depth-1)}
	}
}

// function reads a func value: a pointer to a closure, whose first word is code.
// What it has captured no table describes.
func (d *decoder) function(v *Value, p place) error {
	x, err := d.word(p)
	if err != nil {
		return err
	}
	if v.Pointer, v.Nil = core.Addr(x), x == 0; x == 0 {
		return nil
	}
	pc, err := d.word(place{addr: v.Pointer})
	if err != nil {
		return err
	}
	f, at, ok := d.w.FuncAt(core.Addr(pc))
	if !ok || at != f.Entry() {
		v.Text = hex(pc)
		v.Note = "not a function of the program"
		return nil
	}
	v.Text = f.Name()
	return nil
}
