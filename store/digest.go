package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"moho/evidence"
)

// isDigest reports whether s is the lower-case hex of a SHA-256, and so safe
// as a file name.
func isDigest(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'f')
	}) < 0
}

func checkDigest(s string) error {
	if !isDigest(s) {
		return fmt.Errorf("store: %q is not a SHA-256 in 64 lower-case hex digits", s)
	}
	return nil
}

func digestBytes(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// StatementDigest returns the SHA-256, in hex, of the statement's JSON: equal
// for two builds that say the same, whenever and wherever they ran.
func StatementDigest(st evidence.Statement) (string, error) {
	b, err := json.Marshal(st)
	if err != nil {
		return "", fmt.Errorf("store: statement: %w", err)
	}
	return digestBytes(b), nil
}

// copyHash copies r to w until the end or until ctx is done, and returns the
// digest and length of what was copied.
func copyHash(ctx context.Context, w io.Writer, r io.Reader) (string, int64, error) {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), ctxReader{ctx, r})
	if err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), n, nil
}

// A ctxReader ends a copy when its context does.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

func sortedKeep(names []string, keep func(string) bool) []string {
	names = slices.DeleteFunc(names, func(n string) bool { return !keep(n) })
	slices.Sort(names)
	return names
}
