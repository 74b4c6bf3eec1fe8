// Command vforks has a thread that waits for a child between vfork and exec: no
// tracer can stop it.
package main

/*
#include <unistd.h>

static void wait_in_vfork(void) {
	if (vfork() == 0) {
		sleep(5);
		_exit(0);
	}
}
*/
import "C"

import (
	"fmt"
	"os"
	"time"
)

var marker = [4]uint64{0x6d6f686f, 0x1122334455667788, 0, 0xfeedfacecafebeef}

func main() {
	go func() {
		for {
			C.wait_in_vfork()
		}
	}()
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("marker %p heap %p pid %d\nready\n", &marker, &marker, os.Getpid())
	time.Sleep(time.Minute)
}
