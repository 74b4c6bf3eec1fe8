package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"moho/asm"
	"moho/evidence"
	"moho/gotab"
	"moho/internal/cli"
)

// A typeItem is one runtime type, or one itab: a type seen as an interface.
type typeItem struct {
	Kind    string       `json:"kind"` // as reflect names it; "itab"
	Addr    string       `json:"addr"`
	Name    string       `json:"name"`
	PkgPath string       `json:"pkgPath"`
	Size    uint64       `json:"size"`
	Inter   string       `json:"interface,omitempty"` // of an itab
	Methods []typeMethod `json:"methods"`
}

type typeMethod struct {
	Name   string `json:"name"`
	Func   string `json:"func"` // entry, "" if the linker dropped it
	Linked bool   `json:"linked"`
}

type typesHeader struct {
	asm.Header
	What string `json:"what"`
}

// listTypes lists the runtime's types with their methods, and itabs.
func (l *funcList) listTypes() error {
	t := l.p.Table
	out := cli.NewLines(l.ui.Out)
	text := bufio.NewWriterSize(l.ui.Out, 64<<10)
	if l.ui.JSON {
		out.Header(typesHeader{Header: l.p.Header("moho/types/v1", asm.UnknownCount), What: "types, then itabs"})
	}
	types, itabs, methods := 0, 0, 0
	show := func(it typeItem) error {
		if l.ui.JSON {
			return out.Item(it)
		}
		_, err := text.WriteString(l.typeText(it))
		return err
	}
	for y, err := range t.Types() {
		if errors.Is(err, gotab.ErrNoTypes) {
			return fmt.Errorf("%s: %w", l.p.File.Name(), err)
		}
		var ms []gotab.Method
		if err == nil {
			ms, err = t.Methods(y)
		}
		if err != nil {
			l.typeGap(y.Name, err)
			continue
		}
		if !l.wantsType(y.Name, y.PkgPath) {
			continue
		}
		it := typeItem{
			Kind: y.Kind.String(), Addr: fmt.Sprintf("%#x", uint64(y.Addr)), Name: y.Name, PkgPath: y.PkgPath, Size: y.Size, Methods: []typeMethod{},
		}
		for _, m := range ms {
			x := typeMethod{Name: m.Name, Linked: m.Linked}
			if m.Linked {
				x.Func = fmt.Sprintf("%#x", uint64(m.Func))
				methods++
			}
			it.Methods = append(it.Methods, x)
		}
		types++
		if err := show(it); err != nil {
			return err
		}
	}
	for tab, err := range t.Itabs() {
		if err != nil {
			l.typeGap("itab", err)
			continue
		}
		inter, err1 := t.TypeAt(tab.Inter)
		typ, err2 := t.TypeAt(tab.Type)
		if err := errors.Join(err1, err2); err != nil {
			l.typeGap("itab", err)
			continue
		}
		if !l.wantsType(typ.Name, typ.PkgPath) {
			continue
		}
		it := typeItem{
			Kind: "itab", Addr: fmt.Sprintf("%#x", uint64(tab.Addr)), Name: typ.Name, PkgPath: typ.PkgPath, Size: typ.Size,
			Inter: inter.Name, Methods: []typeMethod{},
		}
		names, _ := t.Methods(inter) // without them the entries have no names
		for i, pc := range tab.Funcs {
			x := typeMethod{Func: fmt.Sprintf("%#x", uint64(pc)), Linked: pc != 0}
			if i < len(names) {
				x.Name = names[i].Name
			}
			it.Methods = append(it.Methods, x)
		}
		itabs++
		if err := show(it); err != nil {
			return err
		}
	}
	if types+itabs == 0 && len(l.gaps) == 0 {
		return cli.WithHints(fmt.Errorf("%s: no type matches", l.p.File.Name()), "moho funcs --types "+l.p.File.Name()+" lists them all")
	}
	if l.ui.JSON {
		if err := out.End(len(l.gaps) == 0, l.gaps); err != nil {
			return err
		}
		return l.partial(l.gaps)
	}
	fmt.Fprintf(text, "\n%s with %s, %s\n", plural(types, "type"), plural(methods, "linked method"), plural(itabs, "itab"))
	if err := text.Flush(); err != nil {
		return err
	}
	return l.partial(l.gaps)
}

func (l *funcList) wantsType(name, pkg string) bool {
	return (l.re == nil || l.re.MatchString(name)) && (l.pkg == "" || asm.InPackage(pkg, l.pkg))
}

func (l *funcList) typeGap(what string, err error) {
	if len(l.gaps) < maxGaps {
		l.gaps = append(l.gaps, evidence.Gap{What: "type " + what, Where: l.p.File.Name(), Why: err.Error()})
	}
}

// typeText writes a type in the manner of a declaration.
func (l *funcList) typeText(it typeItem) string {
	var s strings.Builder
	name := cli.Escape(it.Name)
	if strings.Contains(it.PkgPath, "/") { // the name has its last element
		name += "  (" + cli.Escape(it.PkgPath) + ")"
	}
	if it.Kind == "itab" {
		fmt.Fprintf(&s, "%s  itab  %s as %s\n", it.Addr, cli.Escape(it.Name), cli.Escape(it.Inter))
	} else {
		fmt.Fprintf(&s, "%s  %s  %s  %d bytes\n", it.Addr, it.Kind, name, it.Size)
	}
	for _, m := range it.Methods {
		at := m.Func
		if at == "" {
			at = "-"
		}
		fmt.Fprintf(&s, "    %-12s %s\n", at, cli.Escape(m.Name))
	}
	if l.wide {
		return s.String()
	}
	var fit strings.Builder
	for line := range strings.Lines(s.String()) {
		fit.WriteString(cli.Clipped(strings.TrimSuffix(line, "\n"), l.ui.Width(), cli.Clip) + "\n")
	}
	return fit.String()
}
