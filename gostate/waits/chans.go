package waits

import (
	"moho/core"
	"moho/gostate"
)

// maxCases bounds the list of one select, which has no more cases.
//
// Source: $GOROOT/src/runtime/select.go (selectgo: 1 << 16), go1.27.
const maxCases = 1 << 16

// word returns the word at p, 0 when the core does not hold it.
func (a *analyzer) word(p uint64) uint64 {
	x, err := a.v.Word(core.Addr(p))
	if err != nil {
		return 0
	}
	return x
}

// channels notes the channels that g waits for: those of the sudogs that its g
// lists.
func (a *analyzer) channels(g *gostate.Goroutine, op Op) bool {
	sg := a.word(uint64(g.Addr) + uint64(a.l.GWaiting))
	found := false
	for n := 0; sg != 0 && n < maxCases && a.budget > 0; n++ {
		a.budget--
		if a.word(sg+uint64(a.l.SudogG)) != uint64(g.Addr) {
			break
		}
		c := a.traced(sg + uint64(a.l.SudogC))
		if c == 0 {
			break
		}
		dir := op
		if dir == NoOp {
			dir = a.direction(sg, c)
		}
		a.edge(objectKey{addr: c, kind: Channel}, dir)
		found = true
		sg = a.word(sg + uint64(a.l.SudogLink))
	}
	return found
}

// traced returns the pointer at p, which since Go 1.26 is there twice: the
// first time so that the collector sees it, and not while it looks for leaks.
//
// Source: $GOROOT/src/runtime/runtime2.go (maybeTraceablePtr), go1.26.
func (a *analyzer) traced(p uint64) uint64 {
	x := a.word(p)
	if x == 0 && a.l.Minor >= 26 {
		x = a.word(p + 8)
	}
	return x
}

// direction tells whether the sudog waits to receive from c or to send to it.
// A channel rarely has waiters on both sides; then the sudog's queue is walked
// to its head.
func (a *analyzer) direction(sg, c uint64) Op {
	recv, send := a.word(c+uint64(a.l.ChanRecvQ)), a.word(c+uint64(a.l.ChanSendQ))
	switch {
	case send == 0 && recv != 0:
		return Receive
	case recv == 0 && send != 0:
		return Send
	}
	for n := 0; n < maxCases && a.budget > 0; n++ {
		a.budget--
		switch sg {
		case 0:
			return NoOp
		case recv:
			return Receive
		case send:
			return Send
		}
		sg = a.word(sg + uint64(a.l.SudogPrev))
	}
	return NoOp
}

// A Chan is the state of a channel. Len of Cap elements are in its buffer.
// Type is the name of the elements' type, "" if it is not known. Timer is when
// it is sent to, in nanoseconds of the process's monotonic clock, for channels
// of package time since Go 1.23; 0 for others.
type Chan struct {
	Type      string
	ElemSize  uint16
	Len, Cap  uint64
	Closed    bool
	Receivers int
	Senders   int
	Timer     int64
}

// channel reads the hchan at c.
func (a *Analysis) channel(c uint64) *Chan {
	l, v := a.w.Offsets(), a.w.Process().View()
	b, err := v.Slice(core.Addr(c), int(l.ChanHead))
	if err != nil {
		return nil
	}
	ch := &Chan{
		Len: le64(b[l.ChanCount:]), Cap: le64(b[l.ChanSize:]), ElemSize: le16(b[l.ChanElemSize:]),
		Closed: le32(b[l.ChanClosed:]) != 0,
	}
	ch.Type = a.names.typeName(le64(b[l.ChanElemType:]))
	if l.ChanTimer >= 0 {
		if t := le64(b[l.ChanTimer:]); t != 0 {
			if when, err := v.Word(core.Addr(t + uint64(l.TimerWhen))); err == nil {
				ch.Timer = int64(when)
			}
		}
	}
	return ch
}
