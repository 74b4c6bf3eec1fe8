//go:build amd64 || arm64

package capture

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"moho/core/internal/layout"
	"moho/core/internal/proc"
)

var le = binary.LittleEndian

// notes builds the note segment.
type notes struct{ buf []byte }

// add appends one note.
func (n *notes) add(name string, typ uint32, desc []byte) {
	n.buf = le.AppendUint32(n.buf, uint32(len(name)+1))
	n.buf = le.AppendUint32(n.buf, uint32(len(desc)))
	n.buf = le.AppendUint32(n.buf, typ)
	n.buf = append(n.buf, name...)
	n.buf = append(n.buf, 0)
	n.pad()
	n.buf = append(n.buf, desc...)
	n.pad()
}

func (n *notes) pad() {
	for len(n.buf)%4 != 0 {
		n.buf = append(n.buf, 0)
	}
}

// collect makes the notes of a process whose threads are stopped, first the one
// that got sig. It returns the threads it has no registers of.
func collect(pid, first int, sig unix.Signal, maps []proc.VMA) (note []byte, without []int, err error) {
	var n notes
	if !n.status(pid, first, sig) {
		without = append(without, first)
	}
	n.info(pid)
	if si, err := proc.SigInfo(first); err == nil && sig != 0 {
		n.add("CORE", layout.NTSigInfo, si)
	}
	auxv, err := os.ReadFile(fmt.Sprintf("/proc/%d/auxv", pid))
	if err != nil {
		return nil, nil, err
	}
	n.add("CORE", layout.NTAuxv, auxv)
	n.files(maps)
	n.vectors(first)
	for _, tid := range proc.Tasks(pid) {
		if tid == first {
			continue
		}
		if !n.status(pid, tid, sig) {
			without = append(without, tid)
			continue
		}
		n.vectors(tid)
	}
	return n.buf, without, nil
}

// status adds NT_PRSTATUS of a stopped thread.
func (n *notes) status(pid, tid int, sig unix.Signal) bool {
	regs, err := proc.Regset(tid, layout.NTPRStatus)
	if err != nil || len(regs) == 0 {
		return false
	}
	st, err1 := proc.ReadStatus(pid, tid)
	s, err2 := proc.ReadStat(pid, tid)
	if err1 != nil || err2 != nil {
		return false
	}
	d := make([]byte, layout.PRReg+len(regs)+8)
	le.PutUint32(d[layout.PRSigno:], uint32(sig))
	le.PutUint16(d[layout.PRCurSig:], uint16(sig))
	le.PutUint64(d[layout.PRSigPnd:], st.Pending)
	le.PutUint64(d[layout.PRSigHld:], st.Blocked)
	le.PutUint32(d[layout.PRPid:], uint32(st.NSTID))
	le.PutUint32(d[layout.PRPPid:], uint32(s.PPID))
	le.PutUint32(d[layout.PRPGrp:], uint32(s.PGrp))
	le.PutUint32(d[layout.PRSid:], uint32(s.Session))
	for i, ticks := range []uint64{s.UTime, s.STime, s.ChildUTime, s.ChildSTime} {
		le.PutUint64(d[layout.PRUTime+16*i:], ticks/100)
		le.PutUint64(d[layout.PRUTime+16*i+8:], ticks%100*10000)
	}
	copy(d[layout.PRReg:], regs)
	le.PutUint32(d[layout.PRReg+len(regs):], 1) // pr_fpvalid
	n.add("CORE", layout.NTPRStatus, d)
	return true
}

// vectors adds the floating-point and vector registers of a stopped thread.
func (n *notes) vectors(tid int) {
	if b, err := proc.Regset(tid, layout.NTFPRegSet); err == nil && b != nil {
		n.add("CORE", layout.NTFPRegSet, b)
	}
	if b, err := proc.Regset(tid, layout.NTXState); err == nil && len(b) > 0 {
		n.add("LINUX", layout.NTXState, b)
	}
}

// info adds NT_PRPSINFO.
func (n *notes) info(pid int) {
	s, _ := proc.ReadStat(pid, pid)
	st, _ := proc.ReadStatus(pid, pid)
	args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	for i, c := range args {
		if c == 0 {
			args[i] = ' '
		}
	}
	d := make([]byte, layout.PSSize)
	d[layout.PSState] = byte(max(strings.IndexByte("RSDTZW", s.State), 0))
	d[layout.PSSName] = s.State
	d[layout.PSNice] = byte(s.Nice)
	le.PutUint64(d[layout.PSFlag:], s.Flags)
	le.PutUint32(d[layout.PSUid:], st.UID)
	le.PutUint32(d[layout.PSGid:], st.GID)
	le.PutUint32(d[layout.PSPid:], uint32(st.NSTID))
	le.PutUint32(d[layout.PSPPid:], uint32(s.PPID))
	le.PutUint32(d[layout.PSPGrp:], uint32(s.PGrp))
	le.PutUint32(d[layout.PSSid:], uint32(s.Session))
	copy(d[layout.PSFName:][:layout.PSFNameLen-1], s.Comm)
	copy(d[layout.PSArgs:][:layout.PSArgsLen-1], args)
	n.add("CORE", layout.NTPRPSInfo, d)
}

// files adds NT_FILE. Offsets are in pages of 4096 whatever the machine's page
// is, which the note says.
func (n *notes) files(maps []proc.VMA) {
	const unit = 4096
	var table, names []byte
	count := uint64(0)
	for _, v := range maps {
		if !v.File {
			continue
		}
		count++
		table = le.AppendUint64(table, v.Start)
		table = le.AppendUint64(table, v.End)
		table = le.AppendUint64(table, v.Off/unit)
		names = append(append(names, v.Name...), 0)
	}
	d := le.AppendUint64(nil, count)
	d = le.AppendUint64(d, unit)
	n.add("CORE", layout.NTFile, append(append(d, table...), names...))
}
