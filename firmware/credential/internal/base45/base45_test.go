package base45

import (
	"bytes"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	for text, want := range map[string]string{ // RFC 9285 sections 4.3 and 4.4
		"BB8": "AB", "%69 VD92EX0": "Hello!!", "UJCLQE7W581": "base-45", "QED8WEX0": "ietf!", "": "", "FGW": "\xff\xff", "U5": "\xff",
	} {
		if got, err := Decode(text); err != nil || string(got) != want {
			t.Errorf("Decode(%q) = %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"A", "BB8A", "GGW", ":::", "V5", "::", "bb8", "BB\n", "#B8", "BB8\x00"} {
		if got, err := Decode(text); err == nil {
			t.Errorf("Decode(%q) = %q", text, got)
		}
	}
}

// FuzzDecode writes what was read: every text has one spelling.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "BB8", "%69 VD92EX0", "FGW", "GGW", "U5", "RRQT 9O60GO02-LHAUN*7XD58CKR17*70C69FN0XNDCCO1T0WNDS8SW"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		data, err := Decode(s)
		if err != nil {
			return
		}
		if again := encode(data); again != s {
			t.Fatalf("%q reads as %x, which is written %q", s, data, again)
		}
		if back, err := Decode(encode(data)); err != nil || !bytes.Equal(back, data) {
			t.Fatalf("%x comes back as %x, %v", data, back, err)
		}
	})
}

func encode(b []byte) string {
	var s strings.Builder
	for ; len(b) > 1; b = b[2:] {
		n := int(b[0])<<8 | int(b[1])
		s.WriteString(string([]byte{alphabet[n%45], alphabet[n/45%45], alphabet[n/2025]}))
	}
	if len(b) == 1 {
		s.WriteString(string([]byte{alphabet[b[0]%45], alphabet[b[0]/45]}))
	}
	return s.String()
}
