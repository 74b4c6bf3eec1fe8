package listing

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"moho/asm"
	"moho/decode"
	"moho/evidence"
	"moho/gotab"
)

// Options say how code is written. The zero value is Go's assembler and text.
type Options struct {
	Syntax   decode.Syntax
	JSON     bool // items of functions in moho/asm/v1, separated by commas
	Progress func(done, total int64)
}

// A Summary says what was written and what could not be read.
type Summary struct {
	Functions, Insts int
	Unknown          int // runs of bytes that are no known instruction
	Gaps             []evidence.Gap
}

// maxGaps is how many functions that can't be read are told one by one.
const maxGaps = 20

const (
	unitFuncs = 128 // functions in a unit of work
	forget    = 16  // units after which the pages that were read may go
)

// A unit is a run of functions and, when it is done, their text.
type unit struct {
	lo, hi int
	done   chan result
}

type result struct {
	text  []byte
	sum   Summary
	panic any // of the goroutine that made it
}

// Stream writes the code of every function of p to w, in order of entry. It
// stops at the first error of w and when ctx ends. What can't be read is in the
// Summary and named in the text.
func Stream(ctx context.Context, w io.Writer, p *asm.Program, o Options) (Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := runtime.GOMAXPROCS(0)
	var listers []*lister
	for range workers {
		l, err := newLister(p, o)
		if err != nil {
			return Summary{}, err
		}
		listers = append(listers, l)
	}
	total := p.Table.NumFunc()
	jobs, order := make(chan *unit), make(chan *unit, workers)
	free := make(chan []byte, 2*workers)
	for _, l := range listers {
		go l.work(jobs, free)
	}
	go func() {
		defer close(jobs)
		defer close(order)
		for lo := 0; lo < total; lo += unitFuncs {
			u := &unit{lo: lo, hi: min(lo+unitFuncs, total), done: make(chan result, 1)}
			select { // order first: its length bounds how many units there are
			case order <- u:
			case <-ctx.Done():
				return
			}
			jobs <- u
		}
	}()
	var sum Summary
	var failed error
	n := 0
	for u := range order {
		r := <-u.done
		if r.panic != nil {
			panic(r.panic) // of an input that shrank, or a bug: the caller knows
		}
		if failed == nil {
			failed = ctx.Err()
		}
		if failed == nil {
			if o.JSON && sum.Functions > 0 && len(r.text) > 0 {
				_, failed = io.WriteString(w, ",\n")
			}
			if failed == nil {
				_, failed = w.Write(r.text)
			}
			sum.add(r.sum)
		}
		if failed != nil {
			cancel()
			continue
		}
		select {
		case free <- r.text:
		default:
		}
		if n++; n%forget == 0 {
			p.File.Forget()
		}
		if o.Progress != nil {
			o.Progress(int64(u.hi), int64(total))
		}
	}
	if failed == nil {
		failed = ctx.Err() // it may have ended before the first unit
	}
	return sum, failed
}

func (s *Summary) add(t Summary) {
	s.Functions += t.Functions
	s.Insts += t.Insts
	s.Unknown += t.Unknown
	for _, g := range t.Gaps {
		if len(s.Gaps) < maxGaps {
			s.Gaps = append(s.Gaps, g)
		}
	}
}

// work lists units until there are no more.
func (l *lister) work(jobs <-chan *unit, free <-chan []byte) {
	debug.SetPanicOnFault(true) // see cmd/moho: an input may shrink while it is read
	for u := range jobs {
		var buf []byte
		select {
		case buf = <-free:
		default:
		}
		u.done <- l.unit(buf[:0], u)
	}
}

func (l *lister) unit(buf []byte, u *unit) (r result) {
	defer func() {
		if p := recover(); p != nil {
			r = result{panic: p}
		}
	}()
	l.sum = Summary{}
	for i := u.lo; i < u.hi; i++ {
		fn, err := l.p.Table.Func(i)
		if err == nil {
			buf, err = l.function(buf, fn)
		}
		if err != nil {
			buf = l.gap(buf, i, fn, err)
		}
	}
	return result{text: buf, sum: l.sum}
}

// gap writes that a function could not be read. fn may be the zero Func.
func (l *lister) gap(dst []byte, i int, fn gotab.Func, err error) []byte {
	what := fmt.Sprintf("function %d", i)
	if fn != (gotab.Func{}) {
		what = fn.Name()
	}
	l.sum.Gaps = append(l.sum.Gaps, evidence.Gap{What: what, Where: l.p.File.Name(), Why: err.Error()})
	if l.opts.JSON {
		return dst
	}
	return fmt.Appendf(dst, "TEXT %s: %s\n\n", escape(what), escape(err.Error()))
}
