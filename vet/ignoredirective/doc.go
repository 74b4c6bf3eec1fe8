// Package ignoredirective checks the comments that silence other rules.
//
// # Analyzer ignoredirective
//
// ignoredirective: a moho:ignore comment that silences nothing
//
// A finding is silenced by a comment on its line, or alone on the line above:
//
//	//moho:ignore RULE reason
//
// RULE is the name of one rule, and the reason is for whoever reads the code
// next. A directive without a reason, or with a name that no rule has, silences
// nothing; this rule reports it, so that nobody believes otherwise.
package ignoredirective
