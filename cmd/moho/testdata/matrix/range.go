//go:build go1.23

package main

func numbers(yield func(int) bool) {
	for i := 0; i < 2; i++ {
		if !yield(i) {
			return
		}
	}
}

//go:noinline
func overFunc(c chan int) {
	for i := range numbers {
		defer func() { _ = i; ran() }()
	}
	<-c
}

var rangeFunc = overFunc
