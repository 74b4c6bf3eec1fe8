package ssafn

import (
	"go/ast"
	"go/token"
	"go/version"
)

// File returns the file that pos lies in, nil when it is none of the package's.
func (p *Program) File(pos token.Pos) *ast.File {
	for _, f := range p.Files {
		if f.FileStart <= pos && pos <= f.FileEnd {
			return f
		}
	}
	return nil
}

// AtLeast reports whether the file that pos lies in may use what Go has since
// version, as "go1.20".
func (p *Program) AtLeast(pos token.Pos, since string) bool {
	f := p.File(pos)
	if f == nil {
		return false
	}
	v := p.Info.FileVersions[f]
	return v == "" || version.Compare(v, since) >= 0
}
