package frame_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// statements measures what docs/ABI.md says, by the tags that stand there.
var statements = map[string]func(*testing.T){
	"F1": argsAtEight, "F2": callPushes, "F3": lrAtSP, "F4": bpBelowReturn, "F5": fpBelowSP, "F6": localsEnd,
	"F7": alignment, "F8": leavesWithoutFrame, "F9": fpChain, "F10": morestackDelta, "F11": shapes,
	"T1": directiveSize, "T2": listingSize, "T3": roundedSizes, "T4": impliedFlags,
	"R1": argRegisters, "R2": gRegister, "R3": closureRegister, "R4": zeroRegister, "R5": spillArea, "R6": abi0Memory,
	"S1": threeChecks, "S2": guard, "S3": nosplitLimit, "S4": startsOver, "S5": twoMorestacks,
	"G1": offsetsSurvive, "G2": uintptrStays, "G3": belowSPIsLost, "G4": stackSizes,
	"D1": resumesAtDeferreturn, "D2": deferSlots,
	"M1": mapping,
}

// TestABI checks that docs/ABI.md and the measurements have the same tags, that
// the files it names exist in the running toolchain, and each statement.
func TestABI(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "ABI.md"))
	if err != nil {
		t.Fatal(err)
	}
	tags := map[string]bool{}
	for _, m := range regexp.MustCompile(`\*\*([A-Z]\d+)\*\*`).FindAllStringSubmatch(string(doc), -1) {
		tags[m[1]] = true
		if statements[m[1]] == nil {
			t.Errorf("nothing measures %s", m[1])
		}
	}
	files := map[string]bool{}
	src := filepath.Join(goroot(t), "src")
	for _, m := range regexp.MustCompile("`([a-zA-Z0-9_./]+\\.(?:go|s|md|html))`").FindAllStringSubmatch(string(doc), -1) {
		files[m[1]] = true
		if _, err := os.Stat(filepath.Join(src, m[1])); err != nil {
			t.Errorf("named in ABI.md: %v", err)
		}
	}
	if len(files) < 15 {
		t.Errorf("only %d files are named", len(files))
	}
	// Each statement names its source: a paragraph that ends in a tag has a file.
	for para := range strings.SplitSeq(string(doc), "\n- ") {
		para, _, _ = strings.Cut(para, "\n\n")
		if strings.Contains(para, "**") && !strings.Contains(para, ".go`") && !strings.Contains(para, ".md`") &&
			!strings.Contains(para, ".s`") && !strings.Contains(para, ".html`") && !strings.Contains(para, "|") && !strings.Contains(para, ">") {
			t.Errorf("no source: %.80s", para)
		}
	}
	for tag, measure := range statements {
		if !tags[tag] {
			t.Errorf("%s is not in docs/ABI.md", tag)
		}
		t.Run(tag, measure)
	}
}
