package postmortem

import (
	"context"
	"fmt"
	"os"

	"moho/core"
	"moho/core/live"
	"moho/gostate"
	"moho/objfile"
)

// openLive takes a snapshot of a living process. It runs on before anything is
// read of it here.
func (c *Case) openLive(ctx context.Context, pid int, o Options) (err error) {
	c.Live, err = live.Take(ctx, pid, live.Options{Limit: o.Whole, Select: func(p *core.Process, exe *os.File, fetch live.Fetch) error {
		f, err := objfile.OpenFile(exe)
		if err != nil {
			return err
		}
		defer f.Close()
		return gostate.Gather(p, f, fetch)
	}})
	if err != nil {
		c.Live = nil
		return err
	}
	c.Process = c.Live.Process
	return nil
}

// useRunning takes the executable that the living process runs.
func (c *Case) useRunning() error {
	f, err := objfile.OpenFile(c.Live.Exe)
	if err != nil {
		return fmt.Errorf("process %d: its executable: %w", c.Process.PID(), err)
	}
	c.Exe, c.ExePath, c.ExeFrom = f, c.Live.ExePath, Running
	c.ExeSHA256, err = digest(c.Live.Exe)
	return err
}
