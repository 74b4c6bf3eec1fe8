package decode

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"moho/arch"
)

func FuzzAMD64(f *testing.F) { fuzzDecode(f, arch.AMD64, amd64Effects) }
func FuzzARM64(f *testing.F) { fuzzDecode(f, arch.ARM64, arm64Effects) }

// fuzzDecode: whatever the bytes, Decode goes on; what it says does not depend
// on what was read before, nor on what follows the instruction; text is there
// in every syntax.
func fuzzDecode(f *testing.F, a *arch.Arch, seeds []want) {
	var all []byte
	for _, s := range seeds {
		b, err := hex.DecodeString(strings.ReplaceAll(s.code, " ", ""))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		all = append(all, b...)
	}
	f.Add(all)
	warm, err := New(a)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, code []byte) {
		var in, again Inst
		for pc := uint64(0x1000); len(code) > 0; code, pc = code[in.Len:], pc+uint64(in.Len) {
			err := warm.Decode(code, pc, &in)
			if in.Len < 1 || in.Len > len(code) || in.PC != pc {
				t.Fatalf("% x: length %d at %#x", code, in.Len, in.PC)
			}
			if err != nil {
				if !errors.Is(err, ErrUnknown) || in != (Inst{PC: pc, Len: in.Len}) {
					t.Fatalf("% x: %v, %+v", code, err, in)
				}
				continue
			}
			cold := warm.cold()
			short := bytes.Clone(code[:in.Len])
			if err := cold.Decode(short[:in.Len:in.Len], pc, &again); err != nil {
				t.Fatalf("% x: only with what follows: %v", short, err)
			}
			for _, s := range []Syntax{GoSyntax, GNUSyntax, IntelSyntax} {
				if s == IntelSyntax && a != arch.AMD64 {
					continue
				}
				one, two := warm.AppendText(nil, &in, s, nil), cold.AppendText(nil, &again, s, nil)
				if len(one) == 0 || one[0] == '?' || !bytes.Equal(one, two) {
					t.Fatalf("% x: %q, then %q", short, one, two)
				}
			}
			again.form = in.form
			if in != again {
				t.Fatalf("% x: %+v, then %+v", short, in, again)
			}
			if in.NEffect > len(in.Effects) || in.HasMem && in.Mem.Base != NoReg && !in.Uses.Has(in.Mem.Base) {
				t.Fatalf("% x: %+v", short, in)
			}
			for _, e := range in.Effects[:in.NEffect] {
				if e.Op != Store && !in.Defs.Has(e.Dst) || e.Op == Nothing {
					t.Fatalf("% x: %s of what is not defined", short, describe(a, &in))
				}
			}
		}
		if err := warm.Decode(nil, 0, &in); !errors.Is(err, ErrUnknown) || in.Len != 0 {
			t.Fatalf("nothing: %v, length %d", err, in.Len)
		}
	})
}

// cold returns a Decoder that has seen nothing, with a memo of one set: it
// forgets all the time.
func (d *Decoder) cold() *Decoder {
	return &Decoder{arch: d.arch, ops: d.ops, memo: newMemo(0)}
}
