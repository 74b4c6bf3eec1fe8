package frame

import "moho/gotab"

// debugSlots puts the variables that DWARF places in the frame.
func (l *Layouts) debugSlots(lay *layout, fn gotab.Func, f *Frame) {}
