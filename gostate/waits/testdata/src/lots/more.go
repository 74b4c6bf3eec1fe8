//go:build go1.23

package main

import "iter"

// more waits in ways that older releases do not have.
func more() {
	ready.Add(1)
	go func() {
		next, stop := iter.Pull(func(yield func(int) bool) {
			say("coroutine %d", id())
			yield(1)
		})
		defer stop()
		next()
		ready.Done()
		never()
	}()
}
