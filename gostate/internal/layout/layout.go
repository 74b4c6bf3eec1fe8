// Package layout says where the Go runtime keeps the fields that moho reads,
// for each minor Go version and architecture.
//
// The table in table.go is generated: gostate/gen compiles a small program with
// each toolchain and reads the DWARF that it emits for its own runtime. (What
// moduledata looks like, package gotab knows.)
//
// # Untrusted input
//
// None: the offsets are constants of this package. That they fit a given core
// is for gostate to check; a core can say it is of any version.
//
// # Compatibility
//
// A minor version keeps its layout: between the first and the last patch
// release of 1.21 to 1.25 none of these fields moved.
package layout

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

//go:generate go run moho/gostate/gen -o table.go

// Off is the offset of a field in bytes from the start of its struct, or the
// size of a struct in bytes; -1 where this version has none.
type Off = int32

// A Layout is the runtime of one minor Go version on one architecture.
//
// The tag of a field is what its value is called in DWARF: a path of fields
// (runtime.g.sched.sp) or a struct's size (sizeof runtime.g).
type Layout struct {
	Minor int // 26 for Go 1.26
	Arch  string

	GSize        Off `dwarf:"sizeof runtime.g"`
	GStackLo     Off `dwarf:"runtime.g.stack.lo"`
	GStackHi     Off `dwarf:"runtime.g.stack.hi"`
	GPanic       Off `dwarf:"runtime.g._panic"`
	GDefer       Off `dwarf:"runtime.g._defer"`
	GM           Off `dwarf:"runtime.g.m"`
	GSchedSP     Off `dwarf:"runtime.g.sched.sp"`
	GSchedPC     Off `dwarf:"runtime.g.sched.pc"`
	GSchedG      Off `dwarf:"runtime.g.sched.g"`
	GSchedCtxt   Off `dwarf:"runtime.g.sched.ctxt"`
	GSchedLR     Off `dwarf:"runtime.g.sched.lr"`
	GSchedBP     Off `dwarf:"runtime.g.sched.bp"`
	GSyscallSP   Off `dwarf:"runtime.g.syscallsp"`
	GSyscallPC   Off `dwarf:"runtime.g.syscallpc"`
	GSyscallBP   Off `dwarf:"runtime.g.syscallbp"`
	GStkTopSP    Off `dwarf:"runtime.g.stktopsp"`
	GStatus      Off `dwarf:"runtime.g.atomicstatus"`
	GID          Off `dwarf:"runtime.g.goid"`
	GWaitSince   Off `dwarf:"runtime.g.waitsince"`
	GWaitReason  Off `dwarf:"runtime.g.waitreason"`
	GLockedM     Off `dwarf:"runtime.g.lockedm"`
	GSig         Off `dwarf:"runtime.g.sig"`
	GSigCode0    Off `dwarf:"runtime.g.sigcode0"`
	GSigCode1    Off `dwarf:"runtime.g.sigcode1"`
	GSigPC       Off `dwarf:"runtime.g.sigpc"`
	GParent      Off `dwarf:"runtime.g.parentGoid"`
	GGoPC        Off `dwarf:"runtime.g.gopc"`
	GStartPC     Off `dwarf:"runtime.g.startpc"`
	GWaiting     Off `dwarf:"runtime.g.waiting"`
	GLabels      Off `dwarf:"runtime.g.labels"`
	GRunCleanups Off `dwarf:"runtime.g.runningCleanups"`

	MSize    Off `dwarf:"sizeof runtime.m"`
	MG0      Off `dwarf:"runtime.m.g0"`
	MProcID  Off `dwarf:"runtime.m.procid"`
	MGSignal Off `dwarf:"runtime.m.gsignal"`
	MCurG    Off `dwarf:"runtime.m.curg"`
	MP       Off `dwarf:"runtime.m.p"`
	MID      Off `dwarf:"runtime.m.id"`
	MThrow   Off `dwarf:"runtime.m.throwing"`
	MDying   Off `dwarf:"runtime.m.dying"`
	MInCgo   Off `dwarf:"runtime.m.incgo"`
	MAllLink Off `dwarf:"runtime.m.alllink"`
	MLockedG Off `dwarf:"runtime.m.lockedg"`
	MVDSOSP  Off `dwarf:"runtime.m.vdsoSP"`
	MVDSOPC  Off `dwarf:"runtime.m.vdsoPC"`

	PanicSize       Off `dwarf:"sizeof runtime._panic"`
	PanicArg        Off `dwarf:"runtime._panic.arg"`
	PanicLink       Off `dwarf:"runtime._panic.link"`
	PanicRecovered  Off `dwarf:"runtime._panic.recovered"`
	PanicRepanicked Off `dwarf:"runtime._panic.repanicked"`
	PanicGoexit     Off `dwarf:"runtime._panic.goexit"`

	DeferSize Off `dwarf:"sizeof runtime._defer"`
	DeferSP   Off `dwarf:"runtime._defer.sp"`
	DeferPC   Off `dwarf:"runtime._defer.pc"`
	DeferFn   Off `dwarf:"runtime._defer.fn"`
	DeferLink Off `dwarf:"runtime._defer.link"`

	SudogG    Off `dwarf:"runtime.sudog.g"`
	SudogNext Off `dwarf:"runtime.sudog.next"`
	SudogElem Off `dwarf:"runtime.sudog.elem"`
	SudogLink Off `dwarf:"runtime.sudog.waitlink"`
	SudogC    Off `dwarf:"runtime.sudog.c"`

	ChanCount  Off `dwarf:"runtime.hchan.qcount"`
	ChanSize   Off `dwarf:"runtime.hchan.dataqsiz"`
	ChanClosed Off `dwarf:"runtime.hchan.closed"`
	ChanRecvQ  Off `dwarf:"runtime.hchan.recvq"`
	ChanSendQ  Off `dwarf:"runtime.hchan.sendq"`

	PID Off `dwarf:"runtime.p.id"`
	PM  Off `dwarf:"runtime.p.m"`

	WaitReasons []string // by the value of g.waitreason
}

// Names returns the DWARF names of the fields, in the order of Layout.
func Names() []string {
	t := reflect.TypeFor[Layout]()
	var names []string
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("dwarf"); tag != "" {
			names = append(names, tag)
		}
	}
	return names
}

// Oldest and Newest bound the minor versions of the table.
func Oldest() int { return minors[0] }
func Newest() int { return minors[len(minors)-1] }

// Lookup returns the layout for a minor version and GOARCH. If there is no
// table for that version it returns the nearest one and exact is false. It
// returns nil for an architecture without tables.
func Lookup(minor int, goarch string) (l *Layout, exact bool) {
	col, best := -1, 0
	for i, m := range minors {
		if d := abs(m - minor); col < 0 || d < best {
			col, best = i, d
		}
	}
	rows, ok := offsets[goarch]
	if !ok || col < 0 {
		return nil, false
	}
	l = &Layout{Minor: minors[col], Arch: goarch, WaitReasons: waitReasons[col]}
	v := reflect.ValueOf(l).Elem()
	row := 0
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("dwarf") == "" {
			continue
		}
		v.Field(i).SetInt(int64(rows[row].values[col]))
		row++
	}
	return l, best == 0
}

// ParseMinor reads the minor version off what a toolchain calls itself:
// "go1.26.8", "go1.27rc1 X:nodwarf5", "devel go1.28-abcdef …".
func ParseMinor(version string) (int, error) {
	_, rest, ok := strings.Cut(version, "go1.")
	digits := 0
	for digits < len(rest) && digits < 4 && '0' <= rest[digits] && rest[digits] <= '9' {
		digits++
	}
	if !ok || digits == 0 {
		return 0, fmt.Errorf("go version %q: want go1.N", version)
	}
	return strconv.Atoi(rest[:digits])
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
