package vet

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"moho/evidence"
	"moho/vet/internal/fact"
)

// FuzzRecord: what is no record gives none, and what is one survives.
func FuzzRecord(f *testing.F) {
	b, err := json.Marshal(record{
		Findings: []evidence.Finding{{Rule: "r", Flow: []evidence.Step{}, Fixes: []evidence.Fix{}, Targets: []string{"linux/amd64"}}},
		Facts:    &fact.Package{Funcs: map[string]*fact.Func{"F": {Params: []fact.Param{{Frees: fact.Free}}}}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"Findings":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := decodeRecord(b)
		if !ok {
			if !reflect.DeepEqual(r, record{}) {
				t.Error("no record, and yet something")
			}
			return
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := decodeRecord(again); !ok || !reflect.DeepEqual(r, s) {
			t.Errorf("%s is read as another record", again)
		}
	})
}

// FuzzListed: whatever go list says, nothing panics on it.
func FuzzListed(f *testing.F) {
	f.Add([]byte(`{"ImportPath":"p [p.test]","ForTest":"p","Imports":["q","C"],"ImportMap":{"x":"q"},"Error":{"ImportStack":["a"],"Err":"import cycle not allowed"}}`))
	f.Add([]byte(`{"ImportPath":"p","CgoFiles":["c.go"],"Error":{"ImportStack":7}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, q listed
		if json.Unmarshal(b, &p) != nil {
			return
		}
		q.ImportPath, q.Imports = "q", []string{p.ImportPath}
		units := graph([]*listed{&p, &q, &p})
		if len(units) == 0 || len(units) > 2 {
			t.Errorf("%d units", len(units))
		}
		for _, u := range units {
			u.concerned(target{goarch: "amd64"})
		}
	})
}

// FuzzVetx: facts that this program did not write are refused.
func FuzzVetx(f *testing.F) {
	f.Add([]byte(vetxMagic + `{"Funcs":{"F":{}}}`))
	f.Add([]byte("vetx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		name := filepath.Join(t.TempDir(), "vet.out")
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
		u := &unit{pkg: (&listed{ImportPath: "p"}).pkg()}
		err := u.readFacts(name)
		if err == nil && len(b) > 0 && !strings.HasPrefix(string(b), vetxMagic) {
			t.Error("accepted")
		}
		if err != nil && u.record.Facts != nil {
			t.Error("refused, and yet facts")
		}
	})
}
