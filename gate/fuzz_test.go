package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"moho/evidence"
	"moho/policy"
)

// FuzzJudge judges arbitrary bytes without a store. Property: it ends with
// reasons and a refusal, whatever the bytes are; nothing unknown may ship.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("hello\n"))
	f.Add([]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00\x01\x00\x00\x00"))
	f.Add([]byte("\x00asm\x01\x00\x00\x00"))
	f.Add([]byte("MZ"))
	f.Add([]byte("\xcf\xfa\xed\xfe\x0c\x00\x00\x01"))
	f.Add([]byte("!<arch>\n"))
	p := parse(f, linux)
	f.Fuzz(func(t *testing.T, data []byte) {
		sum := sha256.Sum256(data)
		v := &verifier{opts: Options{Artifact: "fuzz", Now: time.Unix(0, 0)}, policy: p, sha: hex.EncodeToString(sum[:])}
		if err := v.judge(data); err != nil {
			t.Fatal(err)
		}
		if policy.Verdict(v.checks) != evidence.Refuse {
			t.Errorf("passed: %+v", v.checks)
		}
		for _, c := range v.checks {
			if c.ID == "" || c.Why == "" {
				t.Errorf("check without id or reason: %+v", c)
			}
		}
	})
}
