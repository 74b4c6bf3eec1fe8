package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"testing"

	"moho/internal/bounded"
)

// TestProfileData reads profiles that say little and become large.
func TestProfileData(t *testing.T) {
	zip := func(data []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	const most = 1 << 10
	full := make([]byte, most)
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"plain", full, nil},
		{"compressed", zip(full), nil},
		{"plain, too large", make([]byte, most+1), bounded.ErrLimit},
		{"compressed, too large", zip(make([]byte, 1<<20)), bounded.ErrLimit},
	} {
		got, err := profileData(bytes.NewReader(tt.data), most)
		if !errors.Is(err, tt.want) || tt.want == nil && !bytes.Equal(got, full) || tt.want != nil && got != nil {
			t.Errorf("%s: %d bytes, error %v, want %v", tt.name, len(got), err, tt.want)
		}
	}
	for name, data := range map[string][]byte{"twice": zip(zip(full)), "cut": zip(full)[:12], "header": {0x1f, 0x8b}} {
		if got, err := profileData(bytes.NewReader(data), most); err == nil || got != nil {
			t.Errorf("%s: %d bytes, error %v", name, len(got), err)
		}
	}
}
