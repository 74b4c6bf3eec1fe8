package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// everything returns all programs of needs that are files, and all packages.
func everything() (programs, pkgs string) {
	var ps, qs []string
	for _, n := range needs {
		if n.works == nil {
			ps = append(ps, n.program)
		}
		if !slices.Contains(qs, n.pkg) {
			qs = append(qs, n.pkg)
		}
	}
	return strings.Join(ps, " "), strings.Join(qs, " ")
}

// fake returns a ci whose PATH is one directory with the given shell scripts,
// and that directory.
func fake(t *testing.T, scripts map[string]string) (*ci, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nhere="+dir+"\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"env", "sh"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return &ci{root: dir, out: new(bytes.Buffer), env: []string{"PATH=" + dir}}, dir
}

// sudo works without a password, for when the tests are not run by root.
const sudo = `shift; [ "$1" = true ] && exit 0; exec "$@"`

// install is an apt-get that puts the programs where PATH finds them.
const install = `
echo "$DEBIAN_FRONTEND $@" >>$here/log
[ "$1" = update ] && { : >$here/updated; exit 0; }
[ -n "$STALE" ] && [ ! -e $here/updated ] && exit 100
for p in PROGRAMS; do
	printf '#!/bin/sh\n' >$here/$p || exit
	/bin/chmod +x $here/$p
done`

func TestInstallPackages(t *testing.T) {
	programs, pkgs := everything()
	install := strings.Replace(install, "PROGRAMS", programs, 1)
	for _, tt := range []struct {
		name    string
		apt     string
		env     []string
		err     string
		wantLog string // the last line of what apt-get was asked
	}{
		{name: "installs", apt: install, wantLog: "noninteractive install -y --no-install-recommends " + pkgs},
		{name: "stale lists", apt: install, env: []string{"STALE=1"}, wantLog: "noninteractive install -y --no-install-recommends " + pkgs},
		{name: "no network", apt: `echo "E: no network"; exit 100`, err: "exit status 100"},
		{name: "says yes and does nothing", apt: `exit 0`, err: "still missing after apt-get install"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, dir := fake(t, map[string]string{"apt-get": tt.apt, "sudo": sudo})
			c.env = append(c.env, tt.env...)
			err := installPackages(t.Context(), c)
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Fatalf("error %v, want %q\n%s", err, tt.err, c.out)
			}
			if tt.err != "" {
				return
			}
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			lines := strings.Split(strings.TrimSpace(string(log)), "\n")
			if last := lines[len(lines)-1]; last != tt.wantLog {
				t.Errorf("apt-get was asked %q, want %q", last, tt.wantLog)
			}
			if len(tt.env) > 0 && !strings.Contains(string(log), "noninteractive update\n") {
				t.Errorf("stale lists were not updated: %q", log)
			}
			// A second run finds everything and asks nothing.
			os.Remove(filepath.Join(dir, "log"))
			if err := installPackages(t.Context(), c); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "log")); err == nil {
				t.Error("apt-get was called although nothing is missing")
			}
		})
	}
}

// TestInstallWithoutRights: the message is the line to type.
func TestInstallWithoutRights(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Log("root may always install; the message is tested by TestMissingNamesPackages")
		return
	}
	c, _ := fake(t, map[string]string{"apt-get": install, "sudo": "exit 1"})
	err := installPackages(t.Context(), c)
	_, pkgs := everything()
	if want := "install by hand: apt-get update && apt-get install -y --no-install-recommends " + pkgs; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v, want one that ends in %q", err, want)
	}
}
