package evidence

import (
	"strings"
	"unicode"
)

// Grade says how close a finding stands to what happened. It is a statement
// about position, not about cause.
type Grade string

const (
	FaultingFrame Grade = "faulting frame"
	OnThisStack   Grade = "on this stack"
	CreatedThis   Grade = "created this goroutine or owns this object"
	InThisBinary  Grade = "in this binary only"
)

// Rank orders grades: 4 for the faulting frame down to 1 for in this binary only.
func (g Grade) Rank() int {
	switch g {
	case FaultingFrame:
		return 4
	case OnThisStack:
		return 3
	case CreatedThis:
		return 2
	case InThisBinary:
		return 1
	}
	return 0
}

// Match says by what a finding's place and a frame were recognised as the same.
type Match string

const (
	NoMatch       Match = ""
	MatchFunction Match = "function" // same function, another line
	MatchFlow     Match = "flow"     // a line on the way of the finding's value
	MatchLine     Match = "line"     // the statement itself
)

// Rank orders matches: 3 for line down to 0 for none.
func (m Match) Rank() int {
	switch m {
	case MatchLine:
		return 3
	case MatchFlow:
		return 2
	case MatchFunction:
		return 1
	}
	return 0
}

// A Link is a finding met again in a running program or its remains.
type Link struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Pos      Position `json:"pos"`
	Grade    Grade    `json:"grade"`
	Match    Match    `json:"match"`
}

// Link returns f as seen with the given grade and match.
func (f Finding) Link(g Grade, m Match) Link {
	return Link{Rule: f.Rule, Severity: f.Severity, Message: f.Message, Pos: f.Pos, Grade: g, Match: m}
}

// Match reports whether fr runs the code that f is about: the statement, a step
// of its flow, or at least the function around it.
//
// Frames of range-over-func bodies and of function literals belong to the
// function that encloses them, inlined frames to the function they came from.
// A finding must have been made from the very source the frame was built from;
// within one build report that holds by construction.
func (f Finding) Match(fr Frame) Match {
	p := f.Place
	how := p.sameFile(fr.File)
	if how == fileOther {
		return NoMatch
	}
	sym := ParseSymbol(fr.Func)
	inside := sym.Package == p.Package && sym.Base == p.Symbol
	// A literal that was inlined together with its function is named after the
	// caller (caller.callee.func1); then only the text position tells.
	moved := len(sym.Closures) > 0 && !inside
	if !inside && !(moved && how == fileExact) {
		return NoMatch
	}
	if p.Line <= fr.Line && fr.Line <= max(p.Line, p.EndLine) {
		return MatchLine
	}
	for _, s := range f.Flow {
		if s.Pos.Line == fr.Line && s.Pos.File == f.Pos.File {
			return MatchFlow
		}
	}
	if inside {
		return MatchFunction
	}
	return NoMatch
}

type fileMatch int

const (
	fileOther  fileMatch = iota
	fileSuffix           // an absolute path that ends the same way
	fileExact            // the path that -trimpath writes
)

// sameFile compares the place's file with a path from a line table, which is
// module[@version]/file in -trimpath builds and absolute in others. Go's module
// cache spells capitals as !lower; vendored files lie in vendor/module.
//
// Source: the -trimpath rewriting in $GOROOT/src/cmd/go/internal/work/gc.go
// (func (a *Action) trimpath), go1.26.
func (p Place) sameFile(file string) fileMatch {
	file = strings.ReplaceAll(file, `\`, "/")
	if !isAbs(file) {
		switch file {
		case p.Module + "/" + p.File, p.Module + "@" + p.Version + "/" + p.File:
			return fileExact
		}
		if p.Module == "" && file == p.File {
			return fileExact // the standard library: runtime/proc.go
		}
		return fileOther
	}
	if p.Version == "" {
		if strings.HasSuffix(file, "/"+p.File) {
			return fileSuffix
		}
		return fileOther
	}
	for _, dir := range []string{escapeModule(p.Module) + "@" + escapeModule(p.Version), "vendor/" + p.Module} {
		if strings.HasSuffix(file, "/"+dir+"/"+p.File) {
			return fileExact
		}
	}
	return fileOther
}

func isAbs(file string) bool {
	return strings.HasPrefix(file, "/") || len(file) > 2 && file[1] == ':' && file[2] == '/'
}

// escapeModule spells a module path or version as the module cache does.
//
// Source: EscapePath in golang.org/x/mod/module.
func escapeModule(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
