package cli

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
)

// slow is how long a job runs before its progress is worth showing.
const slow = time.Second

// redraw is how often a terminal is redrawn at most.
const redraw = 100 * time.Millisecond

// Progress shows how far a job is. On a terminal it is one line that is
// redrawn and disappears; elsewhere it is one plain line per phase. A job that
// takes less than a second shows nothing, and so does a quiet caller.
//
// A nil *Progress does nothing, so that library code can be handed one method
// value whether or not anybody looks.
type Progress struct {
	ui    *UI
	timer *time.Timer

	// The fields below are guarded by ui.mu.
	shown       bool // the job has become slow
	stopped     bool
	phase       string
	announced   string // the last phase that got its plain line
	done, total int64
	bar         *progressbar.ProgressBar
	drawn       bool // the bar stands on the terminal now
	barTotal    int64
	drawnAt     time.Time
}

// Progress starts showing progress. There is one at a time; starting another
// stops the one before. The caller calls [Progress.Stop].
func (ui *UI) Progress() *Progress {
	p := &Progress{ui: ui}
	ui.mu.Lock()
	defer ui.mu.Unlock()
	ui.progress.stop()
	ui.progress = p
	if ui.Quiet {
		p.stopped = true
		return p
	}
	p.timer = time.AfterFunc(slow, p.tick)
	return p
}

// Phase names what is being done now ("vet", "build linux/amd64").
func (p *Progress) Phase(format string, args ...any) {
	if p == nil {
		return
	}
	p.ui.mu.Lock()
	defer p.ui.mu.Unlock()
	p.phase = Escape(fmt.Sprintf(format, args...))
	p.done, p.total = 0, 0
	p.bar = nil
	p.clearDrawn()
	p.show(true)
}

// Set says how much of the phase is done. A total of 0 is an unknown one. It
// has the type of the Progress option of moho's packages.
func (p *Progress) Set(done, total int64) {
	if p == nil {
		return
	}
	p.ui.mu.Lock()
	defer p.ui.mu.Unlock()
	p.done, p.total = done, total
	p.show(false)
}

// Stop ends the display and removes it from a terminal.
func (p *Progress) Stop() {
	if p == nil {
		return
	}
	p.ui.mu.Lock()
	defer p.ui.mu.Unlock()
	p.stop()
}

func (p *Progress) stop() {
	if p == nil || p.stopped {
		return
	}
	p.clear()
	p.stopped = true
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.ui.progress == p {
		p.ui.progress = nil
	}
}

// tick runs after the first second, and on a terminal again and again, so that
// a phase that reports nothing still shows that time passes.
func (p *Progress) tick() {
	p.ui.mu.Lock()
	defer p.ui.mu.Unlock()
	if p.stopped {
		return
	}
	p.shown = true
	p.show(true)
	if p.ui.Live {
		p.timer.Reset(2 * redraw)
	}
}

// show draws what there is to draw. ui.mu is held.
func (p *Progress) show(now bool) {
	if p.stopped || !p.shown || p.phase == "" {
		return
	}
	if !p.ui.Live {
		if p.announced != p.phase {
			p.announced = p.phase
			fmt.Fprintf(p.ui.Err, "moho: %s\n", p.phase)
		}
		return
	}
	if !now && time.Since(p.drawnAt) < redraw {
		return
	}
	p.drawnAt = time.Now()
	if p.bar == nil || p.barTotal != p.total {
		p.clearDrawn()
		p.bar = p.newBar()
		p.barTotal = p.total
	}
	p.drawn = true
	if p.total > 0 {
		// The library ends the bar for good when it is full; a phase ends
		// only when the next one starts.
		p.bar.Set64(min(p.done, p.total-1))
	} else {
		p.bar.Set64(p.done)
	}
}

func (p *Progress) newBar() *progressbar.ProgressBar {
	total := p.total
	if total <= 0 {
		total = -1 // a spinner
	}
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(p.ui.Err),
		progressbar.OptionSetDescription("moho: "+clip(p.phase, width(p.ui.Err)-50, keepHead)),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine of its own that draws outside our lock
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetPredictTime(false),
	)
}

// clear removes the bar from the terminal before something else is written;
// it comes back with the next call of show. ui.mu is held.
func (p *Progress) clear() {
	if p != nil && !p.stopped {
		p.clearDrawn()
	}
}

func (p *Progress) clearDrawn() {
	if p.drawn {
		p.drawn = false
		fmt.Fprint(p.ui.Err, "\r\x1b[2K")
	}
}
