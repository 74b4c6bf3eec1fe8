package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"moho/internal/house"
)

// checkDiagram compares the diagram in docs/ARCHITECTURE.md with the imports.
func checkDiagram(ctx context.Context, c *ci) error {
	var out writer
	err := c.exec(ctx, command{argv: []string{"go", "list", "-json=ImportPath,Imports,Module", "./..."}, out: &out})
	if err != nil {
		return err
	}
	graph, err := roomGraph(string(out.buf))
	if err != nil {
		return err
	}
	return section{"docs/ARCHITECTURE.md", "diagram"}.check(c, diagram(graph))
}

// roomGraph returns which rooms each room imports. Rooms that are not shipped
// and those that only hold text are left out.
func roomGraph(list string) (map[string]map[string]bool, error) {
	graph := map[string]map[string]bool{}
	for dec := json.NewDecoder(strings.NewReader(list)); dec.More(); {
		var p struct {
			ImportPath string
			Imports    []string
			Module     struct{ Path string }
		}
		if err := dec.Decode(&p); err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		shown := func(path string) (string, bool) {
			rel, ours := strings.CutPrefix(path, p.Module.Path+"/")
			room := house.Room(rel)
			floor := house.Floor(room)
			return room, ours && room != "docs" && room != "examples" && floor >= 0 && floor <= house.Floor("cmd")
		}
		from, ok := shown(p.ImportPath)
		if !ok {
			continue
		}
		if graph[from] == nil {
			graph[from] = map[string]bool{}
		}
		for _, path := range p.Imports {
			if to, ok := shown(path); ok && to != from {
				graph[from][to] = true
			}
		}
	}
	return graph, nil
}

// diagram draws the rooms, one box for each group of floors. An arrow leads from a room
// to one that imports it; arrows that follow from others are left out.
func diagram(graph map[string]map[string]bool) string {
	var b strings.Builder
	b.WriteString("```mermaid\nflowchart BT\n")
	for _, box := range []struct {
		title string
		rooms []string
	}{{"foundation", house.Foundation}, {"verbs", house.Verbs}} {
		fmt.Fprintf(&b, "  subgraph %s\n", box.title)
		for _, room := range box.rooms {
			if _, ok := graph[room]; ok {
				fmt.Fprintf(&b, "    %s\n", room)
			}
		}
		b.WriteString("  end\n")
	}
	for _, from := range slices.Sorted(maps.Keys(graph)) {
		for _, to := range slices.Sorted(maps.Keys(graph[from])) {
			if !implied(graph, from, to) {
				fmt.Fprintf(&b, "  %s --> %s\n", node(to), node(from))
			}
		}
	}
	b.WriteString("```\n")
	return b.String()
}

// implied reports whether from reaches to through another room that it imports.
func implied(graph map[string]map[string]bool, from, to string) bool {
	for via := range graph[from] {
		if via != to && reaches(graph, via, to, map[string]bool{}) {
			return true
		}
	}
	return false
}

func reaches(graph map[string]map[string]bool, from, to string, seen map[string]bool) bool {
	if graph[from][to] {
		return true
	}
	seen[from] = true
	for via := range graph[from] {
		if !seen[via] && reaches(graph, via, to, seen) {
			return true
		}
	}
	return false
}

// node returns a room as mermaid writes it: a slash needs a label.
func node(room string) string {
	if id := strings.ReplaceAll(room, "/", "_"); id != room {
		return fmt.Sprintf("%s[%q]", id, room)
	}
	return room
}
