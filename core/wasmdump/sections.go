package wasmdump

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"moho/core"
	"moho/internal/bounded"
	"moho/objfile/wasmbin"
)

const (
	maxName    = 4096    // bytes of a name in a custom section; longer ones are no names
	maxFrames  = 1 << 16 // calls of a thread; engines stop at some ten thousand
	maxModules = 1 << 10 // modules and instances of a coredump; Go programs are one
)

// sections takes what there is from the custom sections. None of them is needed:
// one that is malformed is a gap.
func (d *Dump) sections(name string, m *wasmbin.Module) {
	all := m.Globals()
	pick := func(instances []instanceInfo) {
		for _, g := range all {
			d.Globals = append(d.Globals, g.Init)
		}
		if len(instances) == 0 {
			return
		}
		d.Globals = nil
		for _, i := range instances[0].globals {
			if int64(i) < int64(len(all)) {
				d.Globals = append(d.Globals, all[i].Init)
			}
		}
		if len(instances) > 1 {
			d.gap("instances", name, "the coredump is of %d, only the first is shown", len(instances))
		}
	}
	custom := func(section string, read func(c *cursor)) {
		b, ok := m.Custom(section)
		if !ok {
			return
		}
		c := &cursor{bounded.NewCursor(b, binary.LittleEndian)}
		if read(c); c.Err() != nil {
			d.gap("section "+section, name, "%v", c.Err())
		}
	}
	custom("core", func(c *cursor) {
		c.tag()
		d.Name = c.name()
	})
	custom("coremodules", func(c *cursor) {
		for n := c.count(2, maxModules); n > 0 && c.Err() == nil; n-- {
			c.tag()
			d.Modules = append(d.Modules, c.name())
		}
	})
	var instances []instanceInfo
	custom("coreinstances", func(c *cursor) { instances = c.instances() })
	pick(instances)
	if b, ok := m.Custom("corestack"); ok {
		d.stack(name, b, instances != nil)
	}
}

// stack reads the frames. Whether they say which instance they are of is not
// marked: the form that uses up the section is right, and if both do, the one
// that goes with a section of instances.
func (d *Dump) stack(name string, b []byte, instances bool) {
	thread, frames, err := readStack(b, instances)
	if err != nil {
		var other error
		if thread, frames, other = readStack(b, !instances); other != nil {
			d.gap("section corestack", name, "%v", err)
			return
		}
	}
	d.Thread, d.Frames = thread, frames
}

func readStack(b []byte, instances bool) (thread string, frames []Frame, err error) {
	c := &cursor{bounded.NewCursor(b, binary.LittleEndian)}
	c.tag()
	thread = c.name()
	frames = []Frame{}
	for n := c.count(5, maxFrames); n > 0 && c.Err() == nil; n-- {
		c.tag()
		if instances {
			c.u32()
		}
		f := Frame{Func: c.u32(), Offset: c.u32()}
		c.values()
		c.values()
		frames = append(frames, f)
	}
	switch {
	case c.Err() != nil:
		return "", nil, c.Err()
	case c.Len() > 0:
		return "", nil, fmt.Errorf("%d bytes are left over", c.Len())
	}
	return thread, frames, nil
}

type instanceInfo struct{ memories, globals []uint32 }

func (c *cursor) instances() []instanceInfo {
	out := []instanceInfo{}
	for n := c.count(4, maxModules); n > 0 && c.Err() == nil; n-- {
		c.tag()
		c.u32() // module
		out = append(out, instanceInfo{memories: c.indices(), globals: c.indices()})
	}
	if c.Err() != nil {
		return nil
	}
	return out
}

// A cursor reads what these sections are made of.
type cursor struct{ *bounded.Cursor }

// u32 reads a LEB128 number. One that is larger than 32 bits moves to the end.
func (c *cursor) u32() uint32 {
	v := c.Uvarint()
	if v > 1<<32-1 {
		c.Skip(uint64(c.Len()) + 1)
		return 0
	}
	return uint32(v)
}

// count reads the length of a vector of things of at least size bytes.
func (c *cursor) count(size, most uint64) uint32 {
	n := c.u32()
	if uint64(n) > most || !bounded.Fits(uint64(n), size, uint64(c.Len())) {
		c.Skip(uint64(c.Len()) + 1)
		return 0
	}
	return n
}

// tag reads the byte 0 that begins every record.
func (c *cursor) tag() {
	if c.U8() != 0 {
		c.Skip(uint64(c.Len()) + 1)
	}
}

func (c *cursor) name() string {
	n := c.u32()
	if n > maxName {
		c.Skip(uint64(c.Len()) + 1)
	}
	b := c.Bytes(uint64(n))
	if !utf8.Valid(b) {
		c.Skip(uint64(c.Len()) + 1)
		return ""
	}
	return string(b)
}

func (c *cursor) indices() (out []uint32) {
	for n := c.count(1, wasmbin.MaxGlobals); n > 0 && c.Err() == nil; n-- {
		out = append(out, c.u32())
	}
	return out
}

// values passes over the locals or operands of a frame: Go keeps nothing in them
// that is not in memory.
func (c *cursor) values() {
	for n := c.count(1, maxFrames); n > 0 && c.Err() == nil; n-- {
		switch c.U8() {
		case 0x01: // missing
		case wasmbin.I32, wasmbin.I64:
			c.Uvarint() // the sign does not matter to its length
		case wasmbin.F32:
			c.Skip(4)
		case wasmbin.F64:
			c.Skip(8)
		default:
			c.Skip(uint64(c.Len()) + 1)
		}
	}
}

var _ core.Image = (*instance)(nil)
