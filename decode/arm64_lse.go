package decode

// The atomics of the Large System Extensions, which Go's compiler emits
// wherever the processor may have them.

type lseKind uint8

const (
	notLSE lseKind = iota
	lseLoad
	lseSwap
	lseCAS
	lseCASP
)

// lse returns which kind of atomic w is.
func lse(w uint32) lseKind {
	switch {
	case w&0x3f200c00 == 0x38200000 && w>>26&1 == 0:
		switch op := field(w, 12, 4); {
		case op < 8:
			return lseLoad
		case op == 8:
			return lseSwap
		}
	case w&0x3fa07c00 == 0x08a07c00:
		return lseCAS
	case w&0xbfa07c00 == 0x08207c00 && w>>16&1 == 0 && w&1 == 0:
		return lseCASP
	}
	return notLSE
}

// ordering returns whether w acquires and releases.
func ordering(w uint32, k lseKind) (acquire, release bool) {
	if k == lseCAS || k == lseCASP {
		return w>>22&1 == 1, w>>15&1 == 1
	}
	return w>>23&1 == 1, w>>22&1 == 1
}

// goLSE appends w in Go's syntax: what is combined, the memory, what was there.
func (t *template) goLSE(w uint32, k lseKind) {
	size := field(w, 30, 2)
	switch k {
	case lseLoad:
		t.str([]string{"LDADD", "LDCLR", "LDEOR", "LDOR", "LDSMAX", "LDSMIN", "LDUMAX", "LDUMIN"}[field(w, 12, 3)])
	case lseSwap:
		t.str("SWP")
	case lseCAS:
		t.str("CAS")
	case lseCASP:
		t.str("CASP")
		size = size&1 + 2
	}
	acquire, release := ordering(w, k)
	if acquire {
		t.str("A")
	}
	if release {
		t.str("L")
	}
	t.b = append(t.b, "BHWD"[size], ' ')
	if k == lseCASP {
		t.goPair(w >> 16)
	} else {
		t.goGPR(w >> 16)
	}
	t.str(", (")
	t.general(field(w, 5, 5), 'S', false)
	t.str("), ")
	if k == lseCASP {
		t.goPair(w)
	} else {
		t.goGPR(w)
	}
}

// goPair appends the register in the low bits of n and the one after it.
func (t *template) goPair(n uint32) {
	t.b = append(t.b, '(')
	t.goGPR(n)
	t.str(", ")
	t.goGPR(n + 1)
	t.b = append(t.b, ')')
}

// gnuLSE appends w in GNU's syntax, by the shorter name where nothing is loaded.
func (t *template) gnuLSE(w uint32, k lseKind) {
	size := field(w, 30, 2)
	acquire, release := ordering(w, k)
	store := false
	switch k {
	case lseLoad:
		store = field(w, 0, 5) == 31 && !acquire
		if store {
			t.str("st")
		} else {
			t.str("ld")
		}
		t.str([]string{"add", "clr", "eor", "set", "smax", "smin", "umax", "umin"}[field(w, 12, 3)])
	case lseSwap:
		t.str("swp")
	case lseCAS:
		t.str("cas")
	case lseCASP:
		t.str("casp")
		size = size&1 + 2
	}
	if acquire {
		t.str("a")
	}
	if release {
		t.str("l")
	}
	kind := byte('W')
	switch size {
	case 0:
		t.str("b")
	case 1:
		t.str("h")
	case 3:
		kind = 'X'
	}
	t.str("\t")
	for _, shift := range []int{16, 0} {
		if shift == 0 && store {
			break
		}
		t.general(field(w, shift, 5), kind, true)
		t.str(", ")
		if k == lseCASP {
			t.general(field(w, shift, 5)+1, kind, true)
			t.str(", ")
		}
	}
	t.b = append(t.b, '[')
	t.general(field(w, 5, 5), 'S', true)
	t.b = append(t.b, ']')
}
