package spflow_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"moho/gotab"
	"moho/internal/testbin"
)

func wasmTargets() []testbin.Config {
	targets := []testbin.Config{
		{GOOS: "js", GOARCH: "wasm"},
		{GOOS: "wasip1", GOARCH: "wasm", Mode: testbin.Stripped},
	}
	if testbin.IsLong() {
		for _, v := range testbin.Releases {
			targets = append(targets, testbin.Config{Go: v, GOOS: "js", GOARCH: "wasm"})
		}
	}
	return targets
}

// TestWASM proves what a module says. Only functions written by hand that go to
// another stack set SP to what was not computed from it.
func TestWASM(t *testing.T) {
	for _, c := range wasmTargets() {
		t.Run(c.String(), func(t *testing.T) {
			r, p := verify(t, testbin.Build(t, testbin.Toy(t), c))
			if len(r.Mismatches) > 0 || len(r.Doubts) > 0 {
				t.Errorf("mismatches %+v, doubts %+v", r.Mismatches, r.Doubts)
			}
			var skipped []string
			for _, s := range r.Skipped {
				skipped = append(skipped, s.Name+": "+s.Why)
				if s.Why == "has no code" {
					continue
				}
				byHand := slices.ContainsFunc(p.Table.FuncNamed(s.Name), func(fn gotab.Func) bool { return fn.Flags()&gotab.Asm != 0 })
				if !byHand || !strings.HasPrefix(s.Why, "SP is written in a way that was not followed") {
					t.Errorf("skipped %+v", s)
				}
			}
			if r.Functions != p.Table.NumFunc() || r.Verified+len(r.Skipped) != r.Functions || len(r.Skipped) > 12 {
				t.Errorf("%d functions of %d, %d verified, %d skipped", r.Functions, p.Table.NumFunc(), r.Verified, len(r.Skipped))
			}
			unreached := int64(0)
			for _, g := range r.Unreached {
				unreached += int64(g.Insts)
			}
			if r.Reached+r.Filler+unreached != r.Instructions || unreached*300 > r.Instructions || r.Checked < int64(10*r.Functions) {
				t.Errorf("%d instructions: %d reached, %d filler, %d unreached; %d places checked", r.Instructions, r.Reached, r.Filler, unreached, r.Checked)
			}
			t.Logf("%d functions, %d verified, %d skipped %q; %d instructions, %d unreached in %d functions, %d places checked",
				r.Functions, r.Verified, len(r.Skipped), skipped, r.Instructions, unreached, len(r.Unreached), r.Checked)
		})
	}
}

// TestWASMMutants changes the constant that a frame is made with.
func TestWASMMutants(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	m := &mutant{data: readAll(t, testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "js", GOARCH: "wasm"}))}
	m.p = m.reopen(t)
	fns := slices.Collect(m.p.Functions())
	r.Shuffle(len(fns), func(i, j int) { fns[i], fns[j] = fns[j], fns[i] })
	done, want := 0, samples()/4 // to open a module again takes long
	for _, fn := range fns {
		body, ok := m.p.WASMBody(fn)
		if done == want {
			return
		}
		most, err := fn.MaxSPDelta()
		if err != nil {
			t.Fatal(err)
		}
		if !ok || most < 16 || most >= 64 || fn.Flags()&gotab.Asm != 0 {
			continue
		}
		// local.get 1; i32.const n; i32.sub; local.tee 1; global.set 0
		i := bytes.Index(body, []byte{0x20, 1, 0x41, byte(most), 0x6b, 0x22, 1, 0x24, 0})
		at := bytes.Index(m.data, body)
		if i < 0 || at < 0 {
			continue
		}
		m.data[at+i+3] ^= 8
		m.fails(t, fn, "the frame's size")
		m.data[at+i+3] ^= 8
		done++
	}
	t.Errorf("only %d functions were broken", done)
}
