package wasmdump

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"moho/core"
	"moho/objfile/wasmbin"
)

// WriteTo writes d as a coredump. Of memory it writes the granules of 4 KiB that
// are not all zero. The error wraps [core.ErrFormat] when d can't be written: data
// that lies outside the memory or overlaps, globals that are no numbers.
func (d *Dump) WriteTo(w io.Writer) (int64, error) {
	for _, g := range d.Globals {
		if g.Type.Code != wasmbin.I32 && g.Type.Code != wasmbin.I64 {
			return 0, &core.FormatError{Name: d.Name, Off: -1, What: fmt.Sprintf("a global of type %s can't be written", g.Type)}
		}
	}
	for i, b := range d.Data {
		end := uint64(b.Addr) + uint64(len(b.Data))
		if end > uint64(d.Pages)*wasmbin.PageSize || i+1 < len(d.Data) && end > uint64(d.Data[i+1].Addr) {
			return 0, &core.FormatError{Name: d.Name, Off: -1, What: fmt.Sprintf("data at %#x, %d bytes, is outside the memory or not in order", uint64(b.Addr), len(b.Data))}
		}
	}
	out := &writer{w: w}
	out.write([]byte("\x00asm\x01\x00\x00\x00"))
	out.custom("core", named(d.Name))
	modules := d.Modules
	if len(modules) == 0 {
		modules = []string{d.Name}
	}
	body := binary.AppendUvarint(nil, uint64(len(modules)))
	for _, m := range modules {
		body = append(body, named(m)...)
	}
	out.custom("coremodules", body)
	body = []byte{1, 0, 0, 1, 0} // one instance, of module 0, with memory 0
	body = binary.AppendUvarint(body, uint64(len(d.Globals)))
	for i := range d.Globals {
		body = binary.AppendUvarint(body, uint64(i))
	}
	out.custom("coreinstances", body)
	if d.Frames != nil {
		out.custom("corestack", d.frames())
	}
	if id := d.BuildID.Go; id != "" {
		out.custom("go:buildid", []byte("\xff Go build ID: \""+id+"\"\n \xff"))
	}
	out.section(wasmbin.SecMemory, binary.AppendUvarint([]byte{1, 0}, uint64(d.Pages)))
	out.section(wasmbin.SecGlobal, d.globals())
	out.data(sparse(d.Data))
	return out.n, out.err
}

func named(name string) []byte {
	return append(binary.AppendUvarint([]byte{0}, uint64(len(name))), name...)
}

func (d *Dump) frames() []byte {
	body := named(d.Thread)
	body = binary.AppendUvarint(body, uint64(len(d.Frames)))
	for _, f := range d.Frames {
		body = append(body, 0, 0) // of instance 0
		body = binary.AppendUvarint(body, uint64(f.Func))
		body = binary.AppendUvarint(body, uint64(f.Offset))
		body = append(body, 0, 0) // no locals, no operands
	}
	return body
}

func (d *Dump) globals() []byte {
	body := binary.AppendUvarint(nil, uint64(len(d.Globals)))
	for _, g := range d.Globals {
		if g.Type.Code == wasmbin.I32 {
			body = appendSleb(append(body, wasmbin.I32, 0, 0x41), int64(int32(g.Bits)))
		} else {
			body = appendSleb(append(body, wasmbin.I64, 0, 0x42), int64(g.Bits))
		}
		body = append(body, 0x0b)
	}
	return body
}

func appendSleb(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

var zeroGranule [granule]byte

// sparse returns the pieces of data that are not zero: what is left when whole
// granules of zeros are cut out.
func sparse(data []core.Bytes) (out []core.Bytes) {
	for _, b := range data {
		start := -1 // of the piece in b.Data
		for at := 0; at < len(b.Data); {
			end := min(at+granule-int(uint64(b.Addr+core.Addr(at))%granule), len(b.Data))
			zero := bytes.Equal(b.Data[at:end], zeroGranule[:end-at])
			if !zero && start < 0 {
				start = at
			}
			if zero && start >= 0 {
				out = append(out, core.Bytes{Addr: b.Addr + core.Addr(start), Data: b.Data[start:at]})
				start = -1
			}
			at = end
		}
		if start >= 0 {
			out = append(out, core.Bytes{Addr: b.Addr + core.Addr(start), Data: b.Data[start:]})
		}
	}
	return out
}

// A writer writes sections; after the first error it writes nothing more.
type writer struct {
	w   io.Writer
	n   int64
	err error
}

func (w *writer) write(b []byte) {
	if w.err == nil {
		n, err := w.w.Write(b)
		w.n, w.err = w.n+int64(n), err
	}
}

func (w *writer) section(id byte, body []byte) {
	w.write(binary.AppendUvarint([]byte{id}, uint64(len(body))))
	w.write(body)
}

func (w *writer) custom(name string, body []byte) {
	w.section(wasmbin.SecCustom, append(append(binary.AppendUvarint(nil, uint64(len(name))), name...), body...))
}

// data writes the data section, whose size comes before its contents.
func (w *writer) data(segs []core.Bytes) {
	heads := make([][]byte, len(segs))
	count := binary.AppendUvarint(nil, uint64(len(segs)))
	size := uint64(len(count))
	for i, s := range segs {
		h := appendSleb([]byte{0, 0x41}, int64(int32(s.Addr)))
		heads[i] = binary.AppendUvarint(append(h, 0x0b), uint64(len(s.Data)))
		size += uint64(len(heads[i])) + uint64(len(s.Data))
	}
	if size > math.MaxUint32 && w.err == nil {
		w.err = &core.FormatError{Name: "coredump", Off: -1, What: fmt.Sprintf("%d bytes of data are more than a section can have", size)}
	}
	w.write(binary.AppendUvarint([]byte{wasmbin.SecData}, size))
	w.write(count)
	for i, s := range segs {
		w.write(heads[i])
		w.write(s.Data)
	}
}
