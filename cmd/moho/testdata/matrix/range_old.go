//go:build !go1.23

package main

var rangeFunc func(chan int)
