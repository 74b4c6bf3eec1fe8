package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiagram(t *testing.T) {
	graph, err := roomGraph(`
{"ImportPath":"us/evidence","Module":{"Path":"us"}}
{"ImportPath":"us/objfile","Imports":["us/evidence","us/objfile/internal/x","io"],"Module":{"Path":"us"}}
{"ImportPath":"us/objfile/internal/x","Imports":["us/arch"],"Module":{"Path":"us"}}
{"ImportPath":"us/arch","Module":{"Path":"us"}}
{"ImportPath":"us/internal/cli","Imports":["us/evidence"],"Module":{"Path":"us"}}
{"ImportPath":"us/vet","Imports":["us/objfile","us/evidence"],"Module":{"Path":"us"}}
{"ImportPath":"us/cmd/moho","Imports":["us/vet","us/internal/cli","us/examples"],"Module":{"Path":"us"}}
{"ImportPath":"us/examples","Module":{"Path":"us"}}
{"ImportPath":"us/internal/ci","Imports":["us/vet"],"Module":{"Path":"us"}}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := "```mermaid\nflowchart BT\n" + `  subgraph foundation
    evidence
    arch
    objfile
  end
  subgraph verbs
    vet
  end
  internal_cli["internal/cli"] --> cmd
  vet --> cmd
  evidence --> internal_cli["internal/cli"]
  arch --> objfile
  evidence --> objfile
  objfile --> vet
` + "```\n"
	if diff := cmp.Diff(want, diagram(graph)); diff != "" {
		t.Error(diff)
	}
	if _, err := roomGraph(`{"ImportPath":`); err == nil {
		t.Error("half an object was taken")
	}
}
