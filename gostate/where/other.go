package where

import (
	"moho/arch"
	"moho/core"
)

const (
	// auxVDSO is AT_SYSINFO_EHDR of the auxiliary vector: where the kernel put the
	// vDSO. auxRandom, AT_RANDOM, points into the stack of the main thread.
	auxVDSO   = 33
	auxRandom = 25

	// vsyscall is where amd64 has the vDSO's predecessor.
	vsyscall = 0xffffffffff600000
)

func (m *Map) vdso(pl *Place) bool {
	base, ok := m.p.Auxv()[auxVDSO]
	if pl.Region == nil || (!ok || pl.Region.Addr != core.Addr(base)) && pl.Region.Addr != vsyscall {
		return false
	}
	pl.Kind = VDSO
	return true
}

// file finds out whether a file was mapped there, other than the executable.
func (m *Map) file(pl *Place) bool {
	if pl.Region != nil && pl.Region.File != "" {
		pl.Kind, pl.File = File, pl.Region.File
		pl.FileOff = pl.Region.FileOff + int64(pl.Addr-pl.Region.Addr)
		return true
	}
	for _, mp := range m.p.Mappings() { // of those that the core has no region for
		if mp.Start <= pl.Addr && pl.Addr < mp.End {
			pl.Kind, pl.File = File, mp.File
			pl.FileOff = mp.Off + int64(pl.Addr-mp.Start)
			return true
		}
	}
	return false
}

// threadStack finds out whether a thread's stack pointer is in the same region:
// the stack of the main thread, or one that C made.
func (m *Map) threadStack(pl *Place) bool {
	if pl.Region == nil || !pl.Region.Write {
		return false
	}
	if m.mainStack(pl.Region) {
		pl.Kind = Stack
		return true
	}
	for _, t := range m.p.Threads() {
		sp, ok := t.Reg(m.p.Arch(), arch.SP)
		if ok && pl.Region.Addr <= core.Addr(sp) && core.Addr(sp) < pl.Region.End() {
			pl.Kind = Stack
			return true
		}
	}
	return false
}

// mainStack reports whether r is where the kernel put the stack of the first
// thread.
func (m *Map) mainStack(r *core.Region) bool {
	a, ok := m.p.Auxv()[auxRandom]
	return ok && r.Addr <= core.Addr(a) && core.Addr(a) < r.End()
}
