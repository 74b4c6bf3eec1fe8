package postmortem

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/evidence"
	"moho/gostate"
	"moho/store"
)

func TestNewLinker(t *testing.T) {
	finding := func(pkg, file, target string) evidence.Finding {
		f := evidence.Finding{Rule: file, Place: evidence.Place{Package: pkg, Module: "example.org/m", File: file}}
		if target != "" {
			f.Targets = []string{target}
		}
		return f
	}
	c := &Case{
		Artifact: evidence.Artifact{Package: "example.org/m/cmd/x", Target: "linux/amd64"},
		Report:   &store.StoredReport{},
		Findings: []evidence.Finding{
			finding("main", "cmd/x/main.go", ""),
			finding("main", "cmd/y/main.go", ""),
			finding("main", "main.go", ""),
			finding("example.org/m/lib", "lib/lib.go", "linux/amd64"),
			finding("example.org/m/lib", "lib/lib_windows.go", "windows/amd64"),
		},
	}
	var got []string
	for _, f := range newLinker(c).findings {
		got = append(got, f.Rule)
	}
	if diff := cmp.Diff([]string{"cmd/x/main.go", "lib/lib.go"}, got); diff != "" {
		t.Errorf("findings that can be in cmd/x for linux/amd64: -want +got\n%s", diff)
	}
}

func TestGrades(t *testing.T) {
	place := func(fn string, line int) evidence.Place {
		return evidence.Place{Package: "main", Symbol: fn, Module: "m", File: "a.go", Line: line, EndLine: line}
	}
	c := &Case{links: linker{byFrame: map[frameKey][]match{}, findings: []evidence.Finding{
		{Rule: "in-leaf", Place: place("leaf", 3), Pos: evidence.Position{File: "a.go", Line: 3}},
		{Rule: "in-caller", Place: place("caller", 9), Pos: evidence.Position{File: "a.go", Line: 9}},
		{Rule: "in-starter", Place: place("starter", 20), Pos: evidence.Position{File: "a.go", Line: 20}},
		{Rule: "in-nothing", Place: place("unused", 30), Pos: evidence.Position{File: "a.go", Line: 30}},
	}}}
	frame := func(fn string, line int, fault bool) gostate.Frame {
		return gostate.Frame{Func: "main." + fn, File: "m/a.go", Line: line, Fault: fault}
	}
	segv := &gostate.Goroutine{
		Addr: 1, Frames: []gostate.Frame{frame("leaf", 3, true), frame("caller", 9, false)},
		CreatedBy: gostate.Creator{Func: "main.starter", File: "m/a.go", Line: 20},
	}
	panicked := &gostate.Goroutine{Addr: 2, Frames: []gostate.Frame{{Func: "runtime.gopanic", System: true}, frame("caller", 9, false)}}
	inMemmove := &gostate.Goroutine{Addr: 3, Frames: []gostate.Frame{{Func: "runtime.memmove", Fault: true}, frame("caller", 9, false)}}

	for _, tc := range []struct {
		name  string
		g     *gostate.Goroutine
		crash gostate.Crash
		want  map[string]evidence.Grade
	}{
		{"a signal", segv, gostate.Crash{Goroutine: segv, FaultFrame: 0}, map[string]evidence.Grade{
			"in-leaf": evidence.FaultingFrame, "in-caller": evidence.OnThisStack, "in-starter": evidence.CreatedThis, "in-nothing": evidence.InThisBinary,
		}},
		{"a panic call", panicked, gostate.Crash{Goroutine: panicked, FaultFrame: 1}, map[string]evidence.Grade{
			"in-leaf": evidence.InThisBinary, "in-caller": evidence.FaultingFrame, "in-starter": evidence.InThisBinary, "in-nothing": evidence.InThisBinary,
		}},
		{"a signal in the runtime", inMemmove, gostate.Crash{Goroutine: inMemmove, FaultFrame: 1}, map[string]evidence.Grade{
			"in-leaf": evidence.InThisBinary, "in-caller": evidence.OnThisStack, "in-starter": evidence.InThisBinary, "in-nothing": evidence.InThisBinary,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c.crash = tc.crash
			s := newSurvey(&c.links)
			s.goroutine(c, tc.g)
			got := map[string]evidence.Grade{}
			for _, l := range s.links(func(string) bool { return true }) {
				got[l.Rule] = l.Grade
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
