// Package store keeps what governed builds produce and gives it back by
// digest and by Build ID.
//
// A store is one directory, by default .moho beside go.mod:
//
//	artifacts/sha256/<hex>         the artifact, verbatim
//	reports/sha256/<hex>.json      one build report, named by its own digest
//	index/artifact/<hex>/<stmt>    report that states <stmt> about an artifact
//	index/buildid/<key>/<hex>      artifact that carries a Build ID
//
// The index only points. What it points to is checked when it is read: an
// artifact against its digest, a report against its digest and against the
// artifact and Build ID for which it was asked. One Build ID may lead to
// several artifacts (strip keeps both IDs), so the answer is a set.
//
// Everything is written under a temporary name in the directory where it
// belongs, synced, renamed, and the directory is synced. Two processes may
// write at once: contents are named by digest, and an index entry is a file
// of its own. A report is there before the first index entry that names it.
//
// # Untrusted input
//
// Others may be able to write into a store. Names read from it must be
// digests; all access goes through [os.Root], files that are not regular
// (symbolic links among them) are refused, sizes are capped (see the Max
// constants), digests are recomputed from the opened file. What a store can
// not do is prove that a report is true: that takes a signature.
//
// # Compatibility
//
// Entries of this layout stay readable. Temporary names start with ".tmp-"
// and may be deleted whenever no build is running.
package store
