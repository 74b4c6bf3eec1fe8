package main

import (
	"fmt"
	"os"
	"strings"

	"moho/gostate/waits"
	"moho/internal/cli"
)

// maxPlaces is how many places and holders of an object are listed.
const maxPlaces = 4

// objects prints the objects, a block for each.
func (l waitList) objects(most int) {
	shown, rest, restWaiters := 0, 0, 0
	lone, of := l.an.Lone()
	told := make([]bool, len(lone))
	whole := l.f.Goroutine == 0 && l.f.Object == 0
	for i, waiters := range l.an.Queues() {
		if !l.wanted(i) {
			continue
		}
		if n := of[i]; n >= 0 && lone[n].Count > 1 && whole {
			if !told[n] && (most == 0 || shown < most) {
				shown++
				told[n] = true
				l.lone(&lone[n])
			}
			if told[n] {
				continue
			}
		}
		if most > 0 && shown >= most {
			rest++
			restWaiters += waiters
			continue
		}
		shown++
		l.object(l.an.Object(i))
	}
	if rest > 0 {
		l.ui.Printf("\n… %s with %s; --max 0 lists all\n", count(rest, "more object"), count(restWaiters, "waiter"))
	}
}

// ofSystem reports whether only goroutines that are not shown wait for an object.
func (l waitList) ofSystem(object int) bool {
	if l.all {
		return false
	}
	for e := range l.an.Waiters(object) {
		if !e.System {
			return false
		}
	}
	return true
}

// wanted reports whether an object is to be listed.
func (l waitList) wanted(object int) bool {
	if l.f.Goroutine == 0 && l.f.Object == 0 {
		return !l.ofSystem(object)
	}
	for e := range l.an.Waiters(object) {
		if l.f.Object != 0 && e.Addr != l.f.Object {
			return false
		}
		if l.f.Goroutine == 0 || e.Goroutine == l.f.Goroutine {
			return true
		}
	}
	return false
}

// lone prints objects that one goroutine each waits for at the same place.
func (l waitList) lone(x *waits.Lone) {
	what := fmt.Sprintf("wait, each for a %s of its own", x.Kind)
	if x.Kind == waits.Timer {
		what = "sleep"
	}
	l.ui.Printf("\n%s %s\n", l.ui.Bold(count(x.Count, "goroutine")), what)
	l.place(waits.Place{Site: x.Site, Op: x.Op, Count: x.Count, IDs: x.IDs})
}

func (l waitList) place(p waits.Place) {
	op := p.Op.String()
	if op != "" {
		op += " in "
	}
	fn, at, ids := cli.Escape(shortFunc(p.Site.Func)), cli.Escape(l.at(p.Site)), someIDs(p.IDs, p.Count)
	room := l.ui.Width() - len("    "+op+"    ") - len(ids)
	fn = cli.Clipped(fn, max(room/2, room-len(at)), cli.Clip)
	at = cli.Clipped(at, max(room-len(fn), 12), cli.ClipTop)
	l.ui.Printf("    %s%s  %s  %s\n", op, fn, l.ui.Dim(at), ids)
}

func (l waitList) object(o *waits.Object) {
	l.ui.Printf("\n%s for %s\n", l.ui.Bold(count(o.Waiters, "goroutine")+waitVerb(o.Waiters)), cli.Escape(o.Describe()))
	if path, in, ok := l.caller.Name(o.Index); ok {
		l.ui.Printf("    it is %s in %s\n", l.ui.Bold(cli.Escape(path)), cli.Escape(shortFunc(in)))
	}
	if s := o.State(l.an.Now()); s != "" {
		l.ui.Printf("    %s\n", cli.Escape(s))
	}
	if o.FD != nil && l.c.Process.Kind() == "live" {
		// What the process has open there now, after it has gone on.
		if file, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", l.c.Process.PID(), o.FD.FD)); err == nil {
			l.ui.Printf("    %s\n", cli.Escape(file))
		}
	}
	for i, p := range l.an.Places(o.Index) {
		if i == maxPlaces {
			l.ui.Printf("    … and at more places\n")
			break
		}
		l.place(p)
	}
	for i, h := range o.Holders {
		if i == maxPlaces {
			l.ui.Printf("    … and more that may hold it\n")
			break
		}
		word := "held by"
		if h.Grade != waits.Strong {
			word = "perhaps held by"
		}
		l.ui.Printf("    %s goroutine %d  %s\n        %s\n", word, h.Goroutine, l.ui.Dim("("+h.Grade.String()+")"), cli.Escape(h.Why))
		l.next(h)
	}
	l.references(o)
}

// references prints who has a pointer to an object that was asked for, if it is
// nothing that somebody holds.
func (l waitList) references(o *waits.Object) {
	if l.f.Goroutine == 0 && l.f.Object == 0 || o.Kind.Lock() {
		return
	}
	list, more := l.an.References(o.Index)
	for _, h := range list {
		l.ui.Printf("    goroutine %d may act on it  %s\n        %s\n", h.Goroutine, l.ui.Dim("("+h.Grade.String()+")"), cli.Escape(h.Why))
		l.next(h)
	}
	if more > 0 {
		l.ui.Printf("    … and %s\n", count(more, "more goroutine"))
	}
}

// next says what a holder waits for itself.
func (l waitList) next(h waits.Holder) {
	list := l.an.Next(h)
	if len(list) == 0 {
		l.ui.Printf("        it does not wait itself\n")
		return
	}
	what := cli.Escape(l.an.Object(list[0].Object).Describe())
	if len(list) > 1 {
		what += fmt.Sprintf(", or %d more cases of a select", len(list)-1)
	}
	if h.Stuck {
		what += "; " + l.ui.Bad("it can never go on")
	}
	l.ui.Printf("        it waits itself for %s\n", what)
}

func waitVerb(n int) string {
	if n == 1 {
		return " waits"
	}
	return " wait"
}

func (l waitList) at(s waits.Site) string {
	if s.Func == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", l.file(s.File), s.Line)
}

// someIDs names the first few of n goroutines.
func someIDs(ids []uint64, n int) string {
	var words []string
	for _, id := range ids[:min(5, len(ids))] {
		words = append(words, fmt.Sprint(id))
	}
	s := "goroutine " + strings.Join(words, " ")
	if n > len(words) {
		s += " …"
	}
	return s
}
