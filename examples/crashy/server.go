package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A server reads packets from its connections and hands them to workers.
type server struct {
	listener net.Listener
	queue    chan *packet
	free     sync.Pool
	stats    *stats

	conns   sync.WaitGroup
	workers sync.WaitGroup
	stop    context.CancelFunc
}

func listen(ctx context.Context, workers int) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	s := &server{
		listener: l,
		queue:    make(chan *packet, 8),
		free:     sync.Pool{New: func() any { return new(packet) }},
		stats:    &stats{bySensor: map[uint16]uint32{}},
		stop:     stop,
	}
	for i := range workers {
		s.workers.Add(1)
		go s.work(i)
	}
	go s.accept()
	go s.report(ctx, 50*time.Millisecond)
	return s, nil
}

func (s *server) addr() string { return s.listener.Addr().String() }

func (s *server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		s.conns.Add(1)
		go s.read(conn)
	}
}

// read parses the packets of one connection until it ends.
func (s *server) read(conn net.Conn) {
	defer s.conns.Done()
	defer conn.Close()
	for {
		p := s.free.Get().(*packet)
		if err := readPacket(conn, p); err != nil {
			if !errors.Is(err, io.EOF) {
				s.stats.failed.Add(1)
			}
			s.free.Put(p)
			return
		}
		s.queue <- p
	}
}

// work checks queued packets until the queue is closed.
func (s *server) work(id int) {
	defer s.workers.Done()
	for p := range s.queue {
		s.process(id, p)
	}
}

func (s *server) process(worker int, p *packet) {
	defer s.free.Put(p)
	s.stats.add(p.sensor, checksum(p))
}

func (s *server) report(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			fmt.Printf("crashy: %s\n", s.stats)
		case <-ctx.Done():
			return
		}
	}
}

// drain waits until every connection has ended and every packet is counted.
func (s *server) drain() {
	s.conns.Wait()
	close(s.queue)
	s.workers.Wait()
}

func (s *server) close() {
	s.stop()
	s.listener.Close()
}

type stats struct {
	packets atomic.Int64
	failed  atomic.Int64

	mu       sync.Mutex
	bySensor map[uint16]uint32
}

func (t *stats) add(sensor uint16, sum uint32) {
	t.packets.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bySensor[sensor] ^= sum
}

func (t *stats) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("%d packets from %d sensors, %d failed",
		t.packets.Load(), len(t.bySensor), t.failed.Load())
}
