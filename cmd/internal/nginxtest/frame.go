package nginxtest

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
)

// The opcodes of WebSocket frames.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

// frame is one WebSocket frame, unmasked.
type frame struct {
	fin     bool
	opcode  byte
	masked  bool
	payload []byte
}

// control reports whether it is a close, ping or pong.
func (f frame) control() bool { return f.opcode&0x8 != 0 }

// readFrame reads one frame.
func readFrame(r *bufio.Reader) (frame, error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:2]); err != nil {
		return frame{}, err
	}
	f := frame{fin: b[0]&0x80 != 0, opcode: b[0] & 0xF, masked: b[1]&0x80 != 0}
	if b[0]&0x70 != 0 {
		return f, malformedError("frame with reserved bits")
	}
	size := uint64(b[1] & 0x7F)
	switch size {
	case 126:
		if _, err := io.ReadFull(r, b[:2]); err != nil {
			return f, unexpectedEOF(err)
		}
		size = uint64(binary.BigEndian.Uint16(b[:2]))
	case 127:
		if _, err := io.ReadFull(r, b[:8]); err != nil {
			return f, unexpectedEOF(err)
		}
		size = binary.BigEndian.Uint64(b[:8])
	}
	if size > maxBody || f.control() && (size > 125 || !f.fin) {
		return f, malformedError(fmt.Sprintf("frame of opcode %d and %d bytes", f.opcode, size))
	}
	var mask [4]byte
	if f.masked {
		if _, err := io.ReadFull(r, mask[:]); err != nil {
			return f, unexpectedEOF(err)
		}
	}
	f.payload = make([]byte, size)
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return f, unexpectedEOF(err)
	}
	applyMask(f.payload, mask)
	return f, nil
}

// appendFrame appends the bytes of f to b, masked with mask where there is one.
func appendFrame(b []byte, f frame, mask *[4]byte) []byte {
	first := f.opcode
	if f.fin {
		first |= 0x80
	}
	var maskBit byte
	if mask != nil {
		maskBit = 0x80
	}
	b = append(b, first)
	switch n := len(f.payload); {
	case n < 126:
		b = append(b, maskBit|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, maskBit|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, maskBit|127), uint64(n))
	}
	if mask == nil {
		return append(b, f.payload...)
	}
	b = append(b, mask[:]...)
	start := len(b)
	b = append(b, f.payload...)
	applyMask(b[start:], *mask)
	return b
}

// applyMask masks or unmasks b in place.
func applyMask(b []byte, mask [4]byte) {
	for i := range b {
		b[i] ^= mask[i%4]
	}
}

// acceptKey returns the Sec-WebSocket-Accept that belongs to key.
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
