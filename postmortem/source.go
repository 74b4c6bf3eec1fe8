package postmortem

import (
	"iter"

	"moho/core"
	"moho/gostate"
	"moho/gotab"
)

// A Source is where the goroutines of a case come from: the memory of a
// process ([gostate.World]), or what the program printed of them. What a text
// does not say has its zero value there and is unknown; [gostate.Goroutine]
// tells by Printed which of both it is.
type Source interface {
	NumG() int
	Goroutines() iter.Seq[*gostate.Goroutine]
	Groups(gostate.GroupOptions) (groups []gostate.Group, rest int)
	Version() string // Go release, or ""
}

// Source returns the goroutines of the case, or nil when none can be read; Gaps
// say why.
func (c *Case) Source() Source {
	if c.World != nil {
		return c.World
	}
	if c.Text != nil {
		return c.Text
	}
	return nil
}

// signal returns the signal that ended the process.
func (c *Case) signal() (core.Signal, bool) {
	if c.Process != nil {
		return c.Process.Signal()
	}
	s := c.crash.Signal
	return s, s.Number != 0
}

// table returns Go's tables of the executable, or nil.
func (c *Case) table() *gotab.Table {
	if c.World != nil {
		return c.World.Table()
	}
	if c.Exe == nil {
		return nil
	}
	t, err := gotab.Open(c.Exe)
	if err != nil {
		return nil
	}
	return t
}
