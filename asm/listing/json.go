package listing

import (
	"strconv"

	"moho/asm"
	"moho/decode"
	"moho/gotab"
)

// kinds names what an instruction does to control, in moho/asm/v1.
var kinds = [...]string{
	decode.Next: "next", decode.Call: "call", decode.CallIndirect: "call", decode.Jump: "jump",
	decode.JumpIndirect: "jump", decode.Branch: "branch", decode.Return: "return", decode.Trap: "trap",
}

// appendJSON appends the function that l.fn describes as an item of
// moho/asm/v1, with a comma in front unless it is the first in dst.
func (l *lister) appendJSON(dst []byte, fn gotab.Func, code []byte) []byte {
	if len(dst) > 0 {
		dst = append(dst, ',', '\n')
	}
	dst = l.fn.AppendFields(append(dst, '{'))
	dst = append(append(append(dst, `,"arch":"`...), l.p.Arch().Name...), `","pcsp":[`...)
	rows, err := fn.SPRows()
	if err != nil {
		rows = nil // Describe has read them
	}
	for i, r := range rows {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(append(dst, '['), uint64(r.Start), 10)
		dst = strconv.AppendInt(append(dst, ','), int64(r.Value), 10)
		dst = append(dst, ']')
	}
	dst = append(dst, `],"insts":[`...)
	if l.dec == nil {
		return append(l.wasmJSON(dst, fn, code), "]}"...)
	}
	w := fn.Walk()
	lost := false
	var in decode.Inst
	for off := 0; off < len(code); {
		err := l.dec.Decode(code[off:], uint64(fn.Entry())+uint64(off), &in)
		at := w.At(uint32(off))
		if off > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"off":`...), int64(off), 10)
		dst = strconv.AppendInt(append(dst, `,"len":`...), int64(max(in.Len, 1)), 10)
		dst = append(dst, `,"sp":`...)
		if at.HasSP && !lost {
			dst = strconv.AppendInt(dst, int64(at.SP), 10)
		} else {
			dst = append(dst, "null"...)
		}
		kind := "unknown"
		if err == nil {
			kind = kinds[in.Flow]
		}
		dst = append(append(append(dst, `,"kind":"`...), kind...), `","file":`...)
		dst = asm.AppendString(dst, l.p.FileName(at.File))
		dst = strconv.AppendInt(append(dst, `,"line":`...), int64(at.Line), 10)
		dst = append(dst, `,"text":`...)
		if err != nil {
			dst = append(dst, `"?"`...)
			l.sum.Unknown++
		} else {
			l.text = l.dec.AppendText(l.text[:0], &in, l.opts.Syntax, l.names.Append)
			dst = asm.AppendString(dst, string(l.text))
			lost = lost || l.fn.Flags&asm.SPWrite != 0 && l.writesSP(&in)
		}
		dst = append(dst, '}')
		l.sum.Insts++
		off += max(in.Len, 1)
	}
	return append(dst, "]}"...)
}
