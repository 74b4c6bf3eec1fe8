package vars

import (
	"encoding/binary"
	"strconv"

	"moho/core"
	"moho/evidence"
	"moho/gostate"
	"moho/gostate/value"
	"moho/gotab"
)

// A Reader reads arguments and variables of one process. It remembers what it
// has read of functions and types, and is for one user at a time.
type Reader struct {
	w      *gostate.World
	view   *core.View
	values *value.Reader
	args   map[int32]*argList // by Frame.PCIndex
	last   int32              // the index of the frame that was asked for last …
	list   *argList           // … and its description
	names  names
}

// An argList is what the tables say of the arguments at one pc.
type argList struct {
	args []gotab.Arg
	base int64 // of Arg.Off, from the CFA
}

// maxArgLists bounds what is remembered: one for each pc on a stack.
const maxArgLists = 1 << 14

// NewReader returns a reader for the process of w. DWARF is looked for when
// [Reader.Vars] is called first.
func NewReader(w *gostate.World) *Reader {
	return &Reader{
		w: w, view: w.Process().View(), values: value.NewReader(w), args: map[int32]*argList{}, last: -1,
	}
}

// Gap says why variables have no names, once Vars has been called; false if they
// have.
func (r *Reader) Gap() (evidence.Gap, bool) { return r.names.gap() }

// Args returns what a traceback prints between the parentheses of frame i of g:
// words in hexadecimal, aggregates in braces, "..." of an inlined call and of
// what is left out, "_" for what the tables do not reach; a "?" follows a word
// that may be stale, and stands alone for one that the core does not hold. It is
// "" for a function without arguments and for one that no table describes.
//
// Source: $GOROOT/src/runtime/traceback.go (printArgs), go1.21 to go1.27.
func (r *Reader) Args(g *gostate.Goroutine, i int) string {
	return string(r.AppendArgs(nil, &g.Frames[i]))
}

// AppendArgs appends what Args returns for f to dst. It does not allocate for a
// frame like one before.
func (r *Reader) AppendArgs(dst []byte, f *gostate.Frame) []byte {
	switch {
	case f.Inlined:
		return append(dst, "..."...)
	case f.Foreign:
		return dst
	}
	l := r.describe(f)
	return r.appendArgs(dst, f, l.base, l.args)
}

func (r *Reader) appendArgs(dst []byte, f *gostate.Frame, base int64, args []gotab.Arg) []byte {
	first := true
	for i := range args {
		a := &args[i]
		if a.Kind == gotab.ArgClose {
			dst = append(dst, '}')
			first = false
			continue
		}
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
		switch a.Kind {
		case gotab.ArgOpen:
			dst = append(dst, '{')
			first = true
		case gotab.ArgMore:
			dst = append(dst, "..."...)
		case gotab.ArgFar:
			dst = append(dst, '_')
		case gotab.ArgValue:
			if x, ok := r.argument(f, base, a); ok {
				dst = strconv.AppendUint(append(dst, "0x"...), x, 16)
				if a.Live {
					continue
				}
			}
			dst = append(dst, '?')
		}
	}
	return dst
}

// argument reads one word.
func (r *Reader) argument(f *gostate.Frame, base int64, a *gotab.Arg) (uint64, bool) {
	b, err := r.view.Slice(f.CFA+core.Addr(base+a.Off), a.Size)
	if err != nil || len(b) > 8 {
		return 0, false
	}
	if len(b) == 8 {
		return binary.LittleEndian.Uint64(b), true
	}
	var raw [8]byte
	copy(raw[:], b)
	return binary.LittleEndian.Uint64(raw[:]), true
}

// describe returns what the tables say of the arguments of f.
func (r *Reader) describe(f *gostate.Frame) *argList {
	if f.PCIndex >= 0 && f.PCIndex == r.last {
		return r.list
	}
	l, ok := r.args[f.PCIndex]
	if !ok || f.PCIndex < 0 {
		l = r.readArgs(f)
		if f.PCIndex >= 0 {
			if len(r.args) >= maxArgLists {
				clear(r.args)
			}
			r.args[f.PCIndex] = l
		}
	}
	r.last, r.list = f.PCIndex, l
	return l
}

func (r *Reader) readArgs(f *gostate.Frame) *argList {
	l := new(argList)
	fn, pc, ok := r.lookup(f)
	if !ok {
		return l
	}
	args, err := fn.ArgInfo(nil)
	if err != nil {
		return l
	}
	if fn.ArgsLive(args, pc) != nil {
		return l
	}
	l.args = args
	if !r.w.Process().Arch().HasLR {
		l.base = -8 // the CFA lies above the return address, the entry SP below it
	}
	return l
}

// lookup returns the function of a frame and the pc that tables are asked about:
// that of the call, for a frame that has made one.
func (r *Reader) lookup(f *gostate.Frame) (gotab.Func, gotab.PC, bool) {
	fn, pc, ok := r.w.FuncAt(f.PC)
	if ok && !f.Exact && pc > fn.Entry() {
		pc--
	}
	return fn, pc, ok
}

// A Word is one argument of a frame as Args prints it: a number, or a list of
// them in braces. Addr is where it is, 0 where that is not known; Stale says
// that not all of it has been stored there.
type Word struct {
	Text  string
	Addr  core.Addr
	Stale bool
}

// Words returns what Args prints, taken apart, and whether that is all of the
// arguments.
func (r *Reader) Words(f *gostate.Frame) (words []Word, whole bool) {
	if f.Inlined || f.Foreign {
		return nil, true
	}
	l := r.describe(f)
	elems, whole := elements(l.args)
	for _, e := range elems {
		w := Word{Text: string(r.appendArgs(nil, f, l.base, e))}
		for i := range e {
			if e[i].Kind != gotab.ArgValue {
				continue
			}
			if w.Addr == 0 {
				w.Addr = f.CFA + core.Addr(l.base+e[i].Off)
			}
			w.Stale = w.Stale || !e[i].Live
		}
		words = append(words, w)
	}
	return words, whole
}
