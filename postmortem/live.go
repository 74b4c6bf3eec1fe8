package postmortem

import (
	"context"
	"fmt"

	"moho/core/live"
	"moho/objfile"
)

// openLive takes a snapshot of a living process. It runs on before anything is
// read of it here.
func (c *Case) openLive(ctx context.Context, pid int) (err error) {
	if c.Live, err = live.Take(ctx, pid, live.Options{}); err != nil {
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
