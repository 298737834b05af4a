package probe

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxFrame is how many bytes of a frame are shown.
const maxFrame = 1024

// opcodes name the frames (RFC 6455, 5.2).
var opcodes = map[byte]string{0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}

// wire returns what passed through c, with credentials masked: heads and bodies
// as text, frames as bytes in hexadecimal with what they say.
func (p *probe) wire(request string, c *wire) []WireRecord {
	var out []WireRecord
	framed := false // the handshake is done
	var upgraded [2]bool
	for _, chunk := range c.all() {
		way := "sent"
		if chunk.way == received {
			way = "received"
		}
		add := func(kind, note, text string) { out = append(out, WireRecord{request, way, kind, note, text}) }
		data := chunk.data
		if !framed || !upgraded[chunk.way] {
			end := endOfHead(data)
			switch {
			case chunk.way == received && !bytes.HasPrefix(data, []byte("HTTP/")):
				add("bytes", "", p.result.secrets.in(escape(data)))
				continue
			case end < 0:
				add("head", "", escapeHead(p.result.secrets.head(string(data))))
				continue
			}
			add("head", "", escapeHead(p.result.secrets.head(string(data[:end]))))
			upgraded[chunk.way] = true
			if chunk.way == received {
				framed = bytes.HasPrefix(data, []byte("HTTP/1.1 101")) || bytes.HasPrefix(data, []byte("HTTP/1.0 101"))
			}
			data = data[end:]
			if !framed && len(data) > 0 {
				shown := data[:min(len(data), maxFrame)]
				add("body", fmt.Sprintf("%d bytes", len(data)), p.result.secrets.in(escape(shown)))
				continue
			}
		}
		for len(data) > 0 {
			n, note, payload := frame(data)
			shown := hex.EncodeToString(data[:min(n, maxFrame)])
			if text := string(payload); p.result.secrets.in(text) != text {
				shown = hex.EncodeToString(data[:min(n, 2)]) + mask
				payload = []byte(p.result.secrets.in(text))
			}
			if n > maxFrame {
				shown += fmt.Sprintf("… (%d bytes)", n)
			}
			if len(payload) > 0 && utf8.Valid(payload) {
				note += " " + strconv.Quote(string(payload[:min(len(payload), maxShow)]))
			}
			add("frame", note, shown)
			data = data[n:]
		}
	}
	return out
}

// frame returns the length of the frame at the beginning of data, what it is,
// and its payload without the mask.
func frame(data []byte) (n int, note string, payload []byte) {
	if len(data) < 2 {
		return len(data), "cut off", nil
	}
	name := opcodes[data[0]&0x0f]
	if name == "" {
		name = fmt.Sprintf("opcode %d", data[0]&0x0f)
	}
	at, size := 2, uint64(data[1]&0x7f)
	switch {
	case size == 126 && len(data) >= 4:
		at, size = 4, uint64(binary.BigEndian.Uint16(data[2:]))
	case size == 127 && len(data) >= 10:
		at, size = 10, binary.BigEndian.Uint64(data[2:])
	case size >= 126:
		return len(data), name + ", cut off", nil
	}
	var key []byte
	if data[1]&0x80 != 0 {
		if len(data) < at+4 {
			return len(data), name + ", cut off", nil
		}
		key = data[at : at+4]
		at += 4
	}
	if uint64(len(data)-at) < size {
		return len(data), name + ", cut off", nil
	}
	n = at + int(size)
	payload = append([]byte(nil), data[at:n]...)
	for i := range payload {
		if key != nil {
			payload[i] ^= key[i%4]
		}
	}
	if name == "close" && len(payload) >= 2 {
		note = fmt.Sprintf("%s %d", name, binary.BigEndian.Uint16(payload))
		return n, note, payload[2:]
	}
	if data[0]&0x40 != 0 {
		return n, name + ", compressed", nil
	}
	return n, name, payload
}

// escape returns bytes as one line of text that shows every one of them.
func escape(data []byte) string {
	var b strings.Builder
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\\':
			b.WriteString(`\\`)
		case r == utf8.RuneError && size == 1, !strconv.IsPrint(r):
			for _, c := range data[:size] {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		default:
			b.WriteRune(r)
		}
		data = data[size:]
	}
	return b.String()
}

// escapeHead is escape for the head of a request or answer: one line of text a
// line, so that it can be read, and each still with its ending.
func escapeHead(head string) string {
	var b strings.Builder
	for line := range strings.SplitAfterSeq(head, "\n") {
		b.WriteString(escape([]byte(line)))
		if strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
