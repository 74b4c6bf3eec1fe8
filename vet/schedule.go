package vet

import (
	"context"
	"runtime"
	"sync"
)

// maxSource bounds the source text, in bytes, of the packages that are analysed
// at the same time; the syntax, types and SSA form of a package take some
// hundred times as much. A package that is larger by itself is analysed alone.
const maxSource = 6 << 20

// A gate admits work as long as the sum of what is inside fits.
type gate struct {
	mu   sync.Mutex
	free sync.Cond
	left int64
	size int64
}

func newGate(size int64) *gate {
	g := &gate{left: size, size: size}
	g.free.L = &g.mu
	return g
}

// take waits for room; the function that it returns gives it back.
func (g *gate) take(n int64) (give func()) {
	n = min(n, g.size)
	g.mu.Lock()
	for g.left < n {
		g.free.Wait()
	}
	g.left -= n
	g.mu.Unlock()
	return func() {
		g.mu.Lock()
		g.left += n
		g.mu.Unlock()
		g.free.Broadcast()
	}
}

// inOrder calls do for every unit, after all units that it imports, on as many
// processors as there are. It stops early when ctx is done.
func inOrder(ctx context.Context, units []*unit, do func(*unit)) {
	waiting := make(map[*unit]int, len(units))
	users := make(map[*unit][]*unit, len(units))
	ready := make(chan *unit, len(units)) // never blocks: each is sent once
	var group sync.WaitGroup
	group.Add(len(units))
	for _, u := range units {
		deps := u.imports
		if u.twin != nil {
			deps = append(deps[:len(deps):len(deps)], u.twin)
		}
		waiting[u] = len(deps)
		for _, dep := range deps {
			users[dep] = append(users[dep], u)
		}
		if len(deps) == 0 {
			ready <- u
		}
	}
	var mu sync.Mutex
	finish := func(u *unit) {
		mu.Lock()
		defer mu.Unlock()
		for _, user := range users[u] {
			if waiting[user]--; waiting[user] == 0 {
				ready <- user
			}
		}
		group.Done()
	}
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for u := range ready {
				if ctx.Err() == nil {
					do(u)
				}
				finish(u)
			}
		}()
	}
	group.Wait()
	close(ready)
}
