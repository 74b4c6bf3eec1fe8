package debuginfo_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/arch"
	"moho/debuginfo"
	"moho/objfile"
)

// describe prints all that is said about a function.
func describe(f debuginfo.Func) (string, error) {
	var out strings.Builder
	b, err := f.Body()
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&out, "%s %#x..%#x line %d %v\n", f.Name(), f.Low, f.High, f.Line(), f.Unit().Language())
	for i, c := range b.Inlines {
		fmt.Fprintf(&out, "inline %d %s line %d in %d", i, c.Name, c.Line, c.Parent)
		for _, r := range c.Ranges {
			fmt.Fprintf(&out, " %#x..%#x", r.Low, r.High)
		}
		out.WriteString("\n")
	}
	for _, v := range b.Vars {
		fmt.Fprintf(&out, "%v %s in %d, %s of %d", v.Kind, v.Name, v.Inline, v.Type.Name(), v.Type.Size())
		for _, r := range v.Scope {
			fmt.Fprintf(&out, " %#x..%#x", r.Low, r.High)
		}
		out.WriteString("\n")
		locs, err := v.Locs()
		if err != nil {
			return "", err
		}
		for _, l := range locs {
			fmt.Fprintf(&out, "  %#x..%#x", l.Low, l.High)
			for _, p := range l.Pieces {
				path, _ := v.Type.PathAt(p.Off)
				fmt.Fprintf(&out, " %s:%d=%v", v.Name+path, p.Size, p.Kind)
				switch p.Kind {
				case debuginfo.Register:
					out.WriteString(" " + debuginfo.RegisterName(arch.AMD64, p.Reg))
				case debuginfo.Based:
					fmt.Fprintf(&out, " %s%+d", debuginfo.RegisterName(arch.AMD64, p.Reg), p.At)
				case debuginfo.None, debuginfo.Unknown:
				default:
					fmt.Fprintf(&out, " %+d", p.At)
				}
			}
			out.WriteString("\n")
		}
	}
	return out.String(), nil
}

const sampleWant = `main.f 0x401000..0x401040 line 3 go
inline 0 main.in line 9 in -1 0x401020..0x401030
param p in -1, main.pair of 32
  0x401000..0x401010 p.n:8=register rax p.xs[0]:8=none p.xs[1]:16=frame +0
  0x401010..0x401030 p.n:32=frame +8
  0x401030..0x401038 p.n:32=frameref -16
  0x401038..0x401040 p.n:8=based rsp+8 p.xs[0]:24=constant +5
local local in -1, int of 8 0x401010..0x401020 0x401030..0x401038
  0x401000..0x401040 local:8=frame -8
result r in 0, int of 8
  0x401000..0x401040 r:8=constant -1
`

func TestSample(t *testing.T) {
	d := openSample(t)
	f, ok, err := d.FuncAt(0x40103f)
	if err != nil || !ok {
		t.Fatal(f, ok, err)
	}
	got, err := describe(f)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleWant, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	b, err := f.Body()
	if err != nil {
		t.Fatal(err)
	}
	p := b.Vars[0]
	if k := p.Type.Kind(); k != reflect.Struct {
		t.Errorf("kind of p is %v", k)
	}
	for off, want := range map[uint64]string{0: ".n", 4: ".n+4", 8: ".xs[0]", 31: ".xs[2]+7", 32: "+32"} {
		if got, _ := p.Type.PathAt(off); got != want {
			t.Errorf("PathAt(%d) is %q, want %q", off, got, want)
		}
	}
	for pc, want := range map[objfile.Addr]debuginfo.PieceKind{0x401000: debuginfo.Register, 0x401010: debuginfo.Frame, 0x401030: debuginfo.FrameRef} {
		if ps, err := p.At(pc); err != nil || len(ps) == 0 || ps[0].Kind != want {
			t.Errorf("at %#x: %v, %v; want %v", pc, ps, err, want)
		}
	}
	if ps, err := p.At(0x401040); ps != nil || err != nil {
		t.Errorf("behind the function: %v, %v", ps, err)
	}
	for _, pc := range []objfile.Addr{0, 0x400fff, 0x401040, ^objfile.Addr(0)} {
		if _, ok, err := d.FuncAt(pc); ok || err != nil {
			t.Errorf("FuncAt(%#x): %v, %v", pc, ok, err)
		}
	}
	var frames []string
	for f, err := range d.CallFrames() {
		if err != nil {
			t.Fatal(err)
		}
		cfas, err := f.AppendCFAs(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cfas {
			frames = append(frames, fmt.Sprintf("%#x..%#x r%d%+d", c.Low, c.High, c.Reg, c.Off))
		}
	}
	if diff := cmp.Diff([]string{"0x401000..0x401004 r7+8", "0x401004..0x401014 r7+16", "0x401014..0x401024 r7+40", "0x401024..0x401040 r7+16"}, frames); diff != "" {
		t.Errorf("frames: want (-), got (+):\n%s", diff)
	}
	for u, err := range d.Units() {
		if err != nil || u.Name() != "main" || u.Version() != 5 || u.Language() != debuginfo.Go || u.Producer() != "" {
			t.Errorf("unit %q, version %d, %v, %v", u.Name(), u.Version(), u.Language(), err)
		}
	}
}
