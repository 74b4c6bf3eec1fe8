package frame

import (
	"moho/evidence"
	"moho/gotab"
)

// ofTables returns what the tables say of a function whose code is not read: on
// wasm, where an offset in pcsp is the number of a resume block.
func (l *Layouts) ofTables(fn gotab.Func, f Frame) (Frame, error) {
	const why = "code of this architecture is not followed"
	rows, err := fn.SPRows()
	if err != nil {
		return Frame{}, err
	}
	f.SP = rows
	for _, row := range rows {
		f.Max = max(f.Max, int64(row.Value))
	}
	f.Frame = f.Max
	f.DeferReturn = fn.DeferReturn()
	f.Calls, f.Ranges = []Call{}, []Range{}
	f.Opens = Shape{Check: l.p.StackCheck(fn), Words: "unknown: " + why}
	f.Text = Text{
		Symbol: symbolName(f.Name), ABI: derived(abi0, "wasm has no other"), Args: argsFact(fn),
		Size:  derived(f.Max, "all that SP is lowered by; nothing is added to it"),
		Flags: append([]Flag{{Name: "NOSPLIT", How: evidence.Unknown, Why: why}, {Name: "NEEDCTXT", How: evidence.Unknown, Why: why}}, l.flagFacts(fn)...),
	}
	f.gap("calls and what the code keeps where", why)
	high := int64(8)
	if f.Text.Args.Known() {
		high += f.Text.Args.Value
	}
	var lay layout
	lay.put(Slot{Off: 0, Size: 8, Kind: ReturnPC, How: evidence.Derived, Why: "the caller pushes it"})
	l.recordedSlots(&lay, fn, &f)
	argSlots(&lay, fn, &f)
	lay.rest(-f.Max, high)
	l.markPointers(&lay, fn, &f)
	f.Slots = lay.slots
	return f, nil
}
