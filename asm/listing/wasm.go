package listing

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"moho/asm"
	"moho/decode"
	"moho/gotab"
)

// A wasmRow is one instruction of a WASM body with what the tables say of the
// resume block that it is in. Block is -1 outside of all; then nothing is known.
type wasmRow struct {
	in    decode.WASMInst
	at    gotab.Point
	start bool // of a block
}

// eachWASM calls show with each instruction of a body. Go's tables count resume
// blocks there, not bytes: the line is that of the block, and so is SP at its
// beginning; from there on it is followed through what the code does to it.
// Where the body cannot be read any further the error is shown as the last row.
func eachWASM(fn gotab.Func, body []byte, show func(w *decode.WASM, r *wasmRow, err error)) {
	var r wasmRow
	w, err := decode.NewWASM(body)
	if err != nil {
		show(nil, &r, err)
		return
	}
	walk, last, pushed := fn.Walk(), -1, false
	for {
		err := w.Next(&r.in)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			show(w, &r, err)
			return
		}
		r.start = r.in.Block > last
		switch {
		case r.start:
			last = r.in.Block
			r.at, pushed = walk.At(uint32(last)), false
		case r.in.Block < 0 && last < 0:
			r.at = gotab.Point{File: gotab.NoFile}
		}
		show(w, &r, nil)
		pushed = r.follow(pushed)
	}
}

// follow changes SP by what the instruction does. pushed says that a return
// address was stored below SP: the callee takes it off again.
func (r *wasmRow) follow(pushed bool) bool {
	const word = 8
	switch {
	case r.in.SetsSP && !r.in.SPKnown, r.in.Flow == decode.Return, r.in.Flow == decode.Trap:
		r.at.HasSP = false
	case r.in.SetsSP:
		r.at.SP -= int32(r.in.SPDelta)
		return r.in.SPDelta == -word
	case pushed && (r.in.Flow == decode.Call || r.in.Flow == decode.CallIndirect):
		r.at.SP -= word
		return false
	}
	return pushed
}

// maxIndent is how many blocks deep text is indented.
const maxIndent = 12

// wasm appends the body of fn: position, offset, resume block, SP, text.
func (l *lister) wasm(dst []byte, fn gotab.Func, body []byte) ([]byte, error) {
	eachWASM(fn, body, func(w *decode.WASM, r *wasmRow, err error) {
		dst = l.appendPlace(dst, r.at)
		dst = append(dst, '+')
		dst = asm.AppendHex(dst, uint64(r.in.Off))
		for n := len(strconv.FormatInt(int64(r.in.Off), 16)); n < 5; n++ {
			dst = append(dst, ' ')
		}
		block := ""
		if r.in.Block >= 0 {
			block = strconv.Itoa(r.in.Block)
		}
		for n := len(block); n < 5; n++ {
			dst = append(dst, ' ')
		}
		dst = append(dst, block...)
		dst = appendSP(dst, r.at, false)
		l.sum.Insts++
		if err != nil {
			l.sum.Unknown++
			dst = append(append(dst, "  ? "...), escape(err.Error())...)
		} else {
			dst = append(dst, ' ', ' ')
			for range min(r.in.Depth, maxIndent) {
				dst = append(dst, ' ')
			}
			dst = w.AppendText(dst, &r.in, l.p.WASMName)
		}
		dst = append(dst, '\n')
	})
	return append(dst, '\n'), nil
}

// wasmJSON appends the items of a body.
func (l *lister) wasmJSON(dst []byte, fn gotab.Func, body []byte) []byte {
	first := true
	eachWASM(fn, body, func(w *decode.WASM, r *wasmRow, err error) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = strconv.AppendInt(append(dst, `{"off":`...), int64(r.in.Off), 10)
		dst = strconv.AppendInt(append(dst, `,"len":`...), int64(max(r.in.Len, 1)), 10)
		dst = append(dst, `,"sp":`...)
		if r.at.HasSP {
			dst = strconv.AppendInt(dst, int64(r.at.SP), 10)
		} else {
			dst = append(dst, "null"...)
		}
		kind, text := "unknown", "?"
		if err == nil {
			kind, text = kinds[r.in.Flow], string(w.AppendText(nil, &r.in, l.p.WASMName))
		}
		dst = append(append(append(dst, `,"kind":"`...), kind...), `","file":`...)
		dst = asm.AppendString(dst, l.p.FileName(r.at.File))
		dst = strconv.AppendInt(append(dst, `,"line":`...), int64(r.at.Line), 10)
		dst = strconv.AppendInt(append(dst, `,"block":`...), int64(r.in.Block), 10)
		dst = asm.AppendString(append(dst, `,"text":`...), text)
		dst = append(dst, '}')
		l.sum.Insts++
	})
	return dst
}

// wasmInsts fills in the instructions of a Func.
func (r *Reader) wasmInsts(f *Func, fn gotab.Func, body []byte) {
	eachWASM(fn, body, func(w *decode.WASM, row *wasmRow, err error) {
		x := Inst{
			PC: uint64(row.in.Off), Off: row.in.Off, Len: max(row.in.Len, 1), SP: row.at.SP, HasSP: row.at.HasSP,
			Flow: row.in.Flow, Known: err == nil, File: r.p.FileName(row.at.File), Line: int(row.at.Line), Func: f.Name, callSite: -1,
		}
		if row.start && row.in.Block >= 0 {
			x.Mark = strconv.Itoa(row.in.Block)
			frames := r.p.Table.Frames(r.inline[:0], fn, fn.Entry()+gotab.PC(row.in.Block))
			r.inline = frames
			r.inner, r.depth = frames[0].Func, len(frames)-1
		}
		if row.in.Block >= 0 {
			x.Func, x.Depth = r.inner, r.depth
		}
		switch row.in.Flow {
		case decode.Call:
			x.Callee = string(r.p.WASMName(nil, uint64(row.in.Index)))
		case decode.CallIndirect:
			x.Callee = "by register"
		}
		x.Text = "? "
		if err == nil {
			x.Text = strings.Repeat(" ", min(row.in.Depth, maxIndent)) + string(w.AppendText(nil, &row.in, r.p.WASMName))
		} else {
			x.Text += err.Error()
		}
		x.key, x.bare = x.Text, x.Text
		f.Insts = append(f.Insts, x)
	})
}
