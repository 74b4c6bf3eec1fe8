package decode

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"moho/arch"
)

// regName names a register for tests.
func regName(a *arch.Arch, r Reg) string {
	switch {
	case r == NoReg:
		return "-"
	case a == arch.AMD64:
		return amd64Names[r]
	case r == RSP:
		return "RSP"
	case r >= 32:
		return fmt.Sprintf("V%d", r-32)
	}
	return fmt.Sprintf("R%d", r)
}

func setString(a *arch.Arch, s RegSet) string {
	var names []string
	for r := range Reg(64) {
		if s.Has(r) {
			names = append(names, regName(a, r))
		}
	}
	return strings.Join(names, " ")
}

// describe writes everything about in that can be computed with.
func describe(a *arch.Arch, in *Inst) string {
	var b strings.Builder
	flows := []string{"", "call", "call*", "jump", "jump*", "branch", "return", "trap"}
	fmt.Fprintf(&b, "%d %s", in.Len, flows[in.Flow])
	if in.Target != 0 {
		fmt.Fprintf(&b, " %#x", in.Target)
	}
	for _, e := range in.Effects[:in.NEffect] {
		d, s, s2 := regName(a, e.Dst), regName(a, e.Src), regName(a, e.Src2)
		switch e.Op {
		case Set:
			fmt.Fprintf(&b, "; %s=%#x", d, e.N)
		case Copy:
			fmt.Fprintf(&b, "; %s=%s%+d", d, s, e.N)
		case Add:
			fmt.Fprintf(&b, "; %s=%s+%s", d, s, s2)
		case Sub:
			fmt.Fprintf(&b, "; %s=%s-%s", d, s, s2)
		case And:
			fmt.Fprintf(&b, "; %s=%s&%#x", d, s, e.N)
		case Load:
			fmt.Fprintf(&b, "; %s=[%s%+d]", d, s, e.N)
		case Store:
			fmt.Fprintf(&b, "; [%s%+d]=%s", d, e.N, s)
		case Swap:
			fmt.Fprintf(&b, "; %s<>%s", d, s)
		}
	}
	if in.HasMem {
		m := in.Mem
		fmt.Fprintf(&b, "; mem%d", m.Size)
		if m.Load {
			b.WriteByte('r')
		}
		if m.Store {
			b.WriteByte('w')
		}
		if m.TLS {
			b.WriteString(" tls")
		}
		if m.PCRel {
			fmt.Fprintf(&b, " %#x", m.Disp)
		} else {
			fmt.Fprintf(&b, " %d(%s)", m.Disp, regName(a, m.Base))
		}
		if m.Index != NoReg {
			fmt.Fprintf(&b, "(%s*%d)", regName(a, m.Index), m.Scale)
		}
	}
	fmt.Fprintf(&b, " | %s > %s", setString(a, in.Uses), setString(a, in.Defs))
	return strings.TrimSpace(b.String())
}

type want struct{ asm, code, want string }

// decodeAt decodes code, in hexadecimal, at 0x1000.
func decodeAt(t testing.TB, d *Decoder, code string) Inst {
	b, err := hex.DecodeString(strings.ReplaceAll(code, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	var in Inst
	if err := d.Decode(b, 0x1000, &in); err != nil {
		t.Errorf("%s: %v", code, err)
	}
	return in
}

func checkEffects(t *testing.T, a *arch.Arch, tests []want) {
	t.Helper()
	d, err := New(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		in := decodeAt(t, d, tt.code)
		if got := describe(a, &in); got != tt.want {
			t.Errorf("%-28s %s\n got %s\nwant %s", tt.asm, tt.code, got, tt.want)
		}
	}
}
