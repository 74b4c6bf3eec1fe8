// Package goenv is the effective configuration of the go command: each value
// with the layer that set it and what it hides, and what a governed build uses
// instead.
//
// The go command takes a variable from the process environment unless it is
// empty there, then from the file that go env -w writes, then from go.env in
// GOROOT, then from its defaults; CGO_ENABLED also depends on the target and
// on whether there is a C compiler. [Capture] asks the go command for values
// and finds the layer of each. [Config.Prepare] turns that, and what a policy
// asks for, into a complete environment in which nothing is inherited that
// changes the result and was not written down: what is refused is refused with
// the reason, what is ignored is listed.
//
// # Untrusted input
//
// The environment, the go env file and go.mod are configuration that somebody
// wrote by accident more often than by malice. Flags that put another program
// or other sources into a build are refused wherever they stand. Values that
// hold credentials are not recorded.
//
// # Compatibility
//
// Layers are those of Go 1.21 to 1.27.
//
// Source: $GOROOT/src/cmd/go/internal/cfg/cfg.go (EnvFile, envOr),
// $GOROOT/src/cmd/go/internal/envcmd/env.go, go1.26.
package goenv
