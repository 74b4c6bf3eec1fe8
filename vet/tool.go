package vet

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/token"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/unitchecker"
)

// IsTool reports whether the arguments (without the program's name) are those
// with which go vet and go fix start their tool: -V=full to identify it, -flags
// to list its flags, or flags followed by the name of one *.cfg file.
//
// Source: $GOROOT/src/cmd/go/internal/work/exec.go (vet), go1.26.
func IsTool(args []string) bool {
	if len(args) == 0 {
		return false
	}
	if len(args) == 1 && (args[0] == "-V=full" || args[0] == "--V=full" || args[0] == "-flags" || args[0] == "--flags") {
		return true
	}
	last := len(args) - 1
	for _, a := range args[:last] {
		if !strings.HasPrefix(a, "-") {
			return false
		}
	}
	return strings.HasSuffix(args[last], ".cfg") && !strings.HasPrefix(args[last], "-")
}

// Main serves one such request and returns the exit code that the go command
// expects: 0 when the work is done and what was found is on standard output, 1
// otherwise.
//
// The package is analysed by the same code as in [Run]. Unitchecker, which
// answers the rest, would want to run on all dependencies to learn their types;
// we are asked about them, too, but say at once that there is nothing to tell of
// those that can't touch raw memory.
func Main() int {
	args := os.Args[1:]
	if !strings.HasSuffix(args[len(args)-1], ".cfg") {
		unitchecker.Main(Suite...) // exits
	}
	code, err := serve(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// toolFlags are the flags that -flags lists and the go command passes on.
type toolFlags struct {
	json, fix, diff bool
	context         int
	config          string
	suite           []*analysis.Analyzer
}

// parseTool reads the arguments. Naming rules runs no others; -RULE=false runs
// all but those.
func parseTool(args []string) (toolFlags, error) {
	f := toolFlags{context: -1}
	fs := flag.NewFlagSet("moho", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.BoolVar(&f.json, "json", false, "")
	fs.BoolVar(&f.fix, "fix", false, "")
	fs.BoolVar(&f.diff, "diff", false, "")
	fs.IntVar(&f.context, "c", -1, "")
	for _, old := range []string{"source", "v", "all"} {
		fs.Bool(old, false, "")
	}
	fs.String("tags", "", "")
	chosen := map[string]bool{}
	only := false
	for _, a := range Suite {
		fs.BoolFunc(a.Name, "", func(s string) error {
			on, err := strconv.ParseBool(s)
			chosen[a.Name] = on
			only = only || on
			return err
		})
	}
	if err := fs.Parse(args); err != nil {
		return toolFlags{}, err
	}
	if fs.NArg() != 1 {
		return toolFlags{}, errors.New("want one *.cfg file, as go vet hands it over")
	}
	f.config = fs.Arg(0)
	for _, a := range Suite {
		if on, named := chosen[a.Name]; on || !only && !named {
			f.suite = append(f.suite, a)
		}
	}
	return f, nil
}

// serve analyses the package that a configuration describes.
func serve(args []string) (code int, err error) {
	f, err := parseTool(args)
	if err != nil {
		return 0, err
	}
	cfg, err := readConfig(f.config)
	if err != nil {
		return 0, err
	}
	r, err := cfg.analyze(f.suite)
	if err != nil {
		return 0, err
	}
	if err := cfg.writeFacts(r.facts); err != nil || cfg.VetxOnly {
		return 0, err
	}
	out := os.Stdout
	if cfg.Stdout != "" {
		if out, err = os.Create(cfg.Stdout); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, out.Close()) }()
	}
	switch {
	case f.fix:
		return 0, cfg.fix(r, out, f.diff)
	case f.json:
		return 0, r.printJSON(out, cfg.ID)
	}
	return r.print(os.Stderr, f.context), nil
}

// print writes what was found as text, each step of its flow on a line of its own.
func (r *served) print(out io.Writer, context int) (code int) {
	for _, f := range r.failures {
		fmt.Fprintln(out, f.err)
		code = 1
	}
	show := func(pos, end token.Pos, text string) {
		at := r.fset.Position(pos)
		fmt.Fprintf(out, "%s: %s\n", at, text)
		if context < 0 {
			return
		}
		b, err := os.ReadFile(at.Filename)
		if err != nil {
			return
		}
		last := max(at.Line, r.fset.Position(end).Line)
		lines := strings.Split(string(b), "\n")
		for n := max(at.Line-context, 1); n <= min(last+context, len(lines)); n++ {
			fmt.Fprintf(out, "%d\t%s\n", n, lines[n-1])
		}
	}
	for _, d := range r.diagnostics {
		show(d.Pos, d.End, d.Message)
		for _, rel := range d.Related {
			show(rel.Pos, rel.End, "\t"+rel.Message)
		}
		code = 1
	}
	return code
}

// The JSON that the go command reads.
//
// Source: $GOROOT/src/cmd/go/internal/vet/vet.go (jsonDiagnostic), go1.26.
type (
	jsonDiagnostic struct {
		Category string        `json:"category,omitempty"`
		Posn     string        `json:"posn"`
		End      string        `json:"end"`
		Message  string        `json:"message"`
		Fixes    []jsonFix     `json:"suggested_fixes,omitempty"`
		Related  []jsonRelated `json:"related,omitempty"`
	}
	jsonRelated struct {
		Posn    string `json:"posn"`
		End     string `json:"end"`
		Message string `json:"message"`
	}
	jsonFix struct {
		Message string     `json:"message"`
		Edits   []jsonEdit `json:"edits"`
	}
	jsonEdit struct {
		Filename string `json:"filename"`
		Start    int    `json:"start"`
		End      int    `json:"end"`
		New      string `json:"new"`
	}
	jsonError struct {
		Err string `json:"error"`
	}
)

// printJSON writes results by package and analyzer; nothing when there is none.
func (r *served) printJSON(out io.Writer, id string) error {
	byAnalyzer := map[string]any{}
	for _, d := range r.diagnostics {
		list, _ := byAnalyzer[d.analyzer].([]jsonDiagnostic)
		byAnalyzer[d.analyzer] = append(list, r.jsonDiagnostic(d.Diagnostic))
	}
	for _, f := range r.failures {
		byAnalyzer[f.analyzer] = jsonError{f.err.Error()}
	}
	if len(byAnalyzer) == 0 {
		return nil
	}
	b, err := json.MarshalIndent(map[string]any{id: byAnalyzer}, "", "\t")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", b)
	return err
}

func (r *served) jsonDiagnostic(d analysis.Diagnostic) jsonDiagnostic {
	span := func(pos, end token.Pos) (string, string) {
		if !end.IsValid() {
			end = pos
		}
		return r.fset.Position(pos).String(), r.fset.Position(end).String()
	}
	j := jsonDiagnostic{Category: d.Category, Message: d.Message}
	j.Posn, j.End = span(d.Pos, d.End)
	for _, rel := range d.Related {
		jr := jsonRelated{Message: rel.Message}
		jr.Posn, jr.End = span(rel.Pos, rel.End)
		j.Related = append(j.Related, jr)
	}
	for _, fix := range d.SuggestedFixes {
		jf := jsonFix{Message: fix.Message}
		for _, e := range fix.TextEdits {
			start, end := r.fset.Position(e.Pos), r.fset.Position(e.End)
			jf.Edits = append(jf.Edits, jsonEdit{start.Filename, start.Offset, end.Offset, string(e.NewText)})
		}
		j.Fixes = append(j.Fixes, jf)
	}
	return j
}
