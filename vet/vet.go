// Package vet finds code that breaks the rules of package unsafe, and assembly
// that breaks those of Go's calling conventions.
//
// Each rule is a go/analysis analyzer in a folder of its own; its text is that
// folder's doc.go. [Run] loads packages and returns what the rules find as
// [evidence.Finding], each with the position in the text and the place in the
// program where the same code will be met again. [Main] runs the same rules as
// the tool behind go vet -vettool.
//
// # Untrusted input
//
// Source code is parsed and type-checked, never run. Loading it runs the go
// command, and for packages that use cgo the C compiler, with the environment
// that the caller governs through [Options].
//
// # Compatibility
//
// Rule names are stable. Messages are not; tools recognise a finding by its
// rule and place. A new rule may report code that passed before.
package vet

import (
	"golang.org/x/tools/go/analysis"

	"moho/vet/addpastobject"
	"moho/vet/asmargs"
	"moho/vet/asmclobber"
	"moho/vet/asmframe"
	"moho/vet/asmnosplit"
	"moho/vet/asmsp"
	"moho/vet/atomicalign"
	"moho/vet/castalign"
	"moho/vet/castarch"
	"moho/vet/castgrow"
	"moho/vet/cdoublefree"
	"moho/vet/cgoptrinarg"
	"moho/vet/cleak"
	"moho/vet/cretainsgo"
	"moho/vet/cuaf"
	"moho/vet/exportreturnsgoptr"
	"moho/vet/freegomemory"
	"moho/vet/goptrascint"
	"moho/vet/handletypestate"
	"moho/vet/headerliteral"
	"moho/vet/headerovergrow"
	"moho/vet/ignoredirective"
	"moho/vet/intaspointer"
	"moho/vet/internal/rule"
	"moho/vet/keepalive"
	"moho/vet/munmapuse"
	"moho/vet/noescapelie"
	"moho/vet/nonul"
	"moho/vet/privatelayout"
	"moho/vet/ptrinnoscan"
	"moho/vet/punuintptrload"
	"moho/vet/stringmutate"
	"moho/vet/stringviewreuse"
	"moho/vet/syscallsplit"
	"moho/vet/uintptrescapesframe"
	"moho/vet/uintptrroundtrip"
	"moho/vet/viewoverrun"
	"moho/vet/wrapperuintptr"
)

// A Rule is what people read about a rule: name, title, severity, text, a bad
// and a good example, the fix, what sees the harm at run time, and where Go
// itself says so.
type Rule = rule.Rule

// An entry is a rule with its analyzer.
type entry struct {
	rule     Rule
	analyzer *analysis.Analyzer
}

// suite is every rule, in order of name.
var suite = []entry{
	{addpastobject.Rule, addpastobject.Analyzer},
	{asmargs.Rule, asmargs.Analyzer},
	{asmclobber.Rule, asmclobber.Analyzer},
	{asmframe.Rule, asmframe.Analyzer},
	{asmnosplit.Rule, asmnosplit.Analyzer},
	{asmsp.Rule, asmsp.Analyzer},
	{atomicalign.Rule, atomicalign.Analyzer},
	{cdoublefree.Rule, cdoublefree.Analyzer},
	{cgoptrinarg.Rule, cgoptrinarg.Analyzer},
	{cleak.Rule, cleak.Analyzer},
	{cretainsgo.Rule, cretainsgo.Analyzer},
	{cuaf.Rule, cuaf.Analyzer},
	{castalign.Rule, castalign.Analyzer},
	{castarch.Rule, castarch.Analyzer},
	{castgrow.Rule, castgrow.Analyzer},
	{exportreturnsgoptr.Rule, exportreturnsgoptr.Analyzer},
	{freegomemory.Rule, freegomemory.Analyzer},
	{goptrascint.Rule, goptrascint.Analyzer},
	{handletypestate.Rule, handletypestate.Analyzer},
	{headerliteral.Rule, headerliteral.Analyzer},
	{headerovergrow.Rule, headerovergrow.Analyzer},
	{ignoredirective.Rule, ignoredirective.Analyzer},
	{intaspointer.Rule, intaspointer.Analyzer},
	{keepalive.Rule, keepalive.Analyzer},
	{munmapuse.Rule, munmapuse.Analyzer},
	{nonul.Rule, nonul.Analyzer},
	{noescapelie.Rule, noescapelie.Analyzer},
	{privatelayout.Rule, privatelayout.Analyzer},
	{ptrinnoscan.Rule, ptrinnoscan.Analyzer},
	{punuintptrload.Rule, punuintptrload.Analyzer},
	{stringmutate.Rule, stringmutate.Analyzer},
	{stringviewreuse.Rule, stringviewreuse.Analyzer},
	{syscallsplit.Rule, syscallsplit.Analyzer},
	{uintptrescapesframe.Rule, uintptrescapesframe.Analyzer},
	{uintptrroundtrip.Rule, uintptrroundtrip.Analyzer},
	{viewoverrun.Rule, viewoverrun.Analyzer},
	{wrapperuintptr.Rule, wrapperuintptr.Analyzer},
}

// Suite is the analyzer of every rule, in order of name, for drivers of
// go/analysis.
var Suite []*analysis.Analyzer

// asmSuite is what applies to a package that has assembly and no unsafe.
var asmSuite = []*analysis.Analyzer{
	asmargs.Analyzer, asmclobber.Analyzer, asmframe.Analyzer, asmnosplit.Analyzer, asmsp.Analyzer,
	noescapelie.Analyzer,
	ignoredirective.Analyzer,
}

// syntaxSuite is what applies to a package whose C part cannot be had, so that
// types are known only in part and there is no SSA form.
var syntaxSuite = []*analysis.Analyzer{
	ignoredirective.Analyzer, keepalive.Analyzer,
}

var rules []Rule

func init() {
	for _, s := range suite {
		Suite = append(Suite, s.analyzer)
		rules = append(rules, s.rule)
		ignoredirective.Known = append(ignoredirective.Known, s.rule.Name)
	}
}

// Rules lists every rule in order of name.
func Rules() []Rule { return append([]Rule(nil), rules...) }
