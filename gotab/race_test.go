package gotab_test

import (
	"sync"
	"testing"

	"moho/internal/testbin"
)

// TestConcurrent asks one table from several goroutines for what it finds out
// only when it is asked.
func TestConcurrent(t *testing.T) {
	for _, release := range []string{"1.17.13", "1.26.8"} {
		_, tab := open(t, toy(t, testbin.Config{Go: release}))
		var wg sync.WaitGroup
		counts := make([]int, 4)
		for i := range counts {
			wg.Go(func() {
				for y, err := range tab.Types() {
					if err != nil {
						t.Error(err)
					}
					if _, err := tab.Fields(y); err != nil {
						t.Error(err)
					}
					counts[i]++
				}
				for j := range tab.NumFunc() {
					f, err := tab.Func(j)
					if err != nil {
						t.Error(err)
					}
					if _, ok, err := f.OpenDefers(); err != nil {
						t.Error(err)
					} else if ok {
						counts[i]++
					}
					n, _, err := f.StackObjects()
					if err != nil {
						t.Error(err)
					}
					counts[i] += n
				}
			})
		}
		wg.Wait()
		for _, n := range counts {
			if n != counts[0] || n < 500 {
				t.Errorf("go%s: counts %v", release, counts)
			}
		}
	}
}
