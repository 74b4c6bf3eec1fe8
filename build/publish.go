package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"moho/evidence"
	"moho/inspect"
	"moho/objfile"
	"moho/policy"
	"moho/policy/target"
	"moho/store"
)

// finish completes a statement whose settings and artifacts are all there.
func finish(j *job, st *evidence.Statement) {
	st.Dependencies = append([]evidence.Dependency{}, inspect.Merge(st.Dependencies)...)
	if len(j.plan) > 0 {
		st.Source.Module = j.plan[0].module
	}
	for i := range st.Artifacts {
		a := &st.Artifacts[i]
		if t, err := target.Parse(a.Target); err == nil {
			a.Checks = append(a.Checks, j.policy.JudgeStatement(*st, t)...)
		}
		a.Checks = append(a.Checks, j.policy.JudgeVet(*st))
	}
}

// checkPaths looks for paths of this machine in an artifact. The reason names
// the kind of path: the path itself would make the statement depend on it.
func (j *job) checkPaths(f *objfile.File) (evidence.Check, error) {
	c := evidence.Check{ID: policy.CheckPaths, Verdict: evidence.NotChecked, Why: "the policy does not forbid them"}
	if !j.policy.Binary.ForbidPaths {
		return c, nil
	}
	kinds := map[string]string{}
	var paths []string
	add := func(kind, p string) {
		if p == "" || kinds[p] != "" || filepath.Dir(p) == p {
			return
		}
		kinds[p] = kind
		paths = append(paths, p)
	}
	add("the module's directory", j.module)
	add("GOROOT", j.base.Toolchain.Root)
	add("the output directory", j.output)
	if home, err := os.UserHomeDir(); err == nil {
		add("the home directory", home+string(filepath.Separator))
	}
	leaks, err := inspect.Paths(f, paths)
	if err != nil {
		return c, err
	}
	if len(leaks) > 0 {
		c.Verdict = evidence.Refuse
		c.Why = fmt.Sprintf("holds a path in %s of the machine that built it, at offset %#x", kinds[leaks[0].Path], int64(leaks[0].Off))
		return c, nil
	}
	c.Verdict, c.Why = evidence.Pass, "no path of the machine that built it"
	return c, nil
}

// publish puts artifacts and report into the store, then into the output
// directory: what can be seen there is in the store.
func (j *job) publish(ctx context.Context, rep *evidence.Report) (string, error) {
	j.progress("store", false)
	byPackage := map[[2]string]*evidence.Artifact{}
	for i := range rep.Statement.Artifacts {
		a := &rep.Statement.Artifacts[i]
		byPackage[[2]string{a.Target, a.Package}] = a
	}
	for _, t := range j.plan {
		for pkg, file := range t.files {
			a := byPackage[[2]string{t.want.Target.String(), pkg}]
			sum, size, err := putFile(ctx, j.store, file)
			if err != nil {
				return "", err
			}
			if size != a.Size {
				return "", fmt.Errorf("%s for %s: %d bytes when it was inspected, %d when it was stored: something changes the output", pkg, a.Target, a.Size, size)
			}
			a.SHA256 = sum
		}
	}
	rep.Run.Finished = time.Now().UTC()
	data, err := store.EncodeReport(*rep)
	if err != nil {
		return "", err
	}
	if _, _, err := j.store.PutReport(ctx, *rep); err != nil {
		return "", err
	}
	for _, t := range j.plan {
		for pkg, file := range t.files {
			dir := filepath.Join(j.output, dirName(t.want.Target))
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return "", fmt.Errorf("output: %w", err)
			}
			name := byPackage[[2]string{t.want.Target.String(), pkg}].Name
			if err := os.Rename(file, filepath.Join(dir, name)); err != nil {
				return "", fmt.Errorf("output: %w", err)
			}
		}
	}
	return j.writeReport(data)
}

func putFile(ctx context.Context, s *store.Store, path string) (string, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	return s.PutArtifact(ctx, f)
}

// writeReport writes the report beside the artifacts under its name at once. It
// is a copy of the one in the store, which is on disk.
func (j *job) writeReport(data []byte) (string, error) {
	tmp := filepath.Join(j.work, ReportName)
	path := filepath.Join(j.output, ReportName)
	err := os.WriteFile(tmp, data, 0o666)
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return "", fmt.Errorf("output: %w", err)
	}
	return path, nil
}
