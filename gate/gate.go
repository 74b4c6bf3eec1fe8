// Package gate decides whether an artifact may ship: it asks the store for the
// report about these bytes, the artifact for what it is, and the policy whether
// both will do. Every question is a check with a stable id, a verdict and a
// reason; one refusal refuses the artifact.
//
// # Untrusted input
//
// The artifact may be anything, and may be replaced while it is looked at: it
// is copied into memory once, its digest is that of the copy, and every check
// is made on the copy. The store's contents are checked against
// digests; what it cannot give is proof that a report is true. Without a
// signing policy that check says "not checked", and whoever can write to the
// store can make an artifact pass.
//
// # Compatibility
//
// Ids of checks stay; new ones are added. The answer has schema
// moho/verdict/v1.
package gate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"moho/evidence"
	"moho/inspect"
	"moho/objfile"
	"moho/policy"
	"moho/policy/target"
	"moho/store"
)

// IDs of the checks that are made here; package policy has the others.
const (
	CheckKnown     = "store.known"
	CheckReport    = "report.agrees"
	CheckSignature = "signature"
)

// MaxArtifact is the size of the largest artifact that is judged: 2 GiB.
const MaxArtifact = 2 << 30

// headerBytes is where the Build IDs of a damaged file are looked for: 64 KiB.
const headerBytes = 64 << 10

// Options of [Verify].
type Options struct {
	Artifact string         // path
	Policy   *policy.Policy // nil is policy.Default
	Stores   store.Set
	Now      time.Time // for the policy's expiry; zero is now
}

// Verify judges one artifact. An error means that it could not be judged
// because it, or a store, could not be read; a refusal is no error.
func Verify(ctx context.Context, opts Options) (evidence.VerdictReport, error) {
	v := &verifier{opts: opts, policy: opts.Policy}
	if v.policy == nil {
		v.policy = policy.Default()
	}
	if v.opts.Now.IsZero() {
		v.opts.Now = time.Now()
	}
	data, err := read(ctx, opts.Artifact)
	if err != nil {
		return evidence.VerdictReport{}, err
	}
	sum := sha256.Sum256(data)
	v.sha = hex.EncodeToString(sum[:])
	if err := v.judge(data); err != nil {
		return evidence.VerdictReport{}, err
	}
	return evidence.VerdictReport{
		Schema:   evidence.SchemaVerdict,
		Artifact: opts.Artifact,
		SHA256:   v.sha,
		Verdict:  policy.Verdict(v.checks),
		Checks:   v.checks,
	}, nil
}

// read copies a regular file into memory.
func read(ctx context.Context, path string) ([]byte, error) {
	// Opening a named pipe would wait for its writer.
	if fi, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	} else if !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("artifact %s: is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	if fi.Size() > MaxArtifact {
		return nil, fmt.Errorf("artifact %s: %d bytes, at most %d are judged", path, fi.Size(), int64(MaxArtifact))
	}
	buf := bytes.NewBuffer(make([]byte, 0, fi.Size()+bytes.MinRead))
	if _, err := io.Copy(buf, io.LimitReader(f, MaxArtifact)); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	return buf.Bytes(), context.Cause(ctx)
}

// A verifier collects the checks of one artifact.
type verifier struct {
	opts   Options
	policy *policy.Policy
	sha    string
	checks []evidence.Check
}

func (v *verifier) add(cs ...evidence.Check) { v.checks = append(v.checks, cs...) }

func (v *verifier) say(id string, verdict evidence.Verdict, format string, args ...any) {
	v.add(evidence.Check{ID: id, Verdict: verdict, Why: fmt.Sprintf(format, args...)})
}

func (v *verifier) judge(data []byte) error {
	v.add(v.policy.Expired(v.opts.Now))
	a := evidence.Artifact{SHA256: v.sha, Size: int64(len(data))}
	f, err := objfile.NewBytes(v.opts.Artifact, data)
	switch {
	case err == nil:
		defer f.Close()
		a.Binary, _ = inspect.Binary(f)
		id := f.BuildID()
		a.GoBuildID, a.GNUBuildID = id.Go, id.GNU
	case !errors.Is(err, objfile.ErrFormat) && !errors.Is(err, objfile.ErrLimit):
		return err
	default:
		// What is no proper file any more may still say what it was.
		if id, ok := objfile.ELFBuildID(data[:min(len(data), headerBytes)]); ok {
			a.GoBuildID, a.GNUBuildID = id.Go, id.GNU
		}
	}
	reps, err := v.known(a)
	if err != nil {
		return err
	}
	if len(reps) == 0 {
		v.unknown(a)
		return nil
	}
	v.reported(a, reps)
	return nil
}

// known looks for the reports about these bytes, newest first.
func (v *verifier) known(a evidence.Artifact) ([]store.StoredReport, error) {
	reps, err := v.opts.Stores.ReportsFor(v.sha)
	switch {
	case err == nil:
		v.add(evidence.Check{ID: CheckKnown, Verdict: evidence.Pass, Why: "a report states this digest", Evidence: "report sha256:" + reps[0].SHA256})
		return reps, nil
	case errors.Is(err, store.ErrDamaged):
		v.say(CheckKnown, evidence.Refuse, "the store's report about this digest is damaged: %v", err)
		return nil, nil
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	return nil, v.twin(a)
}

// twin says why an artifact is unknown. If its Build ID is known, the bytes
// were changed after they were built: strip does that, and so does an attacker.
func (v *verifier) twin(a evidence.Artifact) error {
	id := a.BuildID()
	if !id.IsZero() {
		es, err := v.opts.Stores.ByBuildID(id)
		if err != nil && !errors.Is(err, store.ErrDamaged) {
			return err
		}
		if len(es) > 0 {
			v.add(evidence.Check{
				ID: CheckKnown, Verdict: evidence.Refuse,
				Why:      fmt.Sprintf("no report has this digest; Build ID %s belongs to sha256 %s: the bytes were changed", id, es[0].SHA256),
				Evidence: "sha256:" + es[0].SHA256,
			})
			return nil
		}
	}
	where := "no store was given"
	if n := len(v.opts.Stores); n == 1 {
		where = "looked in " + v.opts.Stores[0].Dir()
	} else if n > 1 {
		where = fmt.Sprintf("looked in %d stores", n)
	}
	v.say(CheckKnown, evidence.Refuse, "unknown artifact: no report has this digest (%s)", where)
	return nil
}

// unknown judges what can be judged without a report: the file itself, against
// the target that it seems to be for.
func (v *verifier) unknown(a evidence.Artifact) {
	if a.Binary.Format == "" {
		v.say(policy.CheckFormat, evidence.Refuse, "is no executable that is known: %s", what(a))
	} else {
		a.Target = guess(a.Binary).String()
		v.add(v.policy.Judge(a)...)
	}
	v.say(CheckSignature, evidence.NotChecked, "there is no report to be signed")
}

func what(a evidence.Artifact) string {
	if a.Size == 0 {
		return "the file is empty"
	}
	return fmt.Sprintf("%d bytes of something else", a.Size)
}

// guess returns the target that a file without a report is most likely for. A
// static ELF file does not name its system: it is taken for linux.
func guess(bin evidence.BinaryInfo) target.Target {
	t := target.Target{GOOS: bin.OS, GOARCH: bin.Arch}
	if t.GOOS == "" {
		t.GOOS = "linux"
	}
	return t
}

// reported judges an artifact of which reports tell: the newest of how it was
// built, all of them of what vet found.
func (v *verifier) reported(a evidence.Artifact, reps []store.StoredReport) {
	rep := reps[0]
	stated, _ := rep.Artifact(v.sha)
	a.Name, a.Package, a.Target = stated.Name, stated.Package, stated.Target
	v.agrees(a, stated, rep)
	v.add(v.policy.Judge(a)...)
	st := rep.Report.Statement
	if t, err := target.Parse(a.Target); err == nil {
		v.add(v.policy.JudgeStatement(st, t)...)
	}
	v.add(v.paths(stated))
	var all []evidence.Statement
	for _, r := range reps {
		all = append(all, r.Report.Statement)
	}
	v.add(v.policy.JudgeVet(all...))
	v.say(CheckSignature, evidence.NotChecked, "the policy asks for no signature")
}

// agrees compares what the report states about the artifact with what it is.
func (v *verifier) agrees(a, stated evidence.Artifact, rep store.StoredReport) {
	switch {
	case a.Size != stated.Size:
		v.say(CheckReport, evidence.Refuse, "the report states %d bytes, the file has %d", stated.Size, a.Size)
	case !a.BuildID().IsZero() && a.BuildID() != stated.BuildID():
		v.say(CheckReport, evidence.Refuse, "the report states Build ID %s, the file has %s", stated.BuildID(), a.BuildID())
	case a.Binary.Format != stated.Binary.Format || a.Binary.Arch != stated.Binary.Arch || a.Binary.BuildMode != stated.Binary.BuildMode:
		v.say(CheckReport, evidence.Refuse, "the report states %s %s %s, the file is %s %s %s",
			stated.Binary.Format, stated.Binary.Arch, stated.Binary.BuildMode, a.Binary.Format, a.Binary.Arch, a.Binary.BuildMode)
	default:
		st := rep.Report.Statement
		v.say(CheckReport, evidence.Pass, "%s of %s, built by %s under policy %q", stated.Name, st.Source.Module, st.Toolchain.Go, st.Policy.Name)
	}
}

// paths takes over what the build found: only there the paths are known.
func (v *verifier) paths(stated evidence.Artifact) evidence.Check {
	c := evidence.Check{ID: policy.CheckPaths, Verdict: evidence.NotChecked, Why: "the policy does not forbid them"}
	if !v.policy.Binary.ForbidPaths {
		return c
	}
	for _, s := range stated.Checks {
		if s.ID == policy.CheckPaths && s.Verdict != evidence.NotChecked {
			return s
		}
	}
	c.Verdict, c.Why = evidence.Refuse, "the policy forbids paths of the building machine, the build did not look for them"
	return c
}
