package postmortem

import (
	"context"
	"errors"
	"os"

	"moho/core/capture"
	"moho/evidence"
	"moho/gostate"
	"moho/gostate/heap"
)

// Redact writes to out, which must be empty, what of a core the questions about
// goroutines need: registers, stacks, the runtime's own structures and tables.
// Objects of the heap and the program's own variables are dropped. It returns
// what should have been kept and could not be found.
func Redact(ctx context.Context, corePath string, o Options, out *os.File) ([]evidence.Gap, error) {
	c, err := Open(ctx, corePath, o)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if c.World == nil || c.Exe == nil {
		return nil, errors.New("postmortem: without its executable it is not known what of a core is the runtime's; give EXE")
	}
	keep, err := gostate.Structures(c.Process, c.Exe)
	if err != nil {
		return nil, err
	}
	var gaps []evidence.Gap
	if h, err := heap.Open(c.World); err != nil {
		gaps = append(gaps, evidence.Gap{What: "tables of the heap", Where: corePath, Why: err.Error()})
	} else {
		keep = append(keep, h.Tables()...)
	}
	return gaps, capture.Redact(ctx, c.Process, keep, out)
}
