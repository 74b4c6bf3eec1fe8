package postmortem

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"moho/arch"
	"moho/core"
	"moho/core/live"
	"moho/evidence"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/gostate/value"
	"moho/gostate/vars"
	"moho/gostate/where"
	"moho/objfile"
	"moho/store"
	"moho/traceback"
)

// ExeFrom says how the executable of a core was established.
type ExeFrom string

const (
	ByBuildID ExeFrom = "buildid"   // found by the core's Build ID, digest verified
	ByPath    ExeFrom = "path"      // given by path, Build IDs agree
	Contents  ExeFrom = "contents"  // given by path or found in a store, the bytes in the core or the calls of the text agree
	Unchecked ExeFrom = "unchecked" // given by path, nothing in the core proves it
	Running   ExeFrom = "process"   // what the living process runs, by the kernel's link
)

// Options say where to look. The zero value looks nowhere.
type Options struct {
	Exe      string    // path of the executable, or "" to find it by Build ID
	Stores   store.Set // where to look for it, for reports and for findings
	Whole    int64     // private memory of a living process that is copied whole, in bytes; 0: live.DefaultLimit
	Memory   bool      // memory will be read: refuse a target that is only text
	MaxSize  int64     // limit of what is decompressed or read from a pipe, in bytes; 0 means 64 GiB
	Stdin    io.Reader // what "-" names; nil means the standard input
	Progress func(done, total int64)
}

// A Case is one core with everything that is known about it. World is nil when
// there is no executable to read the core with; Gaps says why.
type Case struct {
	Path    string
	Process *core.Process   // nil when the target is a text
	Text    *traceback.Dump // nil when it is not
	Live    *live.Snapshot  // of a living process, else nil

	Exe       *objfile.File
	ExePath   string
	ExeFrom   ExeFrom
	ExeSHA256 string

	World    *gostate.World
	Report   *store.StoredReport // the newest report about the executable that has findings, or just the newest, or nil
	Artifact evidence.Artifact   // what it says about it
	Findings []evidence.Finding  // those of all reports about the executable
	Gaps     []evidence.Gap
	Notes    []evidence.Gap // what was never there to be read; the answer is whole without

	file      io.Closer // what Text is read from
	found     bool      // Exe comes from a store
	heap      *heap.Heap
	heapTried bool
	places    *where.Map

	crash   gostate.Crash // Goroutine is nil when nothing ended the process
	modules []string      // paths of the modules that are linked in
	links   linker
	reader  *value.Reader // made when it is asked for
	vars    *vars.Reader  // the same
	roots   roots

	namesGap bool // Notes or Gaps has that variables have no names
}

// Open opens the core at path.
//
// It returns an error when the file is no core, when the executable given is
// not the one that the core came from ([core.MismatchError], naming both Build
// IDs), or when it is no Go program. A core whose executable can't be found is
// no error: the case has no World then.
func Open(ctx context.Context, path string, o Options) (c *Case, err error) {
	c = &Case{Path: path}
	defer func() {
		if err != nil {
			c.Close()
			c = nil
		}
	}()
	if err = c.openTarget(ctx, o); err != nil {
		return c, err
	}
	if c.Text != nil {
		return c, c.openText(ctx, o)
	}
	c.Gaps = append(c.Gaps, c.Process.Gaps()...)
	known := len(c.Gaps)
	switch {
	case o.Exe != "":
		err = c.useExe(o.Exe)
	case c.Live != nil:
		err = c.useRunning()
	default:
		err = c.findExe(o.Stores)
	}
	if err != nil || c.Exe == nil && !c.holdsTables() {
		return c, err
	}
	if c.World, err = gostate.Open(c.Process, c.Exe, gostate.Options{Progress: o.Progress}); err != nil {
		c.World = nil
		if !c.Process.Truncated() && (c.Exe != nil || c.Process.Arch() == arch.WASM) {
			return c, err
		}
		c.gap("goroutines", "", err.Error()) // what the core still has is shown
		return c, nil
	}
	if c.Exe == nil {
		c.Gaps = c.Gaps[:known] // nothing is missing without it
	}
	c.Gaps = append(c.Gaps, c.World.Gaps()...)
	if err := context.Cause(ctx); err != nil {
		return c, err
	}
	c.crash, _ = c.World.Crash()
	if c.Exe == nil {
		c.tellUnplaced()
		return c, nil
	}
	c.findModules()
	c.findReport(o.Stores)
	c.links = newLinker(c)
	return c, nil
}

// tellUnplaced says what is missing without the module: a coredump numbers
// functions as that does.
func (c *Case) tellUnplaced() {
	for _, t := range c.Process.Threads() {
		if _, ok := t.Reg(c.Process.Arch(), arch.PC); ok {
			return
		}
	}
	for g := range c.World.Goroutines() {
		if g.Status == "running" && len(g.Frames) == 0 && len(c.Process.Threads()) > 0 {
			c.gap("module", c.Path, "the coredump says by its numbers in which function the program was; give its path")
			return
		}
	}
}

// holdsTables reports whether the target itself holds the tables that
// executables have: a WASM memory does, and a core for which the kernel was told
// to keep what files are mapped (bit 2 of coredump_filter).
func (c *Case) holdsTables() bool {
	if c.Process.Arch() == arch.WASM {
		return true
	}
	entry := core.Addr(c.Process.Auxv()[auxEntry])
	for _, r := range c.Process.Regions() {
		if r.Addr <= entry && entry < r.End() {
			return r.FileSize == r.Size
		}
	}
	return false
}

// findModules asks the executable what is linked into it.
func (c *Case) findModules() {
	info, err := c.Exe.BuildInfo()
	if err != nil {
		return
	}
	c.modules = append(c.modules, info.Main.Path)
	for _, d := range info.Deps {
		c.modules = append(c.modules, d.Path)
	}
}

// ExeFound reports whether the executable was found in a store, not given.
func (c *Case) ExeFound() bool { return c.found }

// ExeArg returns the path of the executable if it has to be given again to open
// the target again, and "" where the target leads to it.
func (c *Case) ExeArg() string {
	if c.ExeFrom == ByBuildID || c.ExeFrom == Running || c.found {
		return ""
	}
	return c.ExePath
}

// Close releases the files of the case.
func (c *Case) Close() error {
	var errs []error
	if c.Exe != nil {
		errs = append(errs, c.Exe.Close())
	}
	switch {
	case c.Live != nil:
		errs = append(errs, c.Live.Close())
	case c.Process != nil:
		errs = append(errs, c.Process.Close())
	}
	if c.file != nil {
		errs = append(errs, c.file.Close())
	}
	return errors.Join(errs...)
}

// OfModule reports whether the function with this linker name belongs to the
// program or one of its modules, and not to the standard library.
func (c *Case) OfModule(fn string) bool {
	pkg := evidence.ParseSymbol(fn).Package
	if pkg == "main" {
		return true
	}
	return slices.ContainsFunc(c.modules, func(m string) bool {
		rest, ok := strings.CutPrefix(pkg, m)
		return ok && m != "" && (rest == "" || rest[0] == '/')
	})
}

// BuildID returns the ID of the program: the core's, else the executable's.
func (c *Case) BuildID() evidence.BuildID {
	if c.Process != nil {
		if id, ok := c.Process.ExecutableBuildID(); ok {
			return id
		}
	}
	if c.Text != nil && !c.Text.BuildID().IsZero() {
		return c.Text.BuildID()
	}
	if c.Exe != nil {
		return c.Exe.BuildID()
	}
	return evidence.BuildID{}
}

// ClaimedExe returns the path that the core says its executable had, or "". It
// is for people to read: whoever made the core chose it, so it is never opened
// unasked.
func (c *Case) ClaimedExe() string {
	if c.Process == nil {
		return ""
	}
	entry, ok := c.Process.Auxv()[auxEntry]
	if !ok {
		return ""
	}
	for _, m := range c.Process.Mappings() {
		if a := core.Addr(entry); m.Start <= a && a < m.End {
			if strings.HasSuffix(m.File, " (deleted)") {
				return "" // how the kernel marks it
			}
			return m.File
		}
	}
	return ""
}

// auxEntry is AT_ENTRY of the auxiliary vector: the entry point of the program,
// which lies in its executable, not in the loader.
const auxEntry = 9

// useExe takes an executable that was given by path.
func (c *Case) useExe(path string) error {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", path) // opening a FIFO would block
	}
	fd, err := os.Open(path)
	if err != nil {
		return err
	}
	defer fd.Close()
	f, err := objfile.OpenFile(fd)
	if err != nil {
		return err
	}
	how, err := c.Process.MatchesImage(f)
	if err != nil {
		f.Close()
		return fmt.Errorf("%s does not belong to %s: %w", path, c.Path, err)
	}
	switch how {
	case "buildid":
		c.ExeFrom = ByPath
	case "contents":
		c.ExeFrom = Contents
	default:
		c.ExeFrom = Unchecked
		why := "the core holds neither a Build ID nor text to compare"
		if how == "headers" {
			why = "there is no Build ID, and of the file the core holds only the program headers, which a sister build may share"
		}
		c.gap("proof that the executable belongs to the core", path, why)
	}
	c.Exe, c.ExePath = f, path
	c.ExeSHA256, err = digest(fd)
	return err
}

// findExe looks the core's Build ID up and takes the artifact that agrees with
// the core. Several may share an ID (strip keeps it); their digests differ.
func (c *Case) findExe(stores store.Set) error {
	id, ok := c.Process.ExecutableBuildID()
	if !ok {
		c.gap("executable", c.Path, "the core has no Build ID to find it by; give its path")
		return nil
	}
	if len(stores) == 0 {
		c.gap("executable", "Build ID "+id.String(), "there is no store to look in; give its path or --store")
		return nil
	}
	entries, err := stores.ByBuildID(id)
	if err != nil {
		c.gap("store", "", err.Error())
	}
	if len(entries) == 0 {
		c.gap("executable", "Build ID "+id.String(), "not in "+storeNames(stores)+"; give its path or --store")
		return nil
	}
	for _, e := range entries {
		if err := c.tryEntry(stores, e); err != nil {
			c.gap("artifact", "sha256 "+e.SHA256, err.Error())
			continue
		}
		return nil
	}
	c.gap("executable", "Build ID "+id.String(), "no artifact that a store has under this ID can be used; give its path")
	return nil
}

func (c *Case) tryEntry(stores store.Set, e store.Entry) error {
	fd, err := stores.OpenArtifact(e.SHA256)
	if err != nil {
		return err
	}
	defer fd.Close()
	f, err := objfile.OpenFile(fd)
	if err != nil {
		return err
	}
	if _, err := c.Process.MatchesImage(f); err != nil {
		f.Close()
		return err
	}
	c.Exe, c.ExePath, c.ExeFrom, c.ExeSHA256, c.found = f, e.Path, ByBuildID, e.SHA256, true
	return nil
}

// findReport looks for the reports about the executable. There are several when
// the same source was built more than once; one that was made without looking
// at the source says nothing of findings, and does not undo another that does.
func (c *Case) findReport(stores store.Set) {
	reports, err := stores.ReportsFor(c.ExeSHA256)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		c.gap("report", "sha256 "+c.ExeSHA256, err.Error())
		return
	}
	for _, r := range reports {
		a, ok := r.Artifact(c.ExeSHA256)
		if !ok {
			continue
		}
		found := r.Report.Statement.Findings
		if c.Report == nil || len(c.Findings) == 0 && len(found) > 0 {
			c.Report, c.Artifact = &r, a
		}
		c.Findings = append(c.Findings, found...)
	}
	evidence.SortFindings(c.Findings)
	c.Findings = slices.CompactFunc(c.Findings, func(a, b evidence.Finding) bool {
		return a.Rule == b.Rule && a.Pos == b.Pos && a.Message == b.Message
	})
}

func (c *Case) gap(what, where, why string) {
	c.Gaps = append(c.Gaps, evidence.Gap{What: what, Where: where, Why: why})
}

func storeNames(stores store.Set) string {
	s := ""
	for i, st := range stores {
		if i > 0 {
			s += ", "
		}
		s += st.Dir()
	}
	return s
}

// digest hashes a file from its beginning.
func digest(fd *os.File) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(fd, 0, 1<<62)); err != nil {
		return "", fmt.Errorf("%s: %w", fd.Name(), err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
