package postmortem

import (
	"iter"

	"moho/core"
	"moho/gostate"
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
