package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"
)

// checkLimits compares the limits that docs/RATIONALE.md lists with the
// constants in the code.
func checkLimits(_ context.Context, c *ci) error {
	table, err := limits(c.root)
	if err != nil {
		return err
	}
	return section{"docs/RATIONALE.md", "limits"}.check(c, table)
}

var limitName = regexp.MustCompile(`^[mM]ax[A-Z]`)

// limits returns the table of the constants called max… or Max… in what reads
// untrusted input: all rooms but the commands and the house's own tools.
func limits(root string) (string, error) {
	var rows []string
	err := walkGo(root, func(name string, file *ast.File) {
		dir := path.Dir(name)
		switch {
		case strings.HasSuffix(name, "_test.go"), strings.HasPrefix(dir, "cmd"), dir == ".":
			return
		case strings.HasPrefix(dir, "internal/") && dir != "internal/bounded":
			return
		}
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.CONST {
				continue
			}
			for _, spec := range gen.Specs {
				rows = append(rows, limitRows(dir, gen, spec.(*ast.ValueSpec))...)
			}
		}
	})
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", fmt.Errorf("no constant is called max…")
	}
	slices.Sort(rows)
	if i := slices.IndexFunc(rows, func(row string) bool { return strings.HasSuffix(row, "|  |\n") }); i >= 0 {
		return "", fmt.Errorf("a limit without a comment that says what it bounds: %s", strings.TrimSpace(rows[i]))
	}
	return "| limit | value | what it bounds |\n|---|---|---|\n" + strings.Join(slices.Compact(rows), ""), nil
}

func limitRows(dir string, gen *ast.GenDecl, spec *ast.ValueSpec) []string {
	var rows []string
	for i, id := range spec.Names {
		if !limitName.MatchString(id.Name) || i >= len(spec.Values) {
			continue
		}
		doc := spec.Comment
		if doc == nil {
			doc = spec.Doc
		}
		if doc == nil {
			doc = gen.Doc
		}
		rows = append(rows, fmt.Sprintf("| `%s.%s` | %s | %s |\n", dir, id.Name, value(spec.Values[i]), sentence(id.Name, doc.Text())))
	}
	return rows
}

// value returns a constant expression as a number, powers of two with a unit.
func value(expr ast.Expr) string {
	text := types.ExprString(expr)
	tv, err := types.Eval(token.NewFileSet(), nil, token.NoPos, text)
	if err != nil || tv.Value == nil {
		return "`" + text + "`"
	}
	n, ok := constant.Int64Val(constant.ToInt(tv.Value))
	if !ok {
		return "`" + text + "`"
	}
	for _, u := range []struct {
		shift int
		name  string
	}{{30, "Gi"}, {20, "Mi"}, {10, "Ki"}} {
		if n >= 1<<u.shift && n%(1<<u.shift) == 0 {
			return fmt.Sprintf("%d %s", n>>u.shift, u.name)
		}
	}
	return fmt.Sprint(n)
}

// sentence returns the first sentence of a comment, without the name that it
// starts with.
func sentence(name, doc string) string {
	doc = strings.Join(strings.Fields(doc), " ")
	doc = strings.TrimPrefix(doc, name+" ")
	doc = strings.TrimPrefix(doc, "is ")
	doc = strings.TrimPrefix(doc, "bounds ")
	if i := strings.Index(doc, ". "); i >= 0 {
		doc = doc[:i]
	}
	return strings.ReplaceAll(strings.TrimSuffix(doc, "."), "|", `\|`)
}
