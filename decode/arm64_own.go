package decode

import (
	"sort"
	"strconv"
	"strings"
	"sync"
)

// What arm64asm does not know, beyond the LSE atomics: each encoding with its
// text in Go's and in GNU's syntax. %d, %n, %m and %a stand for the numbers of
// the registers in bits 0, 5, 16 and 10; with X, W or S before them for general
// registers of 64 or 32 bits or one that may be SP; %6 and %c for the constants
// in bits 10 to 15 and 8 to 11, %9 for the signed one in bits 12 to 20 and %i
// for that times 16.
//
// Source: Arm Architecture Reference Manual, DDI 0487, chapter C4; names of Go:
// $GOROOT/src/cmd/internal/obj/arm64/anames.go, go1.26.
const ownARM64Lines = `
fffffc00 cec08000 SHA512SU0 V%n.D2, V%d.D2 | sha512su0 v%d.2d, v%n.2d
ffe0fc00 ce608800 SHA512SU1 V%m.D2, V%n.D2, V%d.D2 | sha512su1 v%d.2d, v%n.2d, v%m.2d
ffe0fc00 ce608000 SHA512H V%m.D2, V%n, V%d | sha512h q%d, q%n, v%m.2d
ffe0fc00 ce608400 SHA512H2 V%m.D2, V%n, V%d | sha512h2 q%d, q%n, v%m.2d
ffe0fc00 ce608c00 VRAX1 V%m.D2, V%n.D2, V%d.D2 | rax1 v%d.2d, v%n.2d, v%m.2d
ffe08000 ce000000 VEOR3 V%a.B16, V%m.B16, V%n.B16, V%d.B16 | eor3 v%d.16b, v%n.16b, v%m.16b, v%a.16b
ffe08000 ce200000 VBCAX V%a.B16, V%m.B16, V%n.B16, V%d.B16 | bcax v%d.16b, v%n.16b, v%m.16b, v%a.16b
ffe08000 ce400000 SM3SS1 V%a.S4, V%m.S4, V%n.S4, V%d.S4 | sm3ss1 v%d.4s, v%n.4s, v%m.4s, v%a.4s
ffe00000 ce800000 VXAR $%6, V%m.D2, V%n.D2, V%d.D2 | xar v%d.2d, v%n.2d, v%m.2d, #%6
fffffc00 cec08400 SM4E V%n.S4, V%d.S4 | sm4e v%d.4s, v%n.4s
ffe0fc00 ce60c800 SM4EKEY V%m.S4, V%n.S4, V%d.S4 | sm4ekey v%d.4s, v%n.4s, v%m.4s
ffe0fc00 ce60c000 SM3PARTW1 V%m.S4, V%n.S4, V%d.S4 | sm3partw1 v%d.4s, v%n.4s, v%m.4s
ffe0fc00 ce60c400 SM3PARTW2 V%m.S4, V%n.S4, V%d.S4 | sm3partw2 v%d.4s, v%n.4s, v%m.4s
fffff0ff d503405f MSR $%c, DIT | msr dit, #0x%c
fffff0ff d500407f MSR $%c, UAO | msr uao, #0x%c
fffff0ff d500409f MSR $%c, PAN | msr pan, #0x%c
fffff0ff d503403f MSR $%c, SSBS | msr ssbs, #0x%c
fffff0ff d503409f MSR $%c, TCO | msr tco, #0x%c
ffffffff d500401f CFINV | cfinv
ffffffff d500403f XAFLAG | xaflag
ffffffff d500405f AXFLAG | axflag
ffffffff d50330ff SB | sb
ffffffff d65f0bff RETAA | retaa
ffffffff d65f0fff RETAB | retab
ffffffff d69f0bff ERETAA | eretaa
ffffffff d69f0fff ERETAB | eretab
fffffc1f d61f081f BRAAZ (%Xn) | braaz %Xn
fffffc1f d61f0c1f BRABZ (%Xn) | brabz %Xn
fffffc1f d63f081f BLRAAZ (%Xn) | blraaz %Xn
fffffc1f d63f0c1f BLRABZ (%Xn) | blrabz %Xn
fffffc00 d71f0800 BRAA %Sd, (%Xn) | braa %Xn, %Sd
fffffc00 d71f0c00 BRAB %Sd, (%Xn) | brab %Xn, %Sd
fffffc00 d73f0800 BLRAA %Sd, (%Xn) | blraa %Xn, %Sd
fffffc00 d73f0c00 BLRAB %Sd, (%Xn) | blrab %Xn, %Sd
fffffc00 dac10000 PACIA %Sn, %Xd | pacia %Xd, %Sn
fffffc00 dac10400 PACIB %Sn, %Xd | pacib %Xd, %Sn
fffffc00 dac10800 PACDA %Sn, %Xd | pacda %Xd, %Sn
fffffc00 dac10c00 PACDB %Sn, %Xd | pacdb %Xd, %Sn
fffffc00 dac11000 AUTIA %Sn, %Xd | autia %Xd, %Sn
fffffc00 dac11400 AUTIB %Sn, %Xd | autib %Xd, %Sn
fffffc00 dac11800 AUTDA %Sn, %Xd | autda %Xd, %Sn
fffffc00 dac11c00 AUTDB %Sn, %Xd | autdb %Xd, %Sn
ffffffe0 dac123e0 PACIZA %Xd | paciza %Xd
ffffffe0 dac127e0 PACIZB %Xd | pacizb %Xd
ffffffe0 dac133e0 AUTIZA %Xd | autiza %Xd
ffffffe0 dac137e0 AUTIZB %Xd | autizb %Xd
ffffffe0 dac143e0 XPACI %Xd | xpaci %Xd
ffffffe0 dac147e0 XPACD %Xd | xpacd %Xd
ffe0fc00 9ac03000 PACGA %Sm, %Xn, %Xd | pacga %Xd, %Xn, %Sm
ffe0fc00 9ac01000 IRG %Xm, %Sn, %Sd | irg %Sd, %Sn, %Xm
ffe0fc00 9ac01400 GMI %Xm, %Sn, %Xd | gmi %Xd, %Sn, %Xm
ffe0fc00 9ac00000 SUBP %Sm, %Sn, %Xd | subp %Xd, %Sn, %Sm
ffe0fc00 bac00000 SUBPS %Sm, %Sn, %Xd | subps %Xd, %Sn, %Sm
fffffc00 f8bfc000 LDAPR (%Sn), %Xd | ldapr %Xd, [%Sn]
fffffc00 b8bfc000 LDAPRW (%Sn), %Xd | ldapr %Wd, [%Sn]
fffffc00 78bfc000 LDAPRH (%Sn), %Xd | ldaprh %Wd, [%Sn]
fffffc00 38bfc000 LDAPRB (%Sn), %Xd | ldaprb %Wd, [%Sn]
ffe00c00 d9400000 LDAPUR %9(%Sn), %Xd | ldapur %Xd, [%Sn, #%9]
ffe00c00 99400000 LDAPURW %9(%Sn), %Xd | ldapur %Wd, [%Sn, #%9]
ffe00c00 59400000 LDAPURH %9(%Sn), %Xd | ldapurh %Wd, [%Sn, #%9]
ffe00c00 19400000 LDAPURB %9(%Sn), %Xd | ldapurb %Wd, [%Sn, #%9]
ffe00c00 d9000000 STLUR %Xd, %9(%Sn) | stlur %Xd, [%Sn, #%9]
ffe00c00 99000000 STLURW %Xd, %9(%Sn) | stlur %Wd, [%Sn, #%9]
ffe00c00 59000000 STLURH %Xd, %9(%Sn) | stlurh %Wd, [%Sn, #%9]
ffe00c00 19000000 STLURB %Xd, %9(%Sn) | stlurb %Wd, [%Sn, #%9]
fffffc00 c8df7c00 LDLAR (%Sn), %Xd | ldlar %Xd, [%Sn]
fffffc00 c89f7c00 STLLR %Xd, (%Sn) | stllr %Xd, [%Sn]
ffe00c00 d9200800 STG %Sd, %i(%Sn) | stg %Sd, [%Sn, #%i]
ffe00c00 d9600800 STZG %Sd, %i(%Sn) | stzg %Sd, [%Sn, #%i]
ffe00c00 d9a00800 ST2G %Sd, %i(%Sn) | st2g %Sd, [%Sn, #%i]
ffe00c00 d9e00800 STZ2G %Sd, %i(%Sn) | stz2g %Sd, [%Sn, #%i]
ffe00c00 d9600000 LDG %i(%Sn), %Xd | ldg %Xd, [%Sn, #%i]
ffe0fc00 2e808400 VSQRDMLAH V%m.S2, V%n.S2, V%d.S2 | sqrdmlah v%d.2s, v%n.2s, v%m.2s
ffe0fc00 6e808400 VSQRDMLAH V%m.S4, V%n.S4, V%d.S4 | sqrdmlah v%d.4s, v%n.4s, v%m.4s
ffe0fc00 4e809400 VSDOT V%m.B16, V%n.B16, V%d.S4 | sdot v%d.4s, v%n.16b, v%m.16b
ffe0fc00 6e809400 VUDOT V%m.B16, V%n.B16, V%d.S4 | udot v%d.4s, v%n.16b, v%m.16b
ffe0fc00 0e809400 VSDOT V%m.B8, V%n.B8, V%d.S2 | sdot v%d.2s, v%n.8b, v%m.8b
ffe0fc00 2e809400 VUDOT V%m.B8, V%n.B8, V%d.S2 | udot v%d.2s, v%n.8b, v%m.8b
fffffc00 1e7e0000 FJCVTZS F%n, R%d | fjcvtzs %Wd, d%n
`

// An encoding is one line of ownARM64Lines.
type encoding struct {
	mask, value uint32
	text        [2]string // Go's syntax, GNU's
}

// ownEncodings are the lines, ordered by the top byte of their value, which no
// mask leaves out.
var ownEncodings = sync.OnceValue(func() []encoding {
	var list []encoding
	for line := range strings.Lines(ownARM64Lines) {
		bits, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		value, text, ok := strings.Cut(text, " ")
		if !ok {
			continue
		}
		m, _ := strconv.ParseUint(bits, 16, 32)
		v, _ := strconv.ParseUint(value, 16, 32)
		goText, gnu, _ := strings.Cut(text, " | ")
		list = append(list, encoding{uint32(m), uint32(v), [2]string{goText, gnu}})
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].value>>24 < list[j].value>>24 })
	return list
})

// findOwn returns the encoding of w, or nil.
func findOwn(w uint32) *encoding {
	list := ownEncodings()
	i := sort.Search(len(list), func(i int) bool { return list[i].value>>24 >= w>>24 })
	for ; i < len(list) && list[i].value>>24 == w>>24; i++ {
		if w&list[i].mask == list[i].value {
			return &list[i]
		}
	}
	return nil
}

// ownARM64 reports whether w is an instruction that arm64asm does not know.
func ownARM64(w uint32) bool {
	return w>>16 == 0 || lse(w) != notLSE || findOwn(w) != nil
}

// textOwn appends the text of what ownARM64 knows.
func (t *template) textOwn(w uint32, gnu bool) {
	if w>>16 == 0 {
		if gnu {
			t.str("udf\t#")
		} else {
			t.str("UDF $")
		}
		t.b = strconv.AppendUint(t.b, uint64(w), 10)
		return
	}
	if k := lse(w); k != notLSE {
		if gnu {
			t.gnuLSE(w, k)
		} else {
			t.goLSE(w, k)
		}
		return
	}
	e := findOwn(w)
	if e == nil {
		t.str("?")
		return
	}
	i := 0
	if gnu {
		i = 1
	}
	t.format(e.text[i], w, gnu)
}

// format appends f with its placeholders filled from w.
func (t *template) format(f string, w uint32, gnu bool) {
	if gnu {
		f = strings.Replace(f, " ", "\t", 1)
	}
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			t.b = append(t.b, f[i])
			continue
		}
		i++
		kind := byte(0)
		if c := f[i]; c == 'X' || c == 'W' || c == 'S' {
			kind = c
			i++
		}
		var n int64
		switch f[i] {
		case 'd':
			n = int64(field(w, 0, 5))
		case 'n':
			n = int64(field(w, 5, 5))
		case 'm':
			n = int64(field(w, 16, 5))
		case 'a':
			n = int64(field(w, 10, 5))
		case '6':
			n = int64(field(w, 10, 6))
		case 'c':
			n = int64(field(w, 8, 4))
		case '9':
			n = signed(w, 12, 9)
		case 'i':
			n = signed(w, 12, 9) * 16
		}
		if kind == 0 {
			t.b = strconv.AppendInt(t.b, n, 10)
		} else {
			t.general(uint32(n), kind, gnu)
		}
	}
}

// general appends general register n: X of 64 bits, W of 32, S of 64 where 31 is
// the stack pointer.
func (t *template) general(n uint32, kind byte, gnu bool) {
	switch {
	case gnu && n == 31:
		t.str(map[byte]string{'X': "xzr", 'W': "wzr", 'S': "sp"}[kind])
	case gnu && kind == 'W':
		t.num('w', int(n))
	case gnu:
		t.num('x', int(n))
	case n == 31 && kind == 'S':
		t.str("RSP")
	default:
		t.goGPR(n)
	}
}
