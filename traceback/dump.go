package traceback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"moho/evidence"
	"moho/gostate"
)

// ErrNone is wrapped when a text holds no goroutine.
var ErrNone = errors.New("neither a traceback nor a goroutine profile")

// Kinds of texts.
const (
	KindTraceback = "traceback"
	KindProfile   = "goroutine-profile"
)

// Options say how to read. The zero value is useful.
type Options struct {
	Progress func(done, total int64) // bytes of the first reading
}

// A Dump is what one text says of the goroutines of a program. It is read anew
// whenever they are asked for, so it takes no more memory for many than for few.
// A Dump is not safe for concurrent use.
type Dump struct {
	r      io.ReaderAt
	size   int64
	kind   string
	prefix prefix
	sites  *sites
	tally  tally
	dumps  int // in the text
	arch   string
	gaps   []evidence.Gap
	counts []gostate.Goroutine // of a profile
	build  evidence.BuildID
}

// Read reads a text of the given size.
//
// A log may hold several tracebacks. The last one that a dying program printed
// is taken; if none is of a dying program, the one with the most goroutines.
// The error wraps [ErrNone] when there is none.
func Read(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Dump, error) {
	d := &Dump{r: r, size: size, kind: KindTraceback, sites: newSites()}
	if ok, err := d.readProfile(); ok || err != nil {
		if err != nil {
			return nil, err
		}
		return d, nil
	}
	if ok, err := d.readCounts(ctx, o); ok || err != nil {
		if err != nil {
			return nil, err
		}
		return d, nil
	}
	d.prefix = findPrefix(newLines(io.NewSectionReader(r, 0, min(size, maxHead))))
	var best *tally
	cur := newTally(0)
	seen := newSeen()
	finish := func() {
		if cur.n > 0 && (best == nil || cur.better(best)) {
			best = cur
		}
	}
	s := d.scanner(ctx, o.Progress)
	s.yield = func(g *gostate.Goroutine) bool {
		if d.anew(s, cur, seen, g) {
			cur.reason, cur.crash = s.before, s.beforeCrash
			finish()
			d.dumps++
			cur, seen = newTally(d.dumps), newSeen()
			seen.add(g.ID)
		}
		cur.add(g, keptIDs, maxGroups)
		s.before, s.beforeCrash = s.reason, s.crash
		return true
	}
	if err := s.run(); err != nil {
		return nil, err
	}
	cur.reason, cur.crash = s.reason, s.crash
	finish()
	d.dumps++
	if best == nil && s.race {
		return nil, fmt.Errorf("%w: a report of the race detector, which shows two accesses and not what goroutines do", ErrNone)
	}
	if best == nil {
		return nil, fmt.Errorf("%w: no line of it begins a goroutine", ErrNone)
	}
	best.sort()
	d.tally, d.arch = *best, s.arch
	d.explain()
	return d, nil
}

// maxHead is how much of a text is looked at to learn what stands before every
// line of it.
const maxHead = 4 << 20

func (d *Dump) scanner(ctx context.Context, progress func(done, total int64)) *scanner {
	r := io.Reader(io.NewSectionReader(d.r, 0, d.size))
	return &scanner{
		lines: newLines(&watched{ctx: ctx, r: r, total: d.size, progress: progress}),
		sites: d.sites, prefix: d.prefix,
	}
}

// anew reports whether g is the first goroutine of another traceback in the
// same text: a reason stands before it, or its id has been there.
func (d *Dump) anew(s *scanner, cur *tally, seen *seen, g *gostate.Goroutine) bool {
	fresh := s.reason.fresh
	s.reason.fresh = false
	if fresh && len(s.before.text) > 0 && s.before.text[0] == s.reason.text[0] {
		fresh = false // two threads found out at once, and print at once
	}
	if g.Printed.Headless {
		return false
	}
	again := !seen.add(g.ID)
	return cur.n > 0 && (fresh || again)
}

// explain says what is not shown.
func (d *Dump) explain() {
	if d.dumps > 1 {
		d.gap("other tracebacks", fmt.Sprintf("the text holds %d; this is number %d, with %d goroutines", d.dumps, d.tally.index+1, d.tally.n))
	}
	if d.tally.cut > 0 {
		d.gap("goroutines", "the text begins or ends in the middle of a stack: what is missing of it is not known")
	}
}

func (d *Dump) gap(what, why string) {
	d.gaps = append(d.gaps, evidence.Gap{What: what, Why: why})
}

// Kind says what the text is: [KindTraceback] or [KindProfile].
func (d *Dump) Kind() string { return d.kind }

// Arch returns the architecture as GOARCH spells it, or "" where the text does
// not show it.
func (d *Dump) Arch() string { return d.arch }

// Version returns the Go release, which no text names: "".
func (d *Dump) Version() string { return "" }

// BuildID returns the ID of the program, which only profiles have.
func (d *Dump) BuildID() evidence.BuildID { return d.build }

// Gaps lists what could not be read.
func (d *Dump) Gaps() []evidence.Gap { return d.gaps }

// NumG returns how many goroutines the text tells of.
func (d *Dump) NumG() int { return d.tally.n }

// Crash returns what ended the program; false if the text does not say that
// anything did.
func (d *Dump) Crash() (gostate.Crash, bool) {
	c := crashOf(&d.tally.reason, d.tally.crash)
	return c, c.Reason != ""
}

// Sites returns every different call that was printed. The caller must not
// change it.
func (d *Dump) Sites() []Site { return d.sites.list }

// Goroutines yields the goroutines in the order in which they were printed. The
// value is reused for the next one. A profile yields one for each stack, with
// Printed.Count.
func (d *Dump) Goroutines() iter.Seq[*gostate.Goroutine] {
	return func(yield func(*gostate.Goroutine) bool) {
		if d.kind == KindProfile {
			for i := range d.counts {
				if !yield(&d.counts[i]) {
					return
				}
			}
			return
		}
		s := d.scanner(context.Background(), nil)
		cur, index, seen := &tally{}, 0, newSeen()
		s.yield = func(g *gostate.Goroutine) bool {
			defer func() { s.before = s.reason }()
			if d.anew(s, cur, seen, g) {
				index++
				cur, seen = &tally{}, newSeen()
				seen.add(g.ID)
			}
			cur.n++
			if index < d.tally.index {
				return true
			}
			return index == d.tally.index && yield(g)
		}
		s.run() // it was read before; what cannot be read now ends it
	}
}

// watched reports progress, and ends when the context does.
type watched struct {
	ctx         context.Context
	r           io.Reader
	done, total int64
	progress    func(done, total int64)
}

func (w *watched) Read(p []byte) (int, error) {
	if err := context.Cause(w.ctx); err != nil {
		return 0, err
	}
	n, err := w.r.Read(p)
	w.done += int64(n)
	if w.progress != nil {
		w.progress(w.done, w.total)
	}
	return n, err
}
