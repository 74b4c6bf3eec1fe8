package postmortem

import (
	"moho/arch"
	"moho/core"
	"moho/gostate"
)

// A Mapping says in an architecture's own words what the fields of a frame are
// there. FP is null where there is none.
type Mapping struct {
	PC  string  `json:"pc"`
	SP  string  `json:"sp"`
	CFA string  `json:"cfa"`
	Ret string  `json:"ret"`
	FP  *string `json:"fp"`
}

// NewMapping returns the mapping of an architecture.
func NewMapping(a *arch.Arch) *Mapping {
	f := a.Frame()
	m := &Mapping{PC: f.PC, SP: f.SP, CFA: f.CFA, Ret: f.Ret}
	if f.FP != "" {
		m.FP = &f.FP
	}
	return m
}

// LinkRegister returns the name of the register that holds a return address until
// the function stores it, "" where calls push theirs.
func LinkRegister(a *arch.Arch) string {
	if i := a.Index(arch.LR); i >= 0 {
		return a.Registers[i].Name
	}
	return ""
}

// appendUnified adds to a frame what it has on every architecture.
func (e *Encoder) appendUnified(b []byte, u *gostate.Unified) []byte {
	known := func(a core.Addr, why string) {
		if why != "" {
			b = append(b, "null"...)
		} else {
			b = append(appendHex(append(b, '"'), a), '"')
		}
	}
	b = append(b, `,"cfa":`...)
	known(u.CFA, "")
	b = append(b, `,"ret":`...)
	known(u.Ret, u.NoRet)
	b = append(b, `,"retAt":`...)
	if u.NoRet == "" && u.RetAt == 0 {
		b = appendString(b, LinkRegister(e.c.Process.Arch()))
	} else {
		known(u.RetAt, u.NoRet)
	}
	b = append(b, `,"fp":`...)
	known(u.FP, u.NoFP)
	noFP := u.NoFP
	if e.c.Process.Arch().Frame().FP == "" {
		noFP = "" // the mapping says so
	}
	if u.NoRet == "" && noFP == "" {
		return b
	}
	b = append(b, `,"unknown":{`...)
	if u.NoRet != "" {
		b = appendString(append(b, `"ret":`...), u.NoRet)
		if noFP != "" {
			b = append(b, ',')
		}
	}
	if noFP != "" {
		b = appendString(append(b, `"fp":`...), noFP)
	}
	return append(b, '}')
}
