// Command cgozoo has goroutines in C, below C, and on threads that C made, and
// dies the way its first argument says.
package main

/*
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

extern void goPark(void);
extern void goCrash(void);

static void sleepInC(void) { for (;;) pause(); }
static void callPark(void) { goPark(); }
static void callCrash(void) { goCrash(); }
static int crashInC(int *p) { return *p; }
static void *thread(void *arg) { goPark(); return arg; }
static void startThread(void) { pthread_t t; pthread_create(&t, 0, thread, 0); }
*/
import "C"

import (
	"os"
	"time"
)

var never = make(chan int)

//export goPark
func goPark() { <-never }

//export goCrash
func goCrash() {
	var p *int
	*p = 1
}

func main() {
	go C.sleepInC()
	go C.callPark()
	C.startThread()
	go func() { <-never }()
	time.Sleep(200 * time.Millisecond)
	switch os.Args[1] {
	case "c":
		C.crashInC(nil)
	case "callback":
		C.callCrash()
	case "abort":
		C.abort()
	case "go":
		goCrash()
	}
}
