//go:build !unix

package lsp

// alive can't be known here; the end of standard input has to do.
func alive(int) bool { return true }
