package c

import "testing"

func TestLength(t *testing.T) {
	if Length("abc") != 3 {
		t.Fatal()
	}
}
