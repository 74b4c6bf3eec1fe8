//go:build !go1.18
// +build !go1.18

package main

// generics stands for those that older releases have not.
func generics(n *int) {
	walk := func(each func(int)) {
		for i := 0; i < 3; i++ {
			each(i)
		}
	}
	walk(func(v int) { *n += inner(v + 41) })
	walk(func(int) { func() { *n += outer(50) }() })
	walk(func(int) { stack() })
}
