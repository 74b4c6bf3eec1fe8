package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
)

// checkGenerate runs go generate in a copy of the tree and compares: what is
// committed must be what its generator writes today.
func checkGenerate(ctx context.Context, c *ci) error {
	dir, err := os.MkdirTemp("", "moho-ci-generate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := copyTree(dir, c.root); err != nil {
		return err
	}
	before, err := files(dir)
	if err != nil {
		return err
	}
	if err := c.exec(ctx, command{argv: []string{"go", "generate", "./..."}, dir: dir}); err != nil {
		return err
	}
	after, err := files(dir)
	if err != nil {
		return err
	}
	stale := changed(before, after)
	for _, name := range stale {
		fmt.Fprintf(c.out, "stale: %s\n", name)
	}
	if len(stale) > 0 {
		return fmt.Errorf("go generate changes %d files", len(stale))
	}
	return nil
}

// changed returns the names whose contents differ, sorted.
func changed(before, after map[string][]byte) []string {
	var names []string
	for name := range maps.Keys(before) {
		if now, ok := after[name]; !ok || !bytes.Equal(now, before[name]) {
			names = append(names, name)
		}
	}
	for name := range maps.Keys(after) {
		if _, ok := before[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
