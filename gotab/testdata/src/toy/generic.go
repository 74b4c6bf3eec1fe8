//go:build go1.18
// +build go1.18

package main

type number interface{ ~int | ~float64 }

//go:noinline
func sum[T number](list []T, each func(T)) (total T) {
	for _, v := range list {
		total += double(v)
		each(v)
	}
	return total
}

func double[T number](v T) T { return v + v }

type list[T any] struct{ items []T }

//go:noinline
func (l *list[T]) walk(f func(T)) {
	for _, v := range l.items {
		f(v)
	}
}

func generics(n *int) {
	*n += sum([]int{1, 2, 43}, func(v int) { *n += inner(v) })
	*n += int(sum([]float64{1.5}, func(v float64) { stack() }))
	(&list[string]{items: []string{"x"}}).walk(func(string) { stack() })
	(&list[int]{items: []int{1}}).walk(func(int) { func() { *n += outer(50) }() })
}
