package cli

import (
	"io"
	"strings"

	"github.com/rivo/uniseg"
)

// A Column describes one column of a [Table].
type Column struct {
	Title string
	Right bool // align to the right: numbers
	Min   int  // never narrower than this, if it has that much to show
	Fit   Fit  // what happens when the table is wider than the terminal
}

// Fit says how a column gives way.
type Fit int

const (
	Rigid   Fit = iota // keeps its width
	Clip               // loses its end: messages, function names
	ClipTop            // loses its beginning: paths
	Wrap               // continues on the next line, at words
)

// A Table lays out rows so that they fit the caller's width. Cells are escaped.
type Table struct {
	cols []Column
	rows [][]string
}

// NewTable returns an empty table. Without any titles there is no title row.
func NewTable(cols ...Column) *Table { return &Table{cols: cols} }

// Row adds a row. Missing cells are empty; cells without a column are dropped.
func (t *Table) Row(cells ...string) {
	row := make([]string, len(t.cols))
	for i := range min(len(cells), len(row)) {
		row[i] = Escape(cells[i])
	}
	t.rows = append(t.rows, row)
}

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// gutter is what stands between two columns.
const gutter = "  "

// WriteTo writes the table within width columns, if its rigid columns allow.
func (t *Table) WriteTo(w io.Writer, width int) error {
	var b strings.Builder
	rows := t.rows
	if titles, ok := t.titles(); ok {
		rows = append([][]string{titles}, rows...)
	}
	widths := t.widths(rows, width)
	for _, row := range rows {
		t.row(&b, row, widths)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Table writes t to Out in the caller's width.
func (ui *UI) Table(t *Table) {
	ui.mu.Lock()
	defer ui.mu.Unlock()
	ui.progress.clear()
	t.WriteTo(ui.Out, ui.Width())
}

func (t *Table) titles() ([]string, bool) {
	titles, any := make([]string, len(t.cols)), false
	for i, c := range t.cols {
		titles[i] = strings.ToUpper(c.Title)
		any = any || c.Title != ""
	}
	return titles, any
}

// widths gives every column what it wants, then takes from the widest column
// that gives way, one at a time, until the row fits or nothing gives way.
func (t *Table) widths(rows [][]string, limit int) []int {
	widths := make([]int, len(t.cols))
	total := len(gutter) * (len(t.cols) - 1)
	for i := range t.cols {
		for _, row := range rows {
			widths[i] = max(widths[i], uniseg.StringWidth(row[i]))
		}
		total += widths[i]
	}
	for ; total > limit; total-- {
		widest := -1
		for i, c := range t.cols {
			if c.Fit == Rigid || widths[i] <= max(c.Min, minCell) {
				continue
			}
			if widest < 0 || widths[i] > widths[widest] {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return widths
}

// minCell is the narrowest that a column gets.
const minCell = 8

func (t *Table) row(b *strings.Builder, row []string, widths []int) {
	rest := make([][]string, len(row)) // lines of wrapped cells
	lines := 1
	for i, c := range t.cols {
		switch c.Fit {
		case Wrap:
			rest[i] = Reflow(row[i], widths[i])
		case Clip:
			rest[i] = []string{clip(row[i], widths[i], keepHead)}
		case ClipTop:
			rest[i] = []string{clip(row[i], widths[i], keepTail)}
		default:
			rest[i] = []string{row[i]}
		}
		lines = max(lines, len(rest[i]))
	}
	for n := range lines {
		var line strings.Builder
		for i, c := range t.cols {
			cell := ""
			if n < len(rest[i]) {
				cell = rest[i][n]
			}
			if i > 0 {
				line.WriteString(gutter)
			}
			pad := strings.Repeat(" ", max(0, widths[i]-uniseg.StringWidth(cell)))
			if c.Right {
				line.WriteString(pad + cell)
			} else {
				line.WriteString(cell + pad)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
