package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"unsafe"
)

const (
	headerSize = 8
	bodySize   = 512
)

// A packet is a header of 8 bytes (kind, sensor, length of the body, little
// endian) and a body of fixed size of which length bytes are used.
type packet struct {
	kind   uint16
	sensor uint16
	length uint32
	body   [bodySize]byte
}

// readPacket fills p from r. It believes the header.
func readPacket(r io.Reader, p *packet) error {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	p.kind = binary.LittleEndian.Uint16(head[0:])
	p.sensor = binary.LittleEndian.Uint16(head[2:])
	p.length = binary.LittleEndian.Uint32(head[4:])
	if _, err := io.ReadFull(r, p.body[:]); err != nil {
		return fmt.Errorf("sensor %d: body: %w", p.sensor, err)
	}
	return nil
}

// writePacket sends p as readPacket expects it.
func writePacket(w io.Writer, p *packet) error {
	buf := make([]byte, headerSize+bodySize)
	binary.LittleEndian.PutUint16(buf[0:], p.kind)
	binary.LittleEndian.PutUint16(buf[2:], p.sensor)
	binary.LittleEndian.PutUint32(buf[4:], p.length)
	copy(buf[headerSize:], p.body[:])
	_, err := w.Write(buf)
	return err
}

// checksum sums the used part of the body. The array type is as large as a
// packet could ever get, so the loop needs no bounds check.
func checksum(p *packet) uint32 {
	var sum uint32
	for _, b := range (*[1 << 30]byte)(unsafe.Pointer(&p.body))[:p.length] { // HAZARD: the body has 512 bytes, whatever length says
		sum = sum<<5 - sum + uint32(b)
	}
	return sum
}
