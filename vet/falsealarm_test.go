package vet_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/evidence"
	"moho/internal/testbin"
	"moho/vet"
)

// A claim is what docs/FALSE-POSITIVES.md says of one module.
type claim struct {
	module string
	counts map[evidence.Severity]int
	wrong  int      // in the table of modules
	marked int      // by verdict
	high   []string // file:line rule
}

var row = regexp.MustCompile(`(?m)^\| (.*) \|$`)

// claims reads the two tables that tell of modules.
func claims(t *testing.T) []claim {
	t.Helper()
	text, err := os.ReadFile("../docs/FALSE-POSITIVES.md")
	if err != nil {
		t.Fatal(err)
	}
	var list []claim
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		cells := strings.Split(m[1], " | ")
		if len(cells) >= 8 && strings.Contains(cells[0], "@") {
			var n [5]int
			for i, cell := range cells[2:7] {
				if n[i], err = strconv.Atoi(cell); err != nil {
					t.Fatalf("%s: %v", cells[0], err)
				}
			}
			list = append(list, claim{module: cells[0], wrong: n[2], counts: map[evidence.Severity]int{
				evidence.Critical: n[0], evidence.High: n[1], evidence.Medium: n[3], evidence.Low: n[4],
			}})
		}
		if len(cells) == 5 && strings.Contains(cells[0], "@") {
			i := slices.IndexFunc(list, func(c claim) bool { return c.module == cells[0] })
			if i < 0 {
				t.Fatalf("no count for %s", cells[0])
			}
			list[i].high = append(list[i].high, strings.Trim(cells[1], "`")+" "+cells[2])
			if !strings.HasPrefix(cells[3], "right") {
				list[i].marked++
			}
		}
	}
	return list
}

// TestFalseAlarmsDocument: the page is whole, and within what was promised.
func TestFalseAlarmsDocument(t *testing.T) {
	list := claims(t)
	if len(list) != 10 {
		t.Fatalf("%d modules", len(list))
	}
	wrong := 0
	for _, c := range list {
		if len(c.high) != c.counts[evidence.High]+c.counts[evidence.Critical] {
			t.Errorf("%s: %d verdicts on %v", c.module, len(c.high), c.counts)
		}
		if c.wrong != c.marked {
			t.Errorf("%s: %d wrong by the count, %d by the verdicts", c.module, c.wrong, c.marked)
		}
		wrong += c.marked
		if c.counts[evidence.Critical] > 0 {
			t.Errorf("%s: critical", c.module)
		}
	}
	if wrong > 10 {
		t.Errorf("%d wrong", wrong)
	}
}

// TestFalseAlarms runs over code that uses unsafe correctly, in large amounts:
// what is reported there is what the page says. The two modules whose
// dependencies take minutes to compile are left out.
func TestFalseAlarms(t *testing.T) {
	testbin.Long(t)
	scratch := write(t, map[string]string{"go.mod": "module scratch.test\n\ngo 1.24\n"})
	for _, c := range claims(t) {
		if strings.Contains(c.module, "/pebble@") || strings.Contains(c.module, "/prometheus@") {
			continue
		}
		t.Run(c.module, func(t *testing.T) {
			download := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", c.module)
			download.Dir = scratch
			out, err := download.Output()
			if err != nil {
				t.Fatal(err)
			}
			// Where it lies, so that what is compiled is compiled once.
			var info struct{ Dir string }
			if err := json.Unmarshal(out, &info); err != nil {
				t.Fatal(err)
			}
			opts := vet.Options{Dir: info.Dir, Tests: true}
			for _, many := range []string{"x/sys@", "/ebpf@", "/wazero@", "/gopsutil/"} {
				if strings.Contains(c.module, many) {
					opts.Targets = []string{"linux/amd64", "windows/amd64", "darwin/arm64"}
				}
			}
			r := run(t, opts)
			counts := map[evidence.Severity]int{evidence.Critical: 0, evidence.High: 0, evidence.Medium: 0, evidence.Low: 0}
			var high []string
			for _, f := range r.Findings {
				counts[f.Severity]++
				if f.Severity.Rank() >= evidence.High.Rank() {
					high = append(high, f.Pos.File+":"+strconv.Itoa(f.Pos.Line)+" "+f.Rule)
				}
				t.Logf("%s: %s: %s: %s", f.Pos, f.Severity, f.Rule, f.Message)
			}
			slices.Sort(c.high)
			slices.Sort(high)
			if d := cmp.Diff(c.high, high); d != "" {
				t.Errorf("high (-page +found):\n%s", d)
			}
			if d := cmp.Diff(c.counts, counts); d != "" {
				t.Errorf("by severity (-page +found):\n%s", d)
			}
			if len(r.Gaps) > 0 {
				t.Errorf("gaps: %v", r.Gaps)
			}
		})
	}
}
