package spflow

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"moho/arch"
	"moho/asm"
	"moho/gotab"
)

// A Rule is what a mismatch breaks.
type Rule string

const (
	Table  Rule = "table"  // the table gives another SP than the code
	Row    Rule = "row"    // a row of the table begins inside an instruction
	Join   Rule = "join"   // two paths bring different SPs
	Align  Rule = "align"  // SP is not a multiple of what the architecture asks for
	Return Rule = "return" // the function leaves with another SP than it came with
)

// A Mismatch is a run of neighbouring instructions at which code and table, or
// code and a rule of the architecture, disagree in the same way. SPs are bytes
// below SP at the entry.
type Mismatch struct {
	Name  string   `json:"name"`
	Entry gotab.PC `json:"-"`
	Off   uint32   `json:"off"`   // of the first instruction, from the entry
	Table int32    `json:"table"` // SP that the table gives; -1 where it has none
	Flow  int32    `json:"flow"`  // SP that the code makes
	Rule  Rule     `json:"rule"`
	Insts int      `json:"insts"` // how many instructions
}

// A Skip is a function of which not all could be proved, and why.
type Skip struct {
	Name string `json:"name"`
	Why  string `json:"why"`
	// Checked is how many of its instructions were compared all the same.
	Checked int `json:"checked"`
	Insts   int `json:"insts"`
}

// A Gap is a function with code that no path was found to.
type Gap struct {
	Name  string `json:"name"`
	Off   uint32 `json:"off"`   // of the first such instruction
	Insts int    `json:"insts"` // how many
}

// A Result is what is known about one function.
type Result struct {
	Name  string
	Entry gotab.PC

	Insts   int // instructions
	Reached int // those that paths from the entry reach
	// Assumed are further ones that are reached only by coming back from a call
	// that never does, or from a breakpoint. They were compared too; a difference
	// there is no mismatch, because it takes a debugger to see it, but a doubt.
	Assumed int
	Filler  int // further ones that fill up to where code is aligned
	Checked int // instructions at which SP is known and was compared

	Verified   bool // all that is reached was checked and agrees
	Mismatches []Mismatch
	Doubts     []Mismatch
	Why        string // why not all that is reached could be checked
	Gap        Gap    // if Gap.Insts > 0
}

// maxMismatches is how many mismatches of one function are told; the first says
// what is wrong, and a table that is off by one row is off everywhere after it.
const maxMismatches = 16

// A Report is what is known about all functions of a program.
type Report struct {
	Functions  int        `json:"functions"`
	Verified   int        `json:"verified"`
	Mismatches []Mismatch `json:"mismatches"`
	Doubts     []Mismatch `json:"doubts"` // where no path leads that a program takes by itself
	Skipped    []Skip     `json:"skipped"`

	Instructions int64 `json:"instructions"`
	Reached      int64 `json:"reached"`
	Assumed      int64 `json:"assumed"`
	Filler       int64 `json:"filler"`
	Checked      int64 `json:"checked"`
	Unreached    []Gap `json:"unreached"`
}

// Options say how to verify a whole program.
type Options struct {
	Workers  int                     // goroutines, by default one for each processor
	Progress func(done, total int64) // functions; called from one goroutine at a time
}

// ErrArch is wrapped when the program's code is not of an architecture whose
// instructions are followed.
var ErrArch = errors.New("code of this architecture is not followed")

// Verify follows and compares one function. The error is of a function whose
// code or table cannot be read; it wraps objfile.ErrFormat or ErrArch.
func Verify(p *asm.Program, fn gotab.Func) (Result, error) {
	v, err := New(p)
	if err != nil {
		return Result{}, err
	}
	return v.Verify(fn)
}

// chunk is how many functions a worker takes at a time: enough that taking is
// free, few enough that the last one does not keep the others waiting.
const chunk = 128

// VerifyAll follows and compares every function. Lists are in the order of the
// table whatever the number of workers. When ctx ends, so does VerifyAll, with
// its error.
func VerifyAll(ctx context.Context, p *asm.Program, o Options) (Report, error) {
	total := p.Table.NumFunc()
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	shared, err := newShared(p)
	if err != nil {
		return Report{}, err
	}
	parts := make([]Report, (total+chunk-1)/chunk)
	var next atomic.Int64
	var mu sync.Mutex // around Progress and done
	var done int64
	var wg sync.WaitGroup
	for range min(workers, len(parts)) {
		v, err := shared.verifier(workers == 1)
		if err != nil {
			return Report{}, err
		}
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(parts) {
					return
				}
				lo, hi := i*chunk, min((i+1)*chunk, total)
				v.part(&parts[i], lo, hi)
				if o.Progress != nil {
					mu.Lock()
					done += int64(hi - lo)
					o.Progress(done, int64(total))
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return Report{}, err
	}
	r := Report{Mismatches: []Mismatch{}, Doubts: []Mismatch{}, Skipped: []Skip{}, Unreached: []Gap{}}
	for i := range parts {
		r.add(&parts[i])
	}
	return r, nil
}

func (r *Report) add(part *Report) {
	r.Functions += part.Functions
	r.Verified += part.Verified
	r.Mismatches = append(r.Mismatches, part.Mismatches...)
	r.Skipped = append(r.Skipped, part.Skipped...)
	r.Instructions += part.Instructions
	r.Reached += part.Reached
	r.Assumed += part.Assumed
	r.Filler += part.Filler
	r.Doubts = append(r.Doubts, part.Doubts...)
	r.Checked += part.Checked
	r.Unreached = append(r.Unreached, part.Unreached...)
}

// part verifies functions lo to hi-1 into r.
func (v *Verifier) part(r *Report, lo, hi int) {
	for i := lo; i < hi; i++ {
		r.Functions++
		fn, err := v.p.Table.Func(i)
		var res Result
		if err == nil {
			res, err = v.Verify(fn)
		}
		if err != nil {
			name := ""
			if fn != (gotab.Func{}) {
				name = fn.Name()
			}
			r.Skipped = append(r.Skipped, Skip{Name: name, Why: err.Error()})
			continue
		}
		r.Instructions += int64(res.Insts)
		r.Reached += int64(res.Reached)
		r.Assumed += int64(res.Assumed)
		r.Filler += int64(res.Filler)
		r.Doubts = append(r.Doubts, res.Doubts...)
		r.Checked += int64(res.Checked)
		r.Mismatches = append(r.Mismatches, res.Mismatches...)
		if res.Gap.Insts > 0 {
			r.Unreached = append(r.Unreached, res.Gap)
		}
		switch {
		case res.Verified:
			r.Verified++
		case res.Why != "":
			r.Skipped = append(r.Skipped, Skip{Name: fn.Name(), Why: res.Why, Checked: res.Checked, Insts: res.Insts})
		}
	}
}

// A regs is what an architecture's registers are for.
type regs struct {
	sp, fp uint8
	align  int32
	push   int32 // what a call takes off SP for the callee
}

func regsOf(a *arch.Arch) (regs, bool) {
	switch a {
	case arch.AMD64:
		return regs{sp: 4, fp: 5, align: 8, push: 8}, true
	case arch.ARM64:
		return regs{sp: 31, fp: 29, align: 16}, true
	}
	return regs{}, false
}
