package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"moho/asm"
	"moho/evidence"
	"moho/gotab"
	"moho/internal/cli"
)

const funcsLong = `Funcs lists the functions of a Go binary from the tables that the linker leaves for
the runtime, which are there in stripped binaries too: ELF, Mach-O, PE and WASM.

    size    bytes from the entry to the exact end, without padding; on wasm of the body
    frame   bytes that SP goes down at most, without the return address of amd64
    args    bytes of arguments and results in the caller's frame, ? where not declared
    check   how the stack is checked at the entry: small (frame up to 128 bytes),
            medium (up to 4096), huge, none (NOSPLIT, or a leaf without a frame)

--match and --pkg choose functions, --by-package adds them up, --sort orders them
(size and frame from the largest). --json prints moho/funcs/v1 as JSON lines, streamed.`

const funcsExample = `    $ moho funcs --match '^main\.' app
       ENTRY   SIZE  FRAME  ARGS  CHECK   POSITION             NAME
    0x4a1020    325    104    32  small   main.go:12           main.Spill
    0x4a1180     46      0    80  none    main.go:23           main.Sum10
    …

    $ moho funcs --by-package app        # where the bytes are
    $ moho funcs --sort frame app        # who needs the most stack`

// funcsFlags are the flags of funcs.
type funcsFlags struct {
	match, pkg, sort string
	byPackage, wide  bool
	types            bool
	arch             string

	re *regexp.Regexp
}

func newFuncs(a *app) *cobra.Command {
	var ff funcsFlags
	cmd := &cobra.Command{
		Use:     "funcs BINARY",
		Short:   "list functions: sizes, frames, stack checks",
		Long:    funcsLong,
		Example: funcsExample,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := ff.check(cmd); err != nil {
				return err
			}
			p, err := openProgram(args[0], ff.arch)
			if err != nil {
				return err
			}
			defer p.Close()
			l := funcList{app: a, p: p, funcsFlags: ff}
			if ff.types {
				return l.listTypes()
			}
			return l.print()
		},
	}
	f := cmd.Flags()
	f.StringVar(&ff.match, "match", "", "only functions whose name matches the regular expression `RE`")
	f.StringVar(&ff.pkg, "pkg", "", "only functions of this package; `PATH`/... takes in those below")
	f.StringVar(&ff.sort, "sort", "addr", "order: addr, size, frame or name")
	f.BoolVar(&ff.byPackage, "by-package", false, "add up by package")
	f.BoolVar(&ff.types, "types", false, "list the runtime's types with their methods, and itabs, instead")
	archFlag(f, &ff.arch)
	f.BoolVar(&ff.wide, "wide", false, "do not shorten names and positions")
	return cmd
}

func (ff *funcsFlags) check(cmd *cobra.Command) error {
	if !slices.Contains([]string{"addr", "size", "frame", "name"}, ff.sort) {
		return usage(cmd, fmt.Errorf("--sort %s: addr, size, frame or name", ff.sort))
	}
	if ff.match == "" {
		return nil
	}
	var err error
	if ff.re, err = regexp.Compile(ff.match); err != nil {
		return usage(cmd, fmt.Errorf("--match: %w", err))
	}
	return nil
}

// A funcList is one run of funcs.
type funcList struct {
	*app
	funcsFlags
	p    *asm.Program
	gaps []evidence.Gap
}

func (l *funcList) print() error {
	order := l.choose()
	if len(order) == 0 {
		return l.none()
	}
	var err error
	switch {
	case l.byPackage:
		err = l.packages(order)
	case l.ui.JSON:
		err = l.json(order)
	default:
		err = l.table(order)
	}
	if err != nil {
		return err
	}
	return l.partial(l.gaps)
}

// none says why the list is empty: an empty answer would read as "no functions".
func (l *funcList) none() error {
	name := l.p.File.Name()
	switch {
	case len(l.gaps) > 0:
		return fmt.Errorf("%s: %s", name, l.gaps[0])
	case l.pkg != "":
		return cli.WithHints(fmt.Errorf("%s: no function of package %s is wanted and there", name, l.pkg),
			"moho funcs --by-package "+name+" lists the packages")
	}
	return cli.WithHints(fmt.Errorf("%s: no function matches %s", name, l.match),
		"functions that were inlined everywhere are not in the table; moho funcs "+name+" lists those that are")
}

// choose returns the indexes of the functions that are wanted, in the order
// that is wanted. It is the only pass that is made twice: items are not kept.
func (l *funcList) choose() []int32 {
	order := make([]int32, 0, l.p.Table.NumFunc())
	keys := []int64{}
	var name []byte
	whole := 0
	for fn := range l.p.Functions() {
		whole++
		if l.re != nil || l.pkg != "" {
			name = fn.AppendName(name[:0])
			if l.re != nil && !l.re.Match(name) || l.pkg != "" && !asm.InPackage(asm.Package(string(name)), l.pkg) {
				continue
			}
		}
		order = append(order, int32(fn.Index()))
		switch l.sort {
		case "size":
			n, _ := fn.Size() // a malformed one becomes a gap when it is described
			keys = append(keys, -int64(n))
		case "frame":
			n, _ := fn.MaxSPDelta()
			keys = append(keys, -int64(n))
		}
	}
	if whole < l.p.Table.NumFunc() {
		n, err := l.p.Malformed()
		l.gaps = append(l.gaps, evidence.Gap{What: count(n, "function"), Where: l.p.File.Name(), Why: err.Error()})
	}
	switch l.sort {
	case "size", "frame":
		slices.SortStableFunc(order, byKey(order, keys))
	case "name":
		slices.SortStableFunc(order, func(a, b int32) int { return bytes.Compare(l.name(a), l.name(b)) })
	}
	return order
}

// byKey compares functions by keys, which are in the order in which order is now.
func byKey(order []int32, keys []int64) func(a, b int32) int {
	of := make(map[int32]int64, len(order))
	for i, x := range order {
		of[x] = keys[i]
	}
	return func(a, b int32) int { return cmp.Compare(of[a], of[b]) }
}

func (l *funcList) name(i int32) []byte {
	fn, err := l.p.Table.Func(int(i))
	if err != nil {
		return nil
	}
	return fn.AppendName(nil)
}

// each calls show with each function of order. One that can't be described
// becomes a gap.
func (l *funcList) each(order []int32, show func(*asm.Function) error) error {
	const batch = 2048
	var f asm.Function
	for n, i := range order {
		if n%batch == 0 { // the whole text passes by, for a few bytes of each function
			l.p.File.Forget()
		}
		fn, err := l.p.Table.Func(int(i))
		if err == nil {
			err = l.p.Describe(&f, fn)
		}
		if err != nil {
			l.gap(fn, err)
			continue
		}
		if err := show(&f); err != nil {
			return err
		}
	}
	return nil
}

// maxGaps is how many functions that can't be read are told one by one.
const maxGaps = 20

func (l *funcList) gap(fn gotab.Func, err error) {
	if len(l.gaps) < maxGaps {
		l.gaps = append(l.gaps, evidence.Gap{What: "function " + fn.Name(), Where: l.p.File.Name(), Why: err.Error()})
	}
}

func (l *funcList) json(order []int32) error {
	out := cli.NewLines(l.ui.Out)
	out.Header(l.p.Header(asm.SchemaFuncs, len(order)))
	var buf []byte
	err := l.each(order, func(f *asm.Function) error {
		buf = f.AppendJSON(buf[:0])
		return out.Raw(buf)
	})
	if err != nil {
		return err
	}
	return out.End(len(l.gaps) == 0, l.gaps)
}

func (l *funcList) table(order []int32) error {
	out := bufio.NewWriterSize(l.ui.Out, 64<<10)
	t := newFuncTable(l, order)
	out.WriteString(t.titles())
	var buf []byte
	var sum funcTotals
	err := l.each(order, func(f *asm.Function) error {
		sum.add(f)
		buf = t.append(buf[:0], f)
		_, err := out.Write(buf)
		return err
	})
	if err != nil {
		return err
	}
	out.WriteString(sum.String())
	return out.Flush()
}
