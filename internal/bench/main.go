// Command bench measures moho beside its peers, in the same run and on the same
// input, and prints a table with the ratios:
//
//	go run ./internal/bench core
//
// With -o FILE the table also replaces the section of that area in FILE
// (docs/BENCHMARKS.md). Compare CPU seconds: wall times are noise on a machine
// that does other things too.
//
// # Untrusted input
//
// None: it measures programs that it has built itself.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// An area measures one part of moho and writes a Markdown table to w.
type area func(ctx context.Context, w io.Writer, args []string) error

var areas = map[string]area{
	"asm":  benchAsm,
	"core": benchCore,
	"live": benchLive,
	"vet":  benchVet,
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		os.Exit(child(os.Args[2:]))
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	names := strings.Join(slices.Sorted(maps.Keys(areas)), "|")
	if len(args) == 0 || areas[args[0]] == nil {
		return fmt.Errorf("usage: bench %s [-o FILE] [flags of the area]", names)
	}
	name, out := args[0], ""
	rest := args[1:]
	if i := slices.Index(rest, "-o"); i >= 0 {
		if i+1 == len(rest) {
			return fmt.Errorf("-o needs a file")
		}
		out = rest[i+1]
		rest = slices.Delete(slices.Clone(rest), i, i+2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var text strings.Builder
	if err := areas[name](ctx, io.MultiWriter(os.Stdout, &text), rest); err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return err
	}
	if out == "" {
		return nil
	}
	return replaceSection(out, name, text.String())
}

// replaceSection puts text between the marks of the named section of a file,
// or appends the section.
func replaceSection(path, name, text string) error {
	old, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
	section := begin + strings.TrimRight(text, "\n") + "\n" + end
	doc := string(old)
	head, tail, found := strings.Cut(doc, begin)
	if found {
		if _, tail, found = strings.Cut(tail, end); !found {
			return fmt.Errorf("%s: section %s has no end mark", path, name)
		}
		doc = head + section + tail
	} else {
		if doc == "" {
			doc = "# Benchmarks\n"
		}
		doc += "\n" + section
	}
	return os.WriteFile(path, []byte(doc), 0o644)
}
