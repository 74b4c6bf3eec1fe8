package main

import (
	"fmt"
	"strconv"
	"strings"

	"moho/asm"
	"moho/gotab"
	"moho/internal/cli"
)

// A funcTable lays out functions a line each, without having seen them all:
// there may be a hundred thousand. The name stands last, it gives way.
type funcTable struct {
	entry, position, name int // widths; a name of width 0 is not cut
}

func newFuncTable(l *funcList, order []int32) *funcTable {
	t := &funcTable{position: 22}
	for _, i := range []int32{order[0], order[len(order)-1]} {
		if fn, err := l.p.Table.Func(int(i)); err == nil {
			t.entry = max(t.entry, len(asm.AppendHex(nil, uint64(fn.Entry()))))
		}
	}
	t.name = max(l.ui.Width()-t.fixed()-t.position-2, 16)
	if l.wide {
		t.name, t.position = 0, 0
	}
	return t
}

const (
	sizeWidth, frameWidth, argsWidth, checkWidth = 7, 7, 5, 7

	gap = "  "
)

// fixed returns the columns before the position.
func (t *funcTable) fixed() int {
	return t.entry + sizeWidth + frameWidth + argsWidth + checkWidth + 5*len(gap)
}

func (t *funcTable) titles() string {
	pos := t.position
	if pos == 0 {
		pos = len("POSITION")
	}
	return fmt.Sprintf("%*s  %*s  %*s  %*s  %-*s  %-*s  %s\n", t.entry, "ENTRY", sizeWidth, "SIZE",
		frameWidth, "FRAME", argsWidth, "ARGS", checkWidth, "CHECK", pos, "POSITION", "NAME")
}

// append appends the line of f to dst.
func (t *funcTable) append(dst []byte, f *asm.Function) []byte {
	var num [24]byte
	dst = right(dst, asm.AppendHex(num[:0], uint64(f.Entry)), t.entry)
	dst = right(append(dst, gap...), strconv.AppendUint(num[:0], f.Size, 10), sizeWidth)
	frame := strconv.AppendInt(num[:0], int64(f.Frame), 10)
	if f.Flags&asm.Foreign != 0 {
		frame = append(num[:0], '?')
	}
	dst = right(append(dst, gap...), frame, frameWidth)
	args := append(num[:0], '?')
	if f.ArgsKnown {
		args = strconv.AppendInt(num[:0], int64(f.Args), 10)
	}
	dst = right(append(dst, gap...), args, argsWidth)
	dst = left(append(dst, gap...), f.Check.String(), checkWidth)
	dst = append(dst, gap...)
	pos := position(f.File, f.Line)
	if t.position > 0 {
		pos = cli.Clipped(pos, t.position, cli.ClipTop)
	}
	dst = append(left(dst, pos, t.position), gap...)
	name := f.Name
	if f.Flags&(asm.TopFrame|asm.SPWrite|asm.Asm|asm.Foreign) != 0 {
		name = gotab.PrintName(name) + " (" + strings.Join((f.Flags&^(asm.NoSplit|asm.Wrapper)).Names(), ", ") + ")"
	}
	if t.name > 0 {
		name = cli.Clipped(cli.Escape(gotab.PrintName(name)), t.name, cli.Clip)
	} else {
		name = cli.Escape(name)
	}
	return append(append(dst, name...), '\n')
}

// position returns file:line as short as it can still be recognised: the file
// with its directory.
func position(file string, line int) string {
	if file == "" {
		return "?"
	}
	return shortFile(file) + ":" + strconv.Itoa(line)
}

// shortFile returns the last two elements of a path; one, if the first says nothing.
func shortFile(file string) string {
	i := strings.LastIndexByte(file, '/')
	if i <= 0 {
		return cli.Escape(file)
	}
	if j := strings.LastIndexByte(file[:i], '/'); j >= 0 {
		return cli.Escape(file[j+1:])
	}
	return cli.Escape(file)
}

func right(dst, text []byte, width int) []byte {
	for n := width - len(text); n > 0; n-- {
		dst = append(dst, ' ')
	}
	return append(dst, text...)
}

// left appends text and pads it; what is not ASCII takes as many columns as it
// has characters, which is near enough for paths.
func left(dst []byte, text string, width int) []byte {
	dst = append(dst, text...)
	for n := width - len([]rune(text)); n > 0; n-- {
		dst = append(dst, ' ')
	}
	return dst
}

// funcTotals adds functions up.
type funcTotals struct {
	n         int
	size, pad uint64
	check     [8]int
	deepest   int32
	deepestFn string
}

func (s *funcTotals) add(f *asm.Function) {
	s.n++
	s.size += f.Size
	s.pad += f.Pad
	s.check[f.Check&7]++
	if f.Frame > s.deepest && f.Flags&asm.SPWrite == 0 {
		s.deepest, s.deepestFn = f.Frame, f.Name
	}
}

// String returns the lines under the table.
func (s *funcTotals) String() string {
	text := fmt.Sprintf("\n%s, %s bytes of code, %s of padding\nstack checks:", plural(s.n, "function"), thousands(s.size), thousands(s.pad))
	for _, c := range []asm.StackCheck{asm.SmallCheck, asm.MediumCheck, asm.HugeCheck, asm.NoCheck, asm.UnknownCheck} {
		if n := s.check[c]; n > 0 {
			text += fmt.Sprintf(" %s %s,", thousands(uint64(n)), c)
		}
	}
	text = strings.TrimSuffix(text, ",") + "\n"
	if s.deepest > 0 && s.n > 1 {
		text += fmt.Sprintf("largest frame: %s bytes, %s\n", thousands(uint64(s.deepest)), cli.Escape(gotab.PrintName(s.deepestFn)))
	}
	return text
}
