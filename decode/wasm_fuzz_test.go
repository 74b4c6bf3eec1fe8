package decode

import (
	"errors"
	"io"
	"testing"
)

// FuzzWASM: whatever the body, instructions follow each other without a gap to
// its end or to an error that a caller can tell; after an error nothing is said.
func FuzzWASM(f *testing.F) {
	f.Add([]byte{0, 0x0b})
	f.Add([]byte{1, 2, 0x7e, 0x02, 0x40, 0x20, 0, 0x0e, 1, 0, 0, 0x0b, 0x23, 0, 0x41, 8, 0x6b, 0x24, 0, 0x0b})
	f.Add([]byte{0, 0x41, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x1a, 0x0b})
	f.Add([]byte{0, 0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x0b})
	f.Add([]byte{0, 0x1f, 0x40, 1, 2, 0, 0x0b, 0x0b})
	for kind, args := range sampleArgs {
		for _, list := range wasmTable() {
			for n, o := range list {
				if o.args == kind && o.name != "" && n < 256 {
					f.Add(append(append([]byte{0, byte(n)}, args...), 0x0b, 0x0b))
					break
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w, err := NewWASM(body)
		if err != nil {
			if w != nil || !errors.Is(err, ErrCode) {
				t.Fatalf("%v, %v", w, err)
			}
			return
		}
		var in WASMInst
		var text []byte
		end := w.off
		for {
			err := w.Next(&in)
			if err != nil {
				if again := w.Next(&in); !errors.Is(again, err) && again.Error() != err.Error() {
					t.Fatalf("%v, then %v", err, again)
				}
				if !errors.Is(err, io.EOF) && !errors.Is(err, ErrCode) && !errors.Is(err, ErrUnknown) {
					t.Fatal(err)
				}
				if errors.Is(err, io.EOF) && end != len(body) {
					t.Fatalf("end at %d of %d", end, len(body))
				}
				if in.Len != 0 || in.Op != 0 || in.args != nil {
					t.Fatalf("after an error: %+v", in)
				}
				return
			}
			if in.Off != end || in.Len < 1 || in.Depth < 0 {
				t.Fatalf("%+v after %d", in, end)
			}
			end = in.Off + in.Len
			if text = w.AppendText(text[:0], &in, nil); len(text) == 0 {
				t.Fatal("no text")
			}
		}
	})
}
