package a

import "testing"

func TestFirst(t *testing.T) {
	b := make([]byte, 40)
	if len(Window(&b[0], 40)) != 40 {
		t.Fatal("short")
	}
}

func TestLiteral(t *testing.T) { Literal("literal") }

func TestAllocs(t *testing.T) {
	sum := uint64(0)
	if n := testing.AllocsPerRun(10, func() { sum += Bits(1.5) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSeen(t *testing.T) {
	if len(Seen(8)) != 16 {
		t.Fatal("short")
	}
}
