package gostate

import "testing"

func TestShortName(t *testing.T) {
	tests := []struct {
		name  string
		minor int
		want  string
	}{
		{"main.main", 27, "main.main"},
		{"main.f[go.shape.int]", 27, "main.f[...]"},
		{"main.f[go.shape.[]int]", 27, "main.f[...]"},
		{"main.f[go.shape.map[string][]int].func1", 27, "main.f[...].func1"},
		{"main.(*T[go.shape.int]).M", 26, "main.(*T[...]).M"},
		{"main.(*T[go.shape.int]).M[go.shape.string]", 27, "main.(*T[...]).M[...]"},
		{"main.(*T[go.shape.int]).M[go.shape.string]", 26, "main.(*T[...]"},
		{"main.(*T[go.shape.[]int]).M[go.shape.[]string].func2", 27, "main.(*T[...]).M[...].func2"},
		{"odd]name[", 27, "odd]name["},
		{"odd[", 27, "odd["},
		{"", 27, ""},
	}
	for _, tt := range tests {
		// Before 1.27 all from the first bracket to the last is cut; what
		// follows the last one stays.
		if got := shortName(tt.name, tt.minor); got != tt.want {
			t.Errorf("shortName(%q, 1.%d) = %q, want %q", tt.name, tt.minor, got, tt.want)
		}
	}
}

func TestInternalName(t *testing.T) {
	tests := map[string]bool{
		"runtime.gopark":          true,
		"runtime.GC":              false,
		"runtime.(*Func).Entry":   false,
		"runtime.(*mheap).alloc":  true,
		"runtime.(*mheap).Alloc":  true,
		"runtime.Error.Error":     false,
		"main.main":               false,
		"gogo":                    true,
		"internal/runtime/maps.x": false,
		"k8s.io/x/runtime.f":      false,
	}
	for name, want := range tests {
		if got := internalName(name); got != want {
			t.Errorf("internalName(%q) = %v", name, got)
		}
	}
}

func TestStatus(t *testing.T) {
	tests := []struct {
		s     status
		text  string
		known bool
		dead  bool
	}{
		{gRunning, "running", true, false},
		{gWaiting | gScan, "waiting", true, false},
		{gDead, "dead", true, true},
		{gDeadExtra, "waiting for cgo callback", true, true},
		{5, "unknown(0x5)", false, false},
		{0x2004, "unknown(0x2004)", false, false},
	}
	for _, tt := range tests {
		if tt.s.String() != tt.text || tt.s.known() != tt.known || tt.s.dead() != tt.dead {
			t.Errorf("%#x: %q, known %v, dead %v", uint32(tt.s), tt.s, tt.s.known(), tt.s.dead())
		}
	}
}
