package issuer

import "strings"

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// Base45 writes RFC 9285.
func Base45(b []byte) string {
	var s strings.Builder
	for ; len(b) > 1; b = b[2:] {
		n := int(b[0])<<8 | int(b[1])
		s.WriteByte(alphabet[n%45])
		s.WriteByte(alphabet[n/45%45])
		s.WriteByte(alphabet[n/2025])
	}
	if len(b) == 1 {
		s.WriteByte(alphabet[b[0]%45])
		s.WriteByte(alphabet[b[0]/45])
	}
	return s.String()
}

// Unbase45 reads what Base45 wrote.
func Unbase45(s string) []byte {
	var out []byte
	for ; len(s) > 0; s = s[min(3, len(s)):] {
		n, unit := 0, 1
		for _, c := range s[:min(3, len(s))] {
			n += strings.IndexRune(alphabet, c) * unit
			unit *= 45
		}
		if len(s) >= 3 {
			out = append(out, byte(n>>8))
		}
		out = append(out, byte(n))
	}
	return out
}
