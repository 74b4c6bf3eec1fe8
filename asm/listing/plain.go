package listing

import (
	"strconv"
	"strings"

	"moho/asm"
	"moho/decode"
	"moho/gotab"
	"moho/internal/cli"
)

// A lister writes functions one after the other into memory. It keeps what it
// has learnt, and is used by one goroutine.
type lister struct {
	p     *asm.Program
	opts  Options
	dec   *decode.Decoder
	names *asm.Names
	fn    asm.Function
	sum   Summary

	files map[gotab.FileID]string // base names, escaped

	at    gotab.Point // whose position prefix says
	place []byte      // "  main.go:12        "
	text  []byte      // of one instruction
}

func newLister(p *asm.Program, o Options) (*lister, error) {
	l := &lister{p: p, opts: o, names: p.Names(), files: map[gotab.FileID]string{}}
	if !p.Arch().BytePC {
		return l, nil
	}
	dec, err := decode.New(p.Arch())
	if err != nil {
		return nil, err
	}
	l.dec = dec
	return l, nil
}

// placeWidth is how many columns a position takes; longer ones push the rest.
const placeWidth = 22

// function appends the code of fn. On error dst is as it was.
func (l *lister) function(dst []byte, fn gotab.Func) ([]byte, error) {
	if err := l.p.Describe(&l.fn, fn); err != nil {
		return dst, err
	}
	code, err := l.p.Body(fn)
	if err != nil {
		return dst, err
	}
	l.names.Within(fn)
	l.sum.Functions++
	if l.opts.JSON {
		return l.appendJSON(dst, fn, code), nil
	}
	dst = appendHead(dst, &l.fn)
	if l.dec == nil {
		return l.wasm(dst, fn, code)
	}
	w := fn.Walk()
	lost := l.fn.Flags&asm.Foreign != 0 // or SP was written in a way that the tables can't say
	var in decode.Inst
	for off := 0; off < len(code); {
		err := l.dec.Decode(code[off:], uint64(fn.Entry())+uint64(off), &in)
		at := w.At(uint32(off))
		dst = l.appendPlace(dst, at)
		dst = asm.AppendHex(dst, in.PC)
		dst = appendSP(dst, at, lost)
		if err != nil {
			dst = append(dst, "  ?"...)
			l.sum.Unknown++
		} else {
			dst = append(dst, ' ', ' ')
			dst = l.dec.AppendText(dst, &in, l.opts.Syntax, l.names.Append)
			lost = lost || l.fn.Flags&asm.SPWrite != 0 && l.writesSP(&in)
		}
		dst = append(dst, '\n')
		l.sum.Insts++
		off += max(in.Len, 1)
	}
	return append(dst, '\n'), nil
}

// appendHead appends the line above a function's code.
func appendHead(dst []byte, f *asm.Function) []byte {
	dst = append(append(append(dst, "TEXT "...), escape(f.Name)...), "(SB) "...)
	if f.File != "" {
		dst = append(dst, escape(shortFile(f.File))...)
		dst = strconv.AppendInt(append(dst, ':'), int64(f.Line), 10)
	} else {
		dst = append(dst, '?')
	}
	dst = strconv.AppendUint(append(dst, "  size "...), f.Size, 10)
	if dst = append(dst, "  frame "...); f.Flags&asm.Foreign != 0 {
		dst = append(dst, '?')
	} else {
		dst = strconv.AppendInt(dst, int64(f.Frame), 10)
	}
	dst = append(dst, "  args "...)
	if f.ArgsKnown {
		dst = strconv.AppendInt(dst, int64(f.Args), 10)
	} else {
		dst = append(dst, '?')
	}
	dst = append(append(dst, "  check "...), f.Check.String()...)
	for _, n := range f.Flags.Names() {
		dst = append(append(dst, ' ', ' '), n...)
	}
	return append(dst, '\n')
}

// appendPlace appends the position of an instruction, padded. Neighbours often
// have the same.
func (l *lister) appendPlace(dst []byte, at gotab.Point) []byte {
	if len(l.place) > 0 && at.File == l.at.File && at.Line == l.at.Line {
		return append(dst, l.place...)
	}
	l.at = at
	p := append(l.place[:0], "  "...)
	p = append(p, l.file(at.File)...)
	p = strconv.AppendInt(append(p, ':'), int64(at.Line), 10)
	for len(p) < placeWidth {
		p = append(p, ' ')
	}
	l.place = append(p, ' ')
	return append(dst, l.place...)
}

// file returns the base name of a file.
func (l *lister) file(id gotab.FileID) string {
	name, ok := l.files[id]
	if !ok {
		name = l.p.FileName(id)
		if name = name[strings.LastIndexByte(name, '/')+1:]; name == "" {
			name = "?"
		}
		name = escape(name)
		l.files[id] = name
	}
	return name
}

// appendSP appends the offset of SP in seven columns, or a question mark.
func appendSP(dst []byte, at gotab.Point, lost bool) []byte {
	const width = 7
	if !at.HasSP || lost {
		return append(dst, "      ?"...)
	}
	var num [12]byte
	n := strconv.AppendInt(num[:0], int64(at.SP), 10)
	for i := min(len(n), width-1); i < width; i++ { // reflectcall's frames are a gigabyte
		dst = append(dst, ' ')
	}
	return append(dst, n...)
}

// writesSP reports whether in gives SP a value that is not SP and a constant.
func (l *lister) writesSP(in *decode.Inst) bool { return WritesSP(l.p.Arch(), in) }

func escape(s string) string { return cli.Escape(s) }

// shortFile returns the last two elements of a path.
func shortFile(file string) string {
	if i := strings.LastIndexByte(file, '/'); i > 0 {
		return file[strings.LastIndexByte(file[:i], '/')+1:]
	}
	return file
}
