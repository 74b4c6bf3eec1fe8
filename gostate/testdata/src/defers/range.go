//go:build go1.23

package main

import "iter"

func init() {
	scenarios = append(scenarios,
		&scenario{name: "overFunc", run: overFunc},
		&scenario{name: "afterFunc", run: afterFunc},
		&scenario{name: "exitFunc", run: exitFunc},
	)
}

func numbers(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer ran(id())
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func overFunc(s *scenario) {
	defer ran(id())
	for i := range numbers(3) {
		defer ran(id() + i)
		if i == 1 {
			s.block()
			break
		}
	}
}

func afterFunc(s *scenario) {
	defer ran(id())
	for i := range numbers(3) {
		defer ran(id() + i)
	}
	for i := range numbers(2) {
		defer ran(id() + i)
	}
	defer ran(id())
	s.block()
}

func exitFunc(s *scenario) {
	defer ran(id())
	for i := range numbers(4) {
		n := id() + i
		defer func() {
			if i == 2 {
				s.block()
			}
			ran(n + 100)
		}()
	}
}
