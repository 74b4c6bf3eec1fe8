package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `{"k":"start","pid":7,"go":"go1.26.8","globals":3}
{"k":"hit","pid":7,"rule":"c-uaf","goid":1,"addr":"0x10","a":0,"b":0,"mem":"other","at":[{"pc":99},{"fn":"main.f","file":"/m/a.go","line":3}],"free":[{"fn":"main.g","file":"/m/a.go","line":9}],"alloc":[{"fn":"main.h","file":"/m/a.go","line":1}]}
{"k":"hit","pid":8,"rule":"c-uaf","goid":1,"addr":"0x20","at":[{"pc":77},{"fn":"main.f","file":"/m/a.go","line":3}]}
not a line
{"k":"end","pid":7,"hits":1,"lost":2}
`

func TestRead(t *testing.T) {
	l, err := Read(strings.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	if l.Starts != 1 || l.Ends != 1 || l.Globals != 3 || l.Lost != 2 || l.Garbled != 1 || len(l.Hits) != 1 {
		t.Fatalf("%+v", l)
	}
	h := l.Hits[0]
	if h.Site() != "c-uaf /m/a.go:3" {
		t.Errorf("site %q", h.Site())
	}
	var order []string
	for _, s := range h.History() {
		order = append(order, s.Name)
	}
	if d := cmp.Diff([]string{"alloc", "free"}, order); d != "" {
		t.Error(d)
	}
}

func TestReadLimits(t *testing.T) {
	for name, in := range map[string]string{
		"long line":  `{"k":"` + strings.Repeat("x", maxLine) + "\"}\n",
		"many lines": strings.Repeat("{}\n", maxLines+1),
	} {
		l, err := Read(strings.NewReader(in))
		if err == nil || l.Garbled != 0 || l.Hits != nil {
			t.Errorf("%s: %v, %+v", name, err, l)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add(`{"k":"hit","at":null,"line":-1}`)
	f.Fuzz(func(t *testing.T, in string) {
		l, err := Read(strings.NewReader(in))
		if err != nil && (l.Hits != nil || l.Starts != 0) {
			t.Fatalf("%v with %+v", err, l)
		}
		for i := range l.Hits {
			l.Hits[i].Site()
			l.Hits[i].History()
		}
	})
}
