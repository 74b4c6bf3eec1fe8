package main

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// A fleet is the sensors' side of the conversation.
type fleet struct {
	addr    string
	sensors int
	packets int
	every   time.Duration
	broken  int // the sensor that sends a wrong length, or -1
}

func newFleet(addr string, sensors, packets int, every time.Duration) *fleet {
	return &fleet{addr: addr, sensors: sensors, packets: packets, every: every, broken: -1}
}

func (f *fleet) breakOne() { f.broken = f.sensors - 1 }

// run lets all sensors send their packets and returns the first errors.
func (f *fleet) run(ctx context.Context) error {
	errs := make([]error, f.sensors)
	var wg sync.WaitGroup
	for i := range f.sensors {
		wg.Go(func() { errs[i] = f.sense(ctx, i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (f *fleet) sense(ctx context.Context, id int) error {
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	p := packet{kind: 1, sensor: uint16(id), length: 64}
	for i := range f.packets {
		for j := range p.length {
			p.body[j] = byte(uint32(i) * j)
		}
		out := p
		if id == f.broken && i == f.packets/2 {
			out.length = 1 << 29
		}
		if err := writePacket(conn, &out); err != nil {
			return err
		}
		select {
		case <-time.After(f.every):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
