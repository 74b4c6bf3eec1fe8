// Command crashy is a small telemetry server with one real hazard in it.
//
// Sensors send packets over TCP; readers parse them, workers check and count
// them, a reporter prints totals. To save a bounds check, the checksum looks at
// a packet's body through an array type that is far larger than the body and
// trusts the length that the peer sent. The first packet with a wrong length
// kills the process.
//
// It is the example of moho's demo: the finding is in packet.go, the crash is
// where the finding says.
//
// # Untrusted input
//
// Everything that a sensor sends, which is the point.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"time"
)

func main() {
	sensors := flag.Int("sensors", 4, "sensors that connect")
	workers := flag.Int("workers", 3, "goroutines that check packets")
	broken := flag.Bool("broken", true, "let the last sensor send one packet with a wrong length")
	every := flag.Duration("every", 5*time.Millisecond, "pause between two packets of a sensor")
	packets := flag.Int("packets", 20, "packets that each sensor sends")
	flag.Parse()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	srv, err := listen(ctx, *workers)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.close()
	fmt.Printf("crashy: listening on %s\n", srv.addr())

	fleet := newFleet(srv.addr(), *sensors, *packets, *every)
	if *broken {
		fleet.breakOne()
	}
	if err := fleet.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "crashy:", err)
		os.Exit(1)
	}
	srv.drain()
	fmt.Printf("crashy: %s\n", srv.stats)
}
