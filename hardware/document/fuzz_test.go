package document

import (
	"bytes"
	"testing"
)

// FuzzReading feeds any bytes: what comes out as a zone has its size and was fed.
func FuzzReading(f *testing.F) {
	f.Add([]byte("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\rL898902C36UTO7408122F1204159ZE184226B<<<<<10\r"))
	f.Add([]byte("\x02I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<\x03"))
	f.Add([]byte("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\r\nD231458907UTO74?8122F12\x004159<<<<<<<6\r\n"))
	f.Add(bytes.Repeat([]byte("<\n"), 700))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r reading
		check := func() {
			zones, half, garbled := r.zones()
			if outcomes := min(len(zones), 1) + min(len(half), 1); outcomes > 1 || garbled == (outcomes == 1) {
				t.Fatalf("%q %q %v", zones, half, garbled)
			}
			for _, z := range zones {
				n := len(z) * len(z[0])
				if n != 88 && n != 72 && n != 90 {
					t.Fatalf("%q", z)
				}
				for _, line := range z {
					if len(line) != len(z[0]) || !bytes.Contains(data, []byte(line)) {
						t.Fatalf("%q", line)
					}
				}
			}
		}
		for _, b := range data {
			if r.take(b) {
				check()
				r = reading{}
			}
			if len(r.bytes) > largest {
				t.Fatal("too much is kept")
			}
		}
		check()
	})
}
