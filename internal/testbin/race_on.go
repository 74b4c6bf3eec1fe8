//go:build race

package testbin

// RaceDetector is true in tests that were built with -race.
const RaceDetector = true
