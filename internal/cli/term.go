package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// plainWidth is how wide output is laid out where no terminal says otherwise.
const plainWidth = 100

// minWidth is the narrowest terminal that tables try to respect.
const minWidth = 40

// ANSI sequences for what is worth pointing out. There are no more of them,
// so that output reads the same without.
const (
	styleBold   = "\x1b[1m"
	styleDim    = "\x1b[2m"
	styleRed    = "\x1b[31m"
	styleGreen  = "\x1b[32m"
	styleYellow = "\x1b[33m"
	styleOff    = "\x1b[0m"
)

// Width returns how many columns Out has: those of the terminal, 100 if it is none.
func (ui *UI) Width() int { return width(ui.Out) }

func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return max(n, minWidth)
		}
	}
	return plainWidth
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Bold returns s as a heading.
func (ui *UI) Bold(s string) string { return ui.style(styleBold, s) }

// Dim returns s as something that can be skipped.
func (ui *UI) Dim(s string) string { return ui.style(styleDim, s) }

// Bad returns s as bad news.
func (ui *UI) Bad(s string) string { return ui.style(styleRed, s) }

// Good returns s as good news.
func (ui *UI) Good(s string) string { return ui.style(styleGreen, s) }

// Odd returns s as something to look at.
func (ui *UI) Odd(s string) string { return ui.style(styleYellow, s) }

func (ui *UI) style(code, s string) string {
	if !ui.Color || s == "" {
		return s
	}
	return code + s + styleOff
}
