package record

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"sigmatrail/internal/chunk"
)

// packer turns one JSON text into msgpack, and checks it, in a single pass. It only knows whether the text is sound.
type packer struct {
	text []byte
	pos  int
	dst  []byte
	// records is set where a member of the outermost object is called Records.
	records bool
}

// array32 is the header of an array; we write no other.
const array32 = 0xdd

// isArray reports whether what has been packed to the beginning of dst is an array.
func (p *packer) isArray() bool { return p.dst[0] == array32 }

// document packs the whole text: one value with nothing but white space around it.
func (p *packer) document() bool {
	if !p.value(0) {
		return false
	}
	p.space()
	return p.pos == len(p.text)
}

func (p *packer) space() {
	for p.pos < len(p.text) && isSpace(p.text[p.pos]) {
		p.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// value packs a value and the white space before it; depth is the number of containers around it.
func (p *packer) value(depth int) bool {
	p.space()
	if p.pos == len(p.text) {
		return false
	}
	switch c := p.text[p.pos]; {
	case c == '"':
		return p.str()
	case c == '{':
		return depth < MaxDepth && p.object(depth+1)
	case c == '[':
		return depth < MaxDepth && p.array(depth+1)
	case c == '-' || isDigit(c):
		return p.number()
	case c == 't':
		return p.word("true", 0xc3)
	case c == 'f':
		return p.word("false", 0xc2)
	case c == 'n':
		return p.word("null", 0xc0)
	}
	return false
}

func (p *packer) word(word string, code byte) bool {
	if !bytes.HasPrefix(p.text[p.pos:], []byte(word)) {
		return false
	}
	p.pos += len(word)
	p.dst = append(p.dst, code)
	return true
}

// open steps over a bracket and leaves room for a header of 32 bits, as the number of elements is known only at the end.
func (p *packer) open(code byte) (at int) {
	p.pos++
	at = len(p.dst)
	p.dst = append(p.dst, code, 0, 0, 0, 0)
	return at
}

// is steps over white space and, where it stands next, over c.
func (p *packer) is(c byte) bool {
	p.space()
	if p.pos == len(p.text) || p.text[p.pos] != c {
		return false
	}
	p.pos++
	return true
}

func (p *packer) array(depth int) bool {
	at := p.open(array32)
	if p.is(']') {
		return true
	}
	for n := uint32(1); p.value(depth); n++ {
		if !p.is(',') {
			binary.BigEndian.PutUint32(p.dst[at+1:], n)
			return p.is(']')
		}
	}
	return false
}

func (p *packer) object(depth int) bool {
	const map32 = 0xdf
	at := p.open(map32)
	if p.is('}') {
		return true
	}
	for n := uint32(1); p.key(depth) && p.is(':') && p.value(depth); n++ {
		if !p.is(',') {
			binary.BigEndian.PutUint32(p.dst[at+1:], n)
			return p.is('}')
		}
	}
	return false
}

func (p *packer) key(depth int) bool {
	p.space()
	start := len(p.dst)
	if p.pos == len(p.text) || p.text[p.pos] != '"' || !p.str() {
		return false
	}
	if depth == 1 && string(p.dst[start+1:]) == "Records" {
		p.records = true
	}
	return true
}

func (p *packer) str() bool {
	start := p.pos + 1
	for i := start; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.dst = chunk.AppendStr(p.dst, p.text[start:i])
			p.pos = i + 1
			return true
		case c == '\\':
			return p.escaped(start, i)
		case c < ' ':
			return false
		}
	}
	return false
}

// escaped packs a string from start on whose first escape is at i. Its header can be written only when its length is known.
func (p *packer) escaped(start, i int) bool {
	at := len(p.dst)
	p.dst = append(p.dst, p.text[start:i]...)
	for i < len(p.text) {
		switch c := p.text[i]; {
		case c == '"':
			p.pos = i + 1
			n := len(p.dst) - at
			p.dst = chunk.AppendStrHeader(p.dst, n) // makes room
			copy(p.dst[len(p.dst)-n:], p.dst[at:at+n])
			chunk.AppendStrHeader(p.dst[:at], n)
			return true
		case c == '\\':
			if i = p.escape(i + 1); i < 0 {
				return false
			}
		case c < ' ':
			return false
		default:
			p.dst = append(p.dst, c)
			i++
		}
	}
	return false
}

// escape appends what the escape means whose backslash stands before i, and returns where it ends, or -1.
func (p *packer) escape(i int) int {
	if i == len(p.text) {
		return -1
	}
	c := p.text[i]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return p.unicode(i + 1)
	default:
		return -1
	}
	p.dst = append(p.dst, c)
	return i + 1
}

// unicode appends the character of the four hexadecimal digits at i, or of two escapes that are a surrogate pair.
func (p *packer) unicode(i int) int {
	r, ok := p.hex(i)
	if !ok {
		return -1
	}
	i += 4
	if utf16.IsSurrogate(r) && bytes.HasPrefix(p.text[i:], []byte(`\u`)) {
		second, _ := p.hex(i + 2)
		if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
			r = pair
			i += 6
		}
	}
	p.dst = utf8.AppendRune(p.dst, r) // a lone surrogate becomes U+FFFD
	return i
}

func (p *packer) hex(i int) (r rune, ok bool) {
	if i+4 > len(p.text) {
		return 0, false
	}
	for _, c := range p.text[i : i+4] {
		switch {
		case isDigit(c):
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// digits steps over digits and returns how many there were.
func (p *packer) digits() int {
	start := p.pos
	for p.pos < len(p.text) && isDigit(p.text[p.pos]) {
		p.pos++
	}
	return p.pos - start
}

// next steps over one of two characters.
func (p *packer) next(a, b byte) bool {
	if p.pos == len(p.text) || (p.text[p.pos] != a && p.text[p.pos] != b) {
		return false
	}
	p.pos++
	return true
}

func (p *packer) number() bool {
	start := p.pos
	p.next('-', '-')
	first := p.pos
	if n := p.digits(); n == 0 || (n > 1 && p.text[first] == '0') {
		return false
	}
	if p.next('.', '.') && p.digits() == 0 {
		return false
	}
	if p.next('e', 'E') {
		p.next('+', '-')
		if p.digits() == 0 {
			return false
		}
	}
	p.dst = appendNumber(p.dst, string(p.text[start:p.pos]))
	return true
}
