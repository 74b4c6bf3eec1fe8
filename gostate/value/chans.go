package value

import (
	"fmt"
	"math"
	"reflect"

	"moho/core"
)

// channel reads a channel and what is buffered in it, the oldest first.
//
// Source: $GOROOT/src/runtime/chan.go (hchan), go1.21 to go1.27.
func (d *decoder) channel(v *Value, s *shape, p place, depth int) error {
	x, err := d.word(p)
	if err != nil {
		return err
	}
	if v.Pointer, v.Nil, v.Text = core.Addr(x), x == 0, hex(x); x == 0 {
		return nil
	}
	return d.buffered(v, s.elem, depth)
}

// Channel reads the channel at a, whose elements are of the type that the
// channel itself names.
func (r *Reader) Channel(a core.Addr, o Options) Value {
	d := r.decoder(o)
	v := Value{Type: "chan", Kind: reflect.Chan, Pointer: a, Text: hex(uint64(a)), Size: 8}
	elem, err := d.word(place{addr: a + core.Addr(d.w.Offsets().ChanElemType)})
	if err == nil {
		var e *shape
		if e, err = d.shape(ref{rt: core.Addr(elem)}); err == nil {
			v.Type = "chan " + e.name
			err = d.buffered(&v, e.at, d.o.Depth)
		}
	}
	if err != nil {
		v.Unreadable = err.Error()
	}
	return v
}

func (d *decoder) buffered(v *Value, elem ref, depth int) error {
	l := d.w.Offsets()
	var words [4]uint64
	for i, off := range [...]int32{l.ChanCount, l.ChanSize, l.ChanBuf, l.ChanRecvX} {
		x, err := d.word(place{addr: v.Pointer + core.Addr(off)})
		if err != nil {
			return err
		}
		words[i] = x
	}
	closed, err := d.read(place{addr: v.Pointer + core.Addr(l.ChanClosed)}, 4)
	if err != nil {
		return err
	}
	size, err := d.read(place{addr: v.Pointer + core.Addr(l.ChanElemSize)}, 2)
	if err != nil {
		return err
	}
	count, capacity, buf, next := words[0], words[1], words[2], words[3]
	if count > capacity || capacity > math.MaxInt64 || next > capacity {
		return fmt.Errorf("no channel: %d elements of %d", count, capacity)
	}
	e, err := d.shape(elem)
	if err != nil {
		return err
	}
	if have := uint64(size[0]) | uint64(size[1])<<8; have != e.size {
		return fmt.Errorf("no channel of %s: its elements have %d bytes", e.name, have)
	}
	v.Len, v.Cap, v.Closed = count, capacity, closed[0] != 0
	if capacity > 0 && e.size > math.MaxInt64/capacity {
		return fmt.Errorf("no channel: %d elements of %d bytes", capacity, e.size)
	}
	for i := range count {
		if i >= uint64(d.o.Elements) || d.o.Nodes <= 0 {
			v.Elided = count - i
			break
		}
		at := (next + i) % capacity
		v.Children = append(v.Children, d.value(e, place{addr: core.Addr(buf + at*e.size)}, depth))
	}
	return nil
}
