package main

import (
	"cmp"
	"fmt"
	"slices"

	"moho/asm"
	"moho/internal/cli"
)

// A packageSum is what a package has in a binary.
type packageSum struct {
	Package   string `json:"package"`
	Functions int    `json:"functions"`
	Size      uint64 `json:"size"`
	Pad       uint64 `json:"pad"`
	Frame     int32  `json:"frame"` // the largest
}

type packagesReport struct {
	asm.Header
	Packages []packageSum `json:"packages"`
}

// packages adds functions up by package, the largest first.
func (l *funcList) packages(order []int32) error {
	byName := map[string]*packageSum{}
	var total funcTotals
	err := l.each(order, func(f *asm.Function) error {
		name := asm.Package(f.Name)
		s := byName[name]
		if s == nil {
			s = &packageSum{Package: name}
			byName[name] = s
		}
		s.Functions++
		s.Size += f.Size
		s.Pad += f.Pad
		if f.Flags&asm.SPWrite == 0 {
			s.Frame = max(s.Frame, f.Frame)
		}
		total.add(f)
		return nil
	})
	if err != nil {
		return err
	}
	sums := make([]packageSum, 0, len(byName))
	for _, s := range byName {
		sums = append(sums, *s)
	}
	slices.SortFunc(sums, l.comparePackages)
	if l.ui.JSON {
		return cli.JSON(l.ui.Out, packagesReport{l.p.Header("moho/funcpackages/v1", len(sums)), sums})
	}
	t := cli.NewTable(cli.Column{Title: "size", Right: true}, cli.Column{Title: "share", Right: true},
		cli.Column{Title: "functions", Right: true}, cli.Column{Title: "largest frame", Right: true},
		cli.Column{Title: "package", Fit: cli.ClipTop})
	for _, s := range sums {
		t.Row(thousands(s.Size), fmt.Sprintf("%.1f%%", 100*float64(s.Size)/float64(max(total.size, 1))),
			thousands(uint64(s.Functions)), thousands(uint64(s.Frame)), s.Package)
	}
	l.ui.Table(t)
	l.ui.Printf("\n%s; %s", plural(len(sums), "package"), total.String()[1:])
	return nil
}

// comparePackages orders packages as --sort says; by size unless it says
// something that packages have.
func (l *funcList) comparePackages(a, b packageSum) int {
	var first int
	switch l.sort {
	case "frame":
		first = cmp.Compare(b.Frame, a.Frame)
	case "name":
		first = cmp.Compare(a.Package, b.Package)
	default:
		first = cmp.Compare(b.Size, a.Size)
	}
	return cmp.Or(first, cmp.Compare(a.Package, b.Package))
}
