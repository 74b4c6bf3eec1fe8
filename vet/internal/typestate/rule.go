package typestate

import (
	"moho/evidence"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// Hits are the events of one rule, at severity sure where the path is certain
// and at unsure where it is not.
func Hits(p *ssafn.Program, name string, sure, unsure evidence.Severity) []rule.Hit {
	var hits []rule.Hit
	for _, e := range Check(p) {
		if e.Rule != name {
			continue
		}
		h := rule.Hit{Pos: e.Pos, Severity: unsure, Message: e.Message, Flow: e.Flow, Fixes: e.Fixes}
		if e.Sure {
			h.Severity = sure
		}
		if e.Refused {
			h.Severity = evidence.Medium
		}
		hits = append(hits, h)
	}
	return hits
}
