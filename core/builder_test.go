package core_test

import (
	"encoding/binary"

	"moho/core/internal/layout"
)

var le = binary.LittleEndian

// load is a PT_LOAD of a synthetic core.
type load struct {
	addr, size uint64
	data       []byte // what the file holds
	flags      uint32
}

// image is a synthetic core that a test can bend.
type image struct {
	machine  uint16
	loads    []load
	notes    []byte
	extended bool // count the program headers in a section header
}

// note appends a note.
func (m *image) note(name string, typ uint32, desc []byte) {
	b := le.AppendUint32(nil, uint32(len(name)+1))
	b = le.AppendUint32(b, uint32(len(desc)))
	b = le.AppendUint32(b, typ)
	b = append(append(b, name...), 0)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	b = append(b, desc...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	m.notes = append(m.notes, b...)
}

// thread appends NT_PRSTATUS with registers first, first+1, ….
func (m *image) thread(tid, signal int, first uint64) {
	n := 27
	if m.machine == layout.MachineARM64 {
		n = 34
	}
	d := make([]byte, layout.PRStatusSize(n))
	le.PutUint16(d[layout.PRCurSig:], uint16(signal))
	le.PutUint32(d[layout.PRPid:], uint32(tid))
	for i := range n {
		le.PutUint64(d[layout.PRReg+8*i:], first+uint64(i))
	}
	m.note("CORE", layout.NTPRStatus, d)
}

func (m *image) auxv(kv ...uint64) {
	var d []byte
	for _, v := range append(kv, 0, 0) {
		d = le.AppendUint64(d, v)
	}
	m.note("CORE", layout.NTAuxv, d)
}

func (m *image) files(fs ...string) { // "start end page name" without parsing: see file
	d := le.AppendUint64(nil, uint64(len(fs)))
	d = le.AppendUint64(d, 4096)
	var names []byte
	for i, f := range fs {
		start := 0x400000 + uint64(i)*0x10000
		d = le.AppendUint64(d, start)
		d = le.AppendUint64(d, start+0x10000)
		d = le.AppendUint64(d, uint64(i))
		names = append(append(names, f...), 0)
	}
	m.note("CORE", layout.NTFile, append(d, names...))
}

// bytes lays the core out as the kernel does: headers, notes, memory.
func (m *image) bytes() []byte {
	n := uint64(len(m.loads) + 1)
	b := make([]byte, layout.EhdrSize)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[layout.EhType:], layout.TypeCore)
	le.PutUint16(b[layout.EhMachine:], m.machine)
	le.PutUint32(b[layout.EhVersion:], 1)
	le.PutUint64(b[layout.EhPhoff:], layout.EhdrSize)
	le.PutUint16(b[layout.EhEhsize:], layout.EhdrSize)
	le.PutUint16(b[layout.EhPhentsize:], layout.PhdrSize)
	le.PutUint16(b[layout.EhPhnum:], uint16(n))
	off := layout.EhdrSize + n*layout.PhdrSize
	header := func(typ, flags uint32, off, addr, filesz, memsz uint64) {
		b = le.AppendUint32(b, typ)
		b = le.AppendUint32(b, flags)
		for _, v := range []uint64{off, addr, 0, filesz, memsz, 1} {
			b = le.AppendUint64(b, v)
		}
	}
	header(layout.PTNote, 0, off, 0, uint64(len(m.notes)), 0)
	off += uint64(len(m.notes))
	for _, l := range m.loads {
		header(layout.PTLoad, l.flags, off, l.addr, uint64(len(l.data)), l.size)
		off += uint64(len(l.data))
	}
	b = append(b, m.notes...)
	for _, l := range m.loads {
		b = append(b, l.data...)
	}
	if m.extended {
		le.PutUint16(b[layout.EhPhnum:], layout.PNXNum)
		le.PutUint64(b[layout.EhShoff:], uint64(len(b)))
		le.PutUint16(b[layout.EhShentsize:], layout.ShdrSize)
		le.PutUint16(b[layout.EhShnum:], 1)
		sh := make([]byte, layout.ShdrSize)
		le.PutUint32(sh[layout.ShInfo:], uint32(n))
		b = append(b, sh...)
	}
	return b
}

// sample is a small core in order.
func sample() *image {
	m := &image{machine: layout.MachineAMD64}
	m.thread(101, 11, 1000)
	ps := make([]byte, layout.PSSize)
	le.PutUint32(ps[layout.PSPid:], 100)
	copy(ps[layout.PSFName:], "prog")
	copy(ps[layout.PSArgs:], "prog -v ")
	m.note("CORE", layout.NTPRPSInfo, ps)
	si := make([]byte, layout.SISize)
	le.PutUint32(si[layout.SISigno:], 11)
	le.PutUint32(si[layout.SICode:], 1)
	le.PutUint64(si[layout.SIAddr:], 0xdead)
	m.note("CORE", layout.NTSigInfo, si)
	m.auxv(3, 0x400040, 9, 0x401000)
	m.files("/bin/prog", "/bin/prog", "/lib/other")
	m.note("CORE", layout.NTFPRegSet, make([]byte, 512))
	m.thread(102, 11, 2000)
	m.loads = []load{
		{0x400000, 0x2000, fillBytes(0x1000, 1), layout.FlagRead | layout.FlagExec},
		{0x500000, 0x1000, fillBytes(0x1000, 2), layout.FlagRead | layout.FlagWrite},
		{0x501000, 0x1000, fillBytes(0x1000, 3), layout.FlagRead | layout.FlagWrite},
		{0x600000, 0x1000, nil, 0},
		{0x700000, 0x800, fillBytes(0x800, 4), layout.FlagRead | layout.FlagWrite},
	}
	return m
}

func fillBytes(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = seed*31 + byte(i*5)
	}
	return b
}
