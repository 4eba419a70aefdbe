package mrz

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// reference reads a file of reference data: below CHECKPOINT_SHARED, else ../shared beside
// the project.
func reference(t testing.TB, into any, parts ...string) {
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(append([]string{dir, "vectors"}, parts...)...))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatalf("reference data is missing (%v): run `make deps` or set CHECKPOINT_SHARED to its folder", err)
	}
}

type vector struct {
	Test   string
	Lines  []string
	Format string
	Fields map[string]*string
	OK     bool `json:"check_digits_ok"`
}

func vectors(t testing.TB) (all []vector) {
	reference(t, &all, "mrz", "mrz.json")
	return all
}

// TestVectors parses public zones: what each says, and whether its digits hold.
func TestVectors(t *testing.T) {
	ours := map[string]Format{"TD1": TD1, "TD2": TD2, "TD3": TD3}
	for _, v := range vectors(t) {
		t.Run(v.Format+" "+v.Test, func(t *testing.T) {
			z, err := Parse(v.Lines)
			kind, known := ours[v.Format]
			if !known { // national formats
				if err == nil && z.Sound() {
					t.Error("a zone of another format is sound")
				}
				return
			}
			if err != nil || z.Kind != kind || z.Sound() != v.OK {
				t.Fatalf("%v, %v, %v %v", err, z.Kind, z.Sound(), z.Doubts)
			}
			sex := map[byte]string{'M': "male", 'F': "female", '<': "nonspecified"}[z.Sex]
			for name, got := range map[string]string{"documentCode": z.Code, "issuingState": z.Issuer, "documentNumber": z.Number, "birthDate": string(z.Birth),
				"expirationDate": string(z.Expiry), "nationality": z.Nationality, "lastName": z.Surname, "firstName": z.Given, "sex": sex} {
				if want := v.Fields[name]; want != nil && got != *want {
					t.Errorf("%s is %q, want %q", name, got, *want)
				}
			}
		})
	}
}

// TestDigits: the worked examples of part 3, appendix A.
func TestDigits(t *testing.T) {
	var all []struct {
		Data  string
		Digit int
	}
	reference(t, &all, "mrz", "check-digits.json")
	for _, v := range all {
		if d, ok := CheckDigit(v.Data); !ok || int(d-'0') != v.Digit {
			t.Errorf("%s: %c, want %d", v.Data, d, v.Digit)
		}
	}
	if _, ok := CheckDigit("a"); ok || len(all) == 0 {
		t.Error("small letters have a check digit")
	}
}

// passport is the specimen of part 4.
var passport = []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}

// with gives lines with one character changed, lines and columns from 1.
func with(lines []string, line, column int, c byte) []string {
	lines = slices.Clone(lines)
	b := []byte(lines[line-1])
	b[column-1] = c
	lines[line-1] = string(b)
	return lines
}

// TestMisread reads single characters as what they look like: each is doubted at its very
// place, with what it was among what it may be, and nothing is put right.
func TestMisread(t *testing.T) {
	for _, m := range []struct {
		line, column int
		read         byte
		field        Field
		why          Why
		was          byte
	}{
		{2, 14, 'T', Birth, Misfit, '7'},
		{2, 22, 'I', Expiry, Misfit, '1'},
		{2, 2, 'B', Number, Alike, '8'},
		{2, 6, 'O', Number, Alike, '0'},
		{2, 7, 'Z', Number, Alike, '2'},
		{2, 30, '3', Optional, WrongDigit, 0}, // E read as 3, which looks like J alone here
		{1, 10, '5', Name, Misfit, 'S'},
		{2, 20, 'Z', Birth, Alike, '2'}, // the check digit itself
		{2, 44, 'O', Overall, Alike, '0'},
		{2, 21, 'E', Sex, Misfit, 0},
	} {
		z, err := Parse(with(passport, m.line, m.column, m.read))
		if err != nil || z.Sound() {
			t.Errorf("line %d column %d read as %c: %v, sound %v", m.line, m.column, m.read, err, z.Sound())
			continue
		}
		if m.was == 0 {
			continue
		}
		if !slices.Contains(z.Doubts, Doubt{m.field, m.why, m.line, m.column, m.was}) {
			t.Errorf("line %d column %d read as %c: %+v", m.line, m.column, m.read, z.Doubts)
		}
	}
}

// TestUnseen: no check digit tells G from 6. What this package says of itself.
func TestUnseen(t *testing.T) {
	six, _ := CheckDigit("L898906C3")
	g, _ := CheckDigit("L89890GC3")
	if six != g {
		t.Error("the comment of the package is wrong")
	}
}

// TestFormats: visas have no overall digit, permits another layout, a card of unknown
// sex and date of birth is sound.
func TestFormats(t *testing.T) {
	digit := func(s string) string { d, _ := CheckDigit(s); return string(d) }
	visa := "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"
	for _, c := range []struct {
		lines []string
		kind  Format
		sound bool
	}{
		{[]string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", visa}, VisaA, true},
		{[]string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", visa[:36]}, VisaB, true},
		{[]string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C5" + visa[10:36]}, VisaB, false},
		{[]string{"CSC12345678" + digit("C12345678") + "<300101" + digit("300101") + "<900101" + digit("900101") + "<0", strings.Repeat("A", 30), strings.Repeat("<", 30)}, Permit, true},
		{[]string{"I<UTOD231458907<<<<<<<<<<<<<<<", "74<<<<" + digit("74<<<<") + "<120415" + digit("120415") + "UTO<<<<<<<<<<<" +
			digit("D231458907<<<<<<<<<<<<<<<74<<<<"+digit("74<<<<")+"120415"+digit("120415")+"<<<<<<<<<<<"), "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}, TD1, true},
		{with(passport, 2, 16, '3'), TD3, false}, // month 30
	} {
		z, err := Parse(c.lines)
		if err != nil || z.Kind != c.kind || z.Sound() != c.sound {
			t.Errorf("%q: %v %v %+v", c.lines, err, z.Kind, z.Doubts)
		}
	}
}

// TestRefused: half a zone, another card, small letters.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  error
	}{
		{nil, ErrShape},
		{passport[:1], ErrShape},
		{[]string{passport[0], passport[1][:43]}, ErrShape},
		{append(passport[:2:2], passport[1]), ErrShape},
		{with(passport, 1, 1, 'X'), ErrShape},
		{with(passport, 2, 5, 'a'), ErrCharacter},
		{with(passport, 2, 5, ' '), ErrCharacter},
	} {
		if _, err := Parse(c.lines); !errors.Is(err, c.want) {
			t.Errorf("%q: %v, want %v", c.lines, err, c.want)
		}
	}
}

// TestDates finds the century.
func TestDates(t *testing.T) {
	today := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	day := func(t time.Time, ok bool) string {
		if !ok {
			return "?"
		}
		return t.Format(time.DateOnly)
	}
	for date, want := range map[Date][2]string{
		"740812": {"1974-08-12", "2074-08-12"}, "261121": {"2026-11-21", "2026-11-21"}, "261122": {"1926-11-22", "2026-11-22"},
		"800101": {"1980-01-01", "1980-01-01"}, "000229": {"2000-02-29", "2000-02-29"}, "250229": {"?", "?"},
		"74<<<<": {"?", "?"}, "": {"?", "?"}, "991231": {"1999-12-31", "1999-12-31"}, "350101": {"1935-01-01", "2035-01-01"},
	} {
		if b, e := day(date.Born(today)), day(date.Expires(today)); b != want[0] || e != want[1] {
			t.Errorf("%s: born %s, expires %s, want %s", date, b, e, want)
		}
	}
}

// TestNumbers reads numbers as people write them.
func TestNumbers(t *testing.T) {
	var all []struct {
		HKID  string
		Valid bool
	}
	reference(t, &all, "hk", "hkid.json")
	for _, v := range all {
		for _, text := range []string{v.HKID, strings.ToLower(v.HKID), strings.Trim(strings.ReplaceAll(v.HKID, "(", " "), ")")} {
			if _, err := HKID(text); (err == nil) != v.Valid {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	if n, err := HKID(" a123456 (3) "); n != "A1234563" || err != nil {
		t.Error(n, err)
	}
	for _, c := range []struct {
		of         func(string) (string, error)
		text, want string
	}{
		{HomeReturn, "H1234567801", "H12345678"}, {HomeReturn, "m12345678", "M12345678"}, {HomeReturn, "H123456780", ""}, {HomeReturn, "A12345678", ""},
		{ExitPermit, "C12345678", "C12345678"}, {ExitPermit, "CA1234567", "CA1234567"}, {ExitPermit, "W12345678", ""}, {ExitPermit, "C1234567", ""},
		{HKID, "", ""}, {HKID, "A12345B(3)", ""}, {HKID, strings.Repeat(" ", 1000) + "A1234563", ""}, {HKID, "A123456X", ""},
	} {
		if n, err := c.of(c.text); n != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q: %q, %v", c.text, n, err)
		}
	}
}

// TestSilent: no way of printing a zone says whose it is.
func TestSilent(t *testing.T) {
	z, err := Parse(passport)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(z)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(z), fmt.Sprintf("%+v %#v %d %x %q", z, z, z, z, z), string(asJSON)} {
		if strings.Contains(text, "ERIKSSON") || strings.Contains(text, "L898902C3") {
			t.Error(text)
		}
	}
}

// FuzzParse: no lines are too odd; what is sound has digits that hold, and one changed
// digit in the number is never sound.
func FuzzParse(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(strings.Join(v.Lines, "\n"))
	}
	f.Add(strings.Join(passport, "\n"))
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		z, err := Parse(lines)
		if err != nil {
			if !errors.Is(err, ErrShape) && !errors.Is(err, ErrCharacter) {
				t.Fatal(err)
			}
			return
		}
		if len(z.Doubts) > 1000 {
			t.Fatal(len(z.Doubts), "doubts")
		}
		z.Birth.Born(time.Unix(1e9, 0).UTC())
		z.Expiry.Expires(time.Unix(1e9, 0).UTC())
		if z.Sound() && z.Kind == TD3 && lines[1][0] >= '0' && lines[1][0] <= '9' {
			if again, err := Parse(with(lines, 2, 1, '0'+(lines[1][0]-'0'+1)%10)); err != nil || again.Sound() {
				t.Fatal(err, "another number is sound too")
			}
		}
		HKID(text)
		HomeReturn(text)
		ExitPermit(text)
	})
}
