package baseline_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"moho/evidence"
	"moho/internal/testschema"
	"moho/vet"
	"moho/vet/baseline"
)

func finding(n int, pkg, symbol string) evidence.Finding {
	return evidence.Finding{
		Rule: "r", Fingerprint: fmt.Sprintf("%032x", n),
		Place: evidence.Place{Package: pkg, Symbol: symbol, Module: "m", File: "cmd/x/a.go"},
	}
}

func result(fs ...evidence.Finding) vet.Result {
	return vet.Result{Findings: fs, Targets: []string{"linux/amd64"}, Paths: []string{"m/a", "m/b", "m/cmd/x"}}
}

// TestRoundTrip writes, reads and sorts; what is written is what the schema says.
func TestRoundTrip(t *testing.T) {
	opts := vet.Options{Tests: true, Tags: []string{"x"}}
	b := baseline.Of(result(finding(3, "m/b", "F"), finding(1, "main", "main"), finding(2, "m/a", "<g>")), opts)
	testschema.Valid(t, "baseline", b.Encode())
	var order []string
	for _, e := range b.Entries {
		order = append(order, e.Package+"."+e.Symbol)
	}
	if got := strings.Join(order, " "); got != "m/a.<g> m/b.F m/cmd/x.main" {
		t.Errorf("order %s", got)
	}
	name := filepath.Join(t.TempDir(), "base.json")
	if err := b.Write(name); err != nil {
		t.Fatal(err)
	}
	got, err := baseline.Read(name)
	if err != nil || !reflect.DeepEqual(got, b) {
		t.Errorf("read %+v, %v, want %+v", got, err, b)
	}
	testschema.Valid(t, "baseline", baseline.Baseline{Schema: baseline.Schema}.Encode())
}

// TestFixed tells what is fixed, where it can be known.
func TestFixed(t *testing.T) {
	opts := vet.Options{Tests: true}
	b := baseline.Of(result(finding(1, "m/a", "F"), finding(2, "m/b", "F"), finding(3, "m/b_test", "T"), finding(4, "gone", "F")), opts)
	fresh, known := b.Split([]evidence.Finding{finding(1, "m/a", "F"), finding(9, "m/a", "F")})
	if len(fresh) != 1 || len(known) != 1 || fresh[0].Fingerprint != fmt.Sprintf("%032x", 9) {
		t.Errorf("fresh %v, known %v", fresh, known)
	}
	now := result(finding(1, "m/a", "F"))
	if got := b.Fixed(now, opts); len(got) != 2 || got[0].Package != "m/b" || got[1].Package != "m/b_test" {
		t.Errorf("fixed: %+v", got)
	}
	now.Targets = append(now.Targets, "linux/arm64")
	if got := b.Fixed(now, opts); len(got) != 2 {
		t.Errorf("with one more target: %+v", got)
	}
	now.Paths = []string{"m/a"}
	if got := b.Fixed(now, opts); len(got) != 0 {
		t.Errorf("of a package that was not looked at: %+v", got)
	}
	now = result()
	for what, o := range map[string]vet.Options{"without tests": {}, "other tags": {Tests: true, Tags: []string{"y"}}} {
		if got := b.Fixed(now, o); len(got) != 0 {
			t.Errorf("%s: %+v", what, got)
		}
	}
	now.Targets = []string{"darwin/arm64"}
	if got := b.Fixed(now, opts); len(got) != 0 {
		t.Errorf("on another target: %+v", got)
	}
}

// FuzzDecode: an error comes with a zero result, and what was decoded is
// decoded the same again.
func FuzzDecode(f *testing.F) {
	f.Add(baseline.Of(result(finding(3, "m/b", "F")), vet.Options{}).Encode())
	f.Add([]byte(`{"schema":"moho/baseline/v1","entries":[{"fingerprint":"zz"}]}`))
	f.Add([]byte(`{"schema":"moho/baseline/v2"}`))
	f.Add([]byte(`{"schema":"moho/baseline/v1"} {}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := baseline.Decode(data)
		if err != nil {
			if !reflect.DeepEqual(b, baseline.Baseline{}) {
				t.Errorf("%v, with a result", err)
			}
			return
		}
		again, err := baseline.Decode(b.Encode())
		if err != nil || string(again.Encode()) != string(b.Encode()) {
			t.Errorf("encoded and decoded: %v\n%s\n%s", err, b.Encode(), again.Encode())
		}
	})
}
