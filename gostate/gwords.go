package gostate

import (
	"encoding/binary"

	"moho/core"
	"moho/gostate/internal/layout"
)

// gWords is a g struct as it lies in memory: numbers, nothing resolved.
type gWords struct {
	addr             uint64
	lo, hi           uint64
	m                uint64
	panics           uint64
	schedSP, schedPC uint64
	schedG           uint64
	schedLR, schedBP uint64
	sysSP, sysPC     uint64
	sysBP            uint64
	status           status
	id               uint64
	waitSince        int64
	waitReason       uint8
	lockedM          uint64
	sig              uint32
	sigCode0         uint64
	sigCode1         uint64
	sigPC            uint64
	parent           uint64
	goPC, startPC    uint64
	runningCleanups  bool
}

// readG reads the g at addr. It returns false when the core does not hold all
// of it.
func readG(v *view, l *layout.Layout, addr uint64, g *gWords) bool {
	b, ok := v.slice(core.Addr(addr), int(l.GSize))
	if !ok {
		*g = gWords{}
		return false
	}
	w := func(off layout.Off) uint64 {
		if off < 0 {
			return 0
		}
		return binary.LittleEndian.Uint64(b[off:])
	}
	*g = gWords{
		addr: addr,
		lo:   w(l.GStackLo), hi: w(l.GStackHi),
		m:      w(l.GM),
		panics: w(l.GPanic),

		schedSP: w(l.GSchedSP), schedPC: w(l.GSchedPC), schedG: w(l.GSchedG),
		schedLR: w(l.GSchedLR), schedBP: w(l.GSchedBP),
		sysSP: w(l.GSyscallSP), sysPC: w(l.GSyscallPC), sysBP: w(l.GSyscallBP),

		status:     status(binary.LittleEndian.Uint32(b[l.GStatus:])),
		id:         w(l.GID),
		waitSince:  int64(w(l.GWaitSince)),
		waitReason: b[l.GWaitReason],
		lockedM:    w(l.GLockedM),
		sig:        binary.LittleEndian.Uint32(b[l.GSig:]),
		sigCode0:   w(l.GSigCode0), sigCode1: w(l.GSigCode1), sigPC: w(l.GSigPC),
		parent: w(l.GParent), goPC: w(l.GGoPC), startPC: w(l.GStartPC),
	}
	if l.GRunCleanups >= 0 {
		g.runningCleanups = b[l.GRunCleanups] != 0
	}
	return true
}

// maxStack is the largest stack that a runtime allocates (debug.SetMaxStack may
// ask for more than its default of 1 GB; copying then doubles it).
const maxStack = 1 << 36

// plausible reports whether g can be a goroutine that exists: what every
// runtime keeps true of one, and random memory does not. A dead g keeps only
// part of it.
func (g *gWords) plausible() bool {
	if !g.status.known() || g.addr%8 != 0 {
		return false
	}
	if g.status.dead() {
		return g.schedG == g.addr || g.schedG == 0
	}
	return g.schedG == g.addr && g.lo < g.hi && g.hi-g.lo <= maxStack && g.id != 0
}

func (g *gWords) onStack(sp uint64) bool { return g.lo <= sp && sp < g.hi }
