package postmortem

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"moho/core"
	"moho/evidence"
	"moho/gostate"
	"moho/gotab"
	"moho/objfile"
	"moho/store"
	"moho/traceback"
)

// openText completes a case whose target is a text: with what it says, and with
// the executable, if one is given or one in a store is proved to be it.
//
// A text has no Build ID, but every call in it says how far it is from the
// beginning of its function: an executable that has the same functions with the
// same lines at those offsets is the one that printed it, or as good as that.
func (c *Case) openText(ctx context.Context, o Options) error {
	c.Gaps = append(c.Gaps, c.Text.Gaps()...)
	c.crash, _ = c.Text.Crash()
	sites := c.groupSites()
	var err error
	switch {
	case o.Exe != "":
		err = c.useTextExe(o.Exe, sites)
	case !c.Text.BuildID().IsZero():
		err = c.findTextExe(ctx, o.Stores, sites, c.entriesFor(o.Stores))
	default:
		err = c.findTextExe(ctx, o.Stores, sites, allArtifacts(o.Stores))
	}
	if err != nil || c.Exe == nil {
		return err
	}
	c.findModules()
	c.findReport(o.Stores)
	c.links = newLinker(c)
	return nil
}

// groupSites returns the calls that the goroutines shown are in.
func (c *Case) groupSites() []traceback.Site {
	all := c.Text.Sites()
	seen := map[int32]bool{}
	var list []traceback.Site
	groups, _ := c.Text.Groups(gostate.GroupOptions{System: true})
	for i := range groups {
		for _, fr := range groups[i].First.Frames {
			if n := fr.PCIndex; n >= 0 && int(n) < len(all) && !seen[n] {
				seen[n] = true
				list = append(list, all[n])
			}
		}
	}
	return list
}

// useTextExe takes an executable that was given by path.
func (c *Case) useTextExe(path string, sites []traceback.Site) error {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", path)
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
	m, err := matchSites(f, sites)
	if err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", path, err)
	}
	if m.differs != "" {
		f.Close()
		return &notPrinted{path, c.Path, m.differs}
	}
	c.ExeFrom = Contents
	id, own := c.Text.BuildID(), f.BuildID()
	switch {
	case sharesKind(id, own) && !id.Matches(own):
		f.Close()
		return &notPrinted{path, c.Path, fmt.Sprintf("its Build ID is %s, that in the profile %s", own, id)}
	case id.Matches(own):
		c.ExeFrom = ByPath
	case m.agree == 0:
		c.ExeFrom = Unchecked
		c.gap("proof that the executable belongs to the text", path, "the text says of no call where in its function it is")
	}
	c.Exe, c.ExePath = f, path
	c.ExeSHA256, err = digest(fd)
	return err
}

// notPrinted is the error for an executable that another text is of.
type notPrinted struct{ exe, text, why string }

func (e *notPrinted) Error() string {
	return fmt.Sprintf("%s does not belong to %s: %s", e.exe, e.text, e.why)
}

func (e *notPrinted) Unwrap() error { return core.ErrMismatch }

// minAgree is how many different calls must agree before an executable that
// nobody has named is taken for the one that printed a text.
const minAgree = 3

// maxTried is how many artifacts are looked at to find the one that printed a
// text; each is hashed.
const maxTried = 32

// findTextExe looks for the one artifact that agrees with the text.
func (c *Case) findTextExe(ctx context.Context, stores store.Set, sites []traceback.Site, digests []string) error {
	var found []string
	tried := 0
	for _, sha := range digests {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if tried++; tried > maxTried {
			break
		}
		fd, err := stores.OpenArtifact(sha)
		if err != nil {
			continue // reported when it is asked for
		}
		f, err := objfile.OpenFile(fd)
		fd.Close()
		if err != nil {
			continue
		}
		m, err := matchSites(f, sites)
		named := c.Text.BuildID().Matches(f.BuildID())
		if err != nil || m.differs != "" || !named && (m.agree < minAgree || m.own == 0) {
			f.Close()
			continue
		}
		if c.Exe != nil {
			if !c.Exe.BuildID().Matches(f.BuildID()) { // else a stripped copy
				found = append(found, sha)
			}
			f.Close()
			continue
		}
		found = append(found, sha)
		path, _ := stores.Artifact(sha)
		c.Exe, c.ExePath, c.ExeSHA256, c.ExeFrom, c.found = f, path, sha, Contents, true
		if !c.Text.BuildID().IsZero() {
			c.ExeFrom = ByBuildID
		}
	}
	if len(found) > 1 {
		c.Exe.Close()
		c.Exe, c.ExePath, c.ExeSHA256, c.ExeFrom, c.found = nil, "", "", "", false
		c.gap("executable", storeNames(stores), fmt.Sprintf("%d artifacts agree with the text, so no findings are shown; give the path of one", len(found)))
	}
	if len(found) == 0 && tried > maxTried {
		c.gap("executable", storeNames(stores), fmt.Sprintf("there are more than %d artifacts; the others were not compared with the text; give its path", maxTried))
	}
	return nil
}

// entriesFor returns the digests that the stores have under the text's Build ID.
func (c *Case) entriesFor(stores store.Set) []string {
	entries, err := stores.ByBuildID(c.Text.BuildID())
	if err != nil {
		c.gap("store", "", err.Error())
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.SHA256)
	}
	return list
}

func allArtifacts(stores store.Set) []string {
	var list []string
	for _, s := range stores {
		digests, err := s.Artifacts()
		if err != nil {
			continue
		}
		list = append(list, digests...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// siteMatch is how the calls of a text fit an executable. differs says where
// they do not, "" if they do.
type siteMatch struct {
	agree   int
	own     int // of them in the program's own modules: every Go program has the others
	differs string

	bias   uint64 // of PCs that were printed, where one was
	biased bool
}

// matchSites compares calls with the tables of an executable.
func matchSites(f *objfile.File, sites []traceback.Site) (siteMatch, error) {
	t, err := gotab.Open(f)
	if err != nil {
		return siteMatch{}, err
	}
	wanted := map[string][]gotab.Func{}
	for _, s := range sites {
		wanted[gotab.PrintName(s.Func)] = nil
	}
	var buf []byte
	for i := range t.NumFunc() {
		fn, err := t.Func(i)
		if err != nil {
			return siteMatch{}, err
		}
		buf = fn.AppendName(buf[:0])
		name := string(buf)
		if slices.Contains(buf, '[') {
			name = gotab.PrintName(name)
		}
		if list, ok := wanted[name]; ok {
			wanted[name] = append(list, fn)
		}
	}
	var m siteMatch
	for _, s := range sites {
		if !s.HasOff || s.Inlined {
			continue
		}
		funcs := wanted[gotab.PrintName(s.Func)]
		if len(funcs) == 0 {
			m.differs = "it has no function " + s.Func
			return m, nil
		}
		var at string
		if !slices.ContainsFunc(funcs, func(fn gotab.Func) bool { return siteAt(t, fn, s, &at) }) {
			m.differs = fmt.Sprintf("%s+%#x is at %s there, at %s:%d in the text", s.Func, s.Off, cmp.Or(at, "no line"), s.File, s.Line)
			return m, nil
		}
		if len(funcs) == 1 && s.PC != 0 {
			bias := s.PC - uint64(funcs[0].Entry()) - s.Off
			if m.biased && bias != m.bias {
				m.differs = fmt.Sprintf("%s is at %#x there, which does not go with %#x in the text", s.Func, uint64(funcs[0].Entry()), s.PC-s.Off)
				return m, nil
			}
			m.bias, m.biased = bias, true
		}
		m.agree++
		if own(s.Func) {
			m.own++
		}
	}
	return m, nil
}

// own reports whether a function is not of the standard library.
func own(fn string) bool {
	pkg := evidence.ParseSymbol(fn).Package
	first, _, _ := strings.Cut(pkg, "/")
	return pkg == "main" || strings.Contains(first, ".")
}

// siteAt reports whether the call is where the text says: the line of a return
// address is that of the call before it, that of a trap its own.
func siteAt(t *gotab.Table, fn gotab.Func, s traceback.Site, at *string) bool {
	size, err := fn.Size()
	if err != nil || s.Off >= size {
		return false
	}
	pc := fn.Entry() + gotab.PC(s.Off)
	for _, back := range []gotab.PC{1, 0} {
		frames := t.Frames(nil, fn, pc-back)
		if n := len(frames); n > 0 {
			outer := frames[n-1]
			if outer.File == s.File && outer.Line == s.Line {
				return true
			}
			if *at == "" {
				*at = fmt.Sprintf("%s:%d", outer.File, outer.Line)
			}
		}
	}
	return false
}

// sharesKind reports whether two IDs can be compared at all.
func sharesKind(a, b evidence.BuildID) bool {
	return a.Go != "" && b.Go != "" || a.GNU != "" && b.GNU != ""
}
