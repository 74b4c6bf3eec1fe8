package gostate

// noSignals reports whether the process is of an architecture without signals:
// then only a stack says that the program was ending itself.
func (w *World) noSignals() bool { return !w.arch.BytePC }

// ended is [World.Crash] where there are no signals. Registers need not be there:
// what ends a program runs on the system stack, and the goroutine's gobuf says
// from where.
func (w *World) ended() (Crash, bool) {
	for i := range w.ms {
		m := &w.ms[i]
		c := Crash{FaultFrame: -1}
		var words gWords
		if m.thread >= 0 {
			c.Thread = w.threads[m.thread].TID
			c.Goroutine = w.current(m, &words)
		} else if r := newReader(w); m.curg != 0 && r.read(m.curg) {
			c.Goroutine = new(Goroutine)
			r.resolve(c.Goroutine)
			words = r.words
		}
		c.explain(w, m, &words)
		if m.thread >= 0 && c.How == "" {
			if trap := w.proc.Threads()[m.thread].Trap; trap != "" {
				c.Reason, c.How = "trap at "+trap, "the engine's innermost frame"
			}
		}
		if c.How != "" {
			c.FaultFrame = c.blame()
			return c, true
		}
	}
	return Crash{}, false
}
