// Package policy is the file that a build must obey, moho.yaml: its schema,
// how it is read, and what it says about an artifact.
//
//	apiVersion: moho/v1
//	name: edge-release
//	expires: 2027-06-30
//	toolchain: {go: go1.26.8}
//	cgo: false
//	flags: {tags: [netgo], strip: true, ldflags: ["-X main.version=1.4"]}
//	targets:
//	  - {goos: linux, goarch: [amd64, arm64], link: static, cpu: {amd64: v2}}
//	  - {goos: linux, goarch: riscv64, buildmode: exe}
//	vet: {refuse: [critical, high]}
//	binary: {forbidPaths: true, maxSize: 60MiB}
//
// The package is pure: [Load] reads one file, [Policy.Plan] says what to
// build, [Policy.Judge] and its siblings turn what is known about an artifact
// into checks. There is no key that nothing enforces.
//
// # Untrusted input
//
// A policy may come with the module it governs. It is at most [MaxSize] bytes,
// one YAML document without anchors, aliases, tags or merge keys, at most
// [MaxDepth] deep; keys are known and unique; booleans are true and false and
// nothing else. Whatever is wrong is reported with line, column and the line
// itself ([Error]).
//
// # Compatibility
//
// A file with apiVersion moho/v1 keeps its meaning. Keys are added, with
// defaults that do nothing. docs/schemas/policy.v1.json describes the same
// keys; a test keeps both together.
package policy
