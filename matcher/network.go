package matcher

import (
	"bytes"
	"net/netip"
)

// inNetwork reports whether text is an address in the network, or a network wholly inside it. IPv4-mapped addresses count as IPv4, zones do not
// count.
func inNetwork(text []byte, network netip.Prefix) bool {
	if addr, ok := parseIPv4(text); ok {
		return network.Contains(addr)
	}
	if bytes.IndexByte(text, ':') < 0 && bytes.IndexByte(text, '/') < 0 {
		return false // what is neither IPv6 nor a network was decided above
	}
	if addr, err := netip.ParseAddr(string(text)); err == nil {
		return network.Contains(addr.Unmap().WithZone(""))
	}
	p, err := netip.ParsePrefix(string(text))
	if err != nil {
		return false
	}
	const mappedBits = 96
	if p.Addr().Is4In6() && p.Bits() >= mappedBits {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
	}
	return p.Bits() >= network.Bits() && network.Contains(p.Addr())
}

// parseIPv4 reads an address as netip does: four decimal numbers without leading zeros.
func parseIPv4(text []byte) (netip.Addr, bool) {
	var b [4]byte
	field := 0
	for start := 0; ; {
		n, i := 0, start
		for i < len(text) && i-start < 4 && '0' <= text[i] && text[i] <= '9' {
			n = n*10 + int(text[i]-'0')
			i++
		}
		if i == start || n > 0xff || (text[start] == '0' && i-start > 1) {
			return netip.Addr{}, false
		}
		b[field] = byte(n)
		if field == 3 {
			return netip.AddrFrom4(b), i == len(text)
		}
		if i >= len(text) || text[i] != '.' {
			return netip.Addr{}, false
		}
		field, start = field+1, i+1
	}
}
