package listing

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"moho/asm"
	"moho/evidence"
	"moho/gotab"
	"moho/internal/cli"
)

// WriteJSON writes the functions fns, or all of p if fns is nil, as one object
// of moho/asm/v1. The array is streamed: a whole program does not wait in memory
// for its closing bracket. What cannot be read is a gap, at the end; the error is
// that of ctx or of w.
func WriteJSON(ctx context.Context, w io.Writer, p *asm.Program, fns []gotab.Func, o Options) (Summary, error) {
	o.JSON = true
	count := len(fns)
	if fns == nil {
		count = p.Table.NumFunc()
	}
	head, err := marshal(p.Header(asm.SchemaAsm, count))
	if err != nil {
		return Summary{}, err
	}
	if _, err := fmt.Fprintf(w, "%s,\"functions\":[\n", bytes.TrimSuffix(head, []byte("}"))); err != nil {
		return Summary{}, err
	}
	var sum Summary
	if fns == nil {
		sum, err = Stream(ctx, w, p, o)
	} else {
		sum, err = some(w, p, fns, o)
	}
	if err != nil {
		return Summary{}, err
	}
	gaps := sum.Gaps
	if gaps == nil {
		gaps = []evidence.Gap{}
	}
	tail, err := marshal(gaps)
	if err != nil {
		return Summary{}, err
	}
	_, err = fmt.Fprintf(w, "\n],\"complete\":%t,\"gaps\":%s}\n", len(gaps) == 0, tail)
	return sum, err
}

// some writes functions as Stream does all.
func some(w io.Writer, p *asm.Program, fns []gotab.Func, o Options) (Summary, error) {
	l, err := newLister(p, o)
	if err != nil {
		return Summary{}, err
	}
	for i, fn := range fns {
		text, err := l.function(nil, fn)
		if err != nil {
			l.gap(nil, fn.Index(), fn, err)
			continue
		}
		if i > 0 && l.sum.Functions > 1 {
			text = append([]byte(",\n"), text...)
		}
		if _, err := w.Write(text); err != nil {
			return Summary{}, err
		}
	}
	return l.sum, nil
}

func marshal(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return cli.AppendVisible(nil, text), nil
}
