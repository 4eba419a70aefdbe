package staff

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func list(t testing.TB) []byte {
	t.Helper()
	one := func(id, role, pin string, until time.Time) string {
		v, err := Verifier(pin, [16]byte{byte(len(id))})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`{"id":%q,"role":%q,"until":%q,"pin":%q}`, id, role, until.Format(time.RFC3339), v)
	}
	year := now.AddDate(1, 0, 0)
	return []byte(`{"v":1,"site":"LMC","staff":[` + strings.Join([]string{one("anna", "officer", "482913", year), one("bo", "supervisor", "775201", year),
		one("gone", "officer", "111222", now), one("worker", "worker", "999999", year)}, ",") + `]}`)
}

func desk(t testing.TB) *Desk {
	l, err := Parse(list(t), "LMC")
	if err != nil {
		t.Fatal(err)
	}
	d := &Desk{}
	d.Use(l)
	return d
}

func TestCheck(t *testing.T) {
	d := desk(t)
	for _, c := range []struct {
		name, pin string
		role      Role
		err       error
	}{
		{"anna", "482913", Officer, nil}, {"bo", "775201", Supervisor, nil}, {"anna", "482914", None, ErrDenied}, {"anna", "", None, ErrDenied},
		{"anna", "775201", None, ErrDenied}, {"nobody", "482913", None, ErrDenied}, {"worker", "999999", None, ErrDenied}, {"gone", "111222", None, ErrDenied},
		{"", "", None, ErrDenied}, {"anna", strings.Repeat("1", 10_000), None, ErrDenied},
	} {
		m, err := d.Check(c.name, c.pin, now)
		if !errors.Is(err, c.err) || m.Role != c.role {
			t.Errorf("%s %s: %v %v", c.name, c.pin, m.Role, err)
		}
	}
	if _, err := (&Desk{}).Check("anna", "482913", now); !errors.Is(err, ErrDenied) {
		t.Errorf("a desk without a list: %v", err)
	}
}

// TestLock: five wrong PINs lock a name for 15 minutes, that name alone, also over a newer
// list; a right one in between begins anew.
func TestLock(t *testing.T) {
	d := desk(t)
	wrong := func(n int, at time.Time) {
		for range n {
			if _, err := d.Check("anna", "000000", at); !errors.Is(err, ErrDenied) {
				t.Fatal(err)
			}
		}
	}
	wrong(4, now)
	if _, err := d.Check("anna", "482913", now); err != nil {
		t.Fatal(err)
	}
	wrong(5, now)
	again, err := Parse(list(t), "LMC")
	if err != nil {
		t.Fatal(err)
	}
	d.Use(again)
	for _, at := range []time.Time{now, now.Add(14*time.Minute + 59*time.Second)} {
		if _, err := d.Check("anna", "482913", at); !errors.Is(err, ErrLocked) {
			t.Errorf("after %v: %v", at.Sub(now), err)
		}
	}
	if _, err := d.Check("bo", "775201", now); err != nil {
		t.Errorf("another: %v", err)
	}
	if _, err := d.Check("anna", "482913", now.Add(15*time.Minute)); err != nil {
		t.Errorf("after 15 minutes: %v", err)
	}
}

// TestNobodyLearnsWhoWorksHere: a name that nobody has is denied and locked like one that
// somebody has, at the cost of the dearest verifier of the list.
func TestNobodyLearnsWhoWorksHere(t *testing.T) {
	d := desk(t)
	for _, name := range []string{"anna", "nobody", "gone", "worker"} {
		for i := range 7 {
			want := ErrDenied
			if i >= 5 {
				want = ErrLocked
			}
			if _, err := d.Check(name, "000000", now); err != want {
				t.Errorf("%s, attempt %d: %v", name, i+1, err)
			}
		}
	}
	dear, err := Parse([]byte(strings.Replace(string(list(t)), "m=19456,t=2", "m=20480,t=3", 1)), "LMC")
	if err != nil || dear.nobody.memory != 20480 || dear.nobody.passes != 3 {
		t.Errorf("%+v %v", dear.nobody, err)
	}
}

// TestLockOutlives: neither a restart, nor a clock that is set back, nor thousands of other
// names take a lock away.
func TestLockOutlives(t *testing.T) {
	d := desk(t)
	for range 5 {
		d.Check("anna", "000000", now)
	}
	for i := range 3 * most {
		d.miss(fmt.Sprintf("name-%d", i), false, miss{1, now})
	}
	if len(d.missed) > 2*most {
		t.Errorf("%d names are remembered", len(d.missed))
	}
	kept, err := d.Misses()
	if err != nil {
		t.Fatal(err)
	}
	again := desk(t)
	if err := again.Recall(kept); err != nil {
		t.Fatal(err)
	}
	back := now.Add(-time.Hour)
	for _, at := range []time.Time{now, back, back.Add(14 * time.Minute)} {
		if _, err := again.Check("anna", "482913", at); err != ErrLocked {
			t.Errorf("at %v: %v", at, err)
		}
	}
	if _, err := again.Check("anna", "482913", back.Add(15*time.Minute)); err != nil {
		t.Errorf("15 minutes by the clock that was set back: %v", err)
	}
	if err := again.Recall([]byte("{")); err == nil {
		t.Error("half a record is taken")
	}
}

func TestParseRefuses(t *testing.T) {
	good := string(list(t))
	for name, change := range map[string][2]string{
		"another version": {`"v":1`, `"v":2`}, "another site": {`"LMC"`, `"HZMB"`}, "twice": {`"bo"`, `"anna"`}, "no name": {`"bo"`, `""`},
		"markup in a name": {`"bo"`, `"<b>"`}, "another function": {"argon2id", "argon2i"}, "another memory": {"m=19456", "m=99999999"}, "no memory": {"m=19456", "m=1"},
		"passes": {"t=2", "t=99"}, "threads": {"p=1", "p=0"}, "costs": {"t=2,p=1", "t=2"}, "salt": {"$BAAAA", "$*AAAA"}, "not JSON": {`{"v"`, `["v"`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s: the test has lost its text", name)
		}
		if _, err := Parse([]byte(bad), "LMC"); !errors.Is(err, ErrList) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Verifier("12345", [16]byte{}); err == nil {
		t.Error("a PIN of five digits")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(list(f))
	f.Add([]byte(`{"v":1,"site":"LMC","staff":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Parse(b, "LMC")
		if err != nil {
			return
		}
		for name, m := range l.members {
			if name != m.Name || !named(name) || m.Role == None || m.pin.memory > maxMemory || m.pin.passes > maxPasses {
				t.Errorf("%+v", m)
			}
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	d := desk(b)
	for b.Loop() {
		if _, err := d.Check("anna", "482913", now); err != nil {
			b.Fatal(err)
		}
	}
}
