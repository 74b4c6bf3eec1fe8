package d

import "testing"

func TestAdd(t *testing.T) {
	if n := new(Counts).Add(); n != 1 {
		t.Error(n)
	}
}
