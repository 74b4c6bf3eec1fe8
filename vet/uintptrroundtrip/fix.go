package uintptrroundtrip

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

func fixes(pass *analysis.Pass, p *ssafn.Program, conv *ssa.Convert) []analysis.SuggestedFix {
	return nil
}

var _ = ast.NewIdent
var _ token.Pos
var _ types.Type
var _ = prov.Strip
