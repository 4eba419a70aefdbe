package health

import (
	"regexp"
	"testing"
)

func TestTheListIsWhole(t *testing.T) {
	if codes > 64 {
		t.Fatal("a Set holds 64")
	}
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	title := regexp.MustCompile(`^[A-Z].*[^.]$`)
	action := regexp.MustCompile(`^[A-Z].*\.$`)
	seen := map[string]bool{}
	for i, c := range All() {
		if c.Code != Code(i) || !name.MatchString(c.Name) || !title.MatchString(c.Title) || !action.MatchString(c.Action) || c.Severity > OutOfService {
			t.Errorf("%d: %+v", i, c)
		}
		if seen[c.Name] || seen[c.Title] {
			t.Errorf("%s is there twice", c.Name)
		}
		seen[c.Name], seen[c.Title] = true, true
	}
	if CameraLost.String() != "camera-lost" || OutOfService.String() != "out-of-service" {
		t.Error(CameraLost, OutOfService)
	}
}

func TestSet(t *testing.T) {
	var healthy Set
	if _, wrong := healthy.Worst(); wrong || healthy.Len() != 0 {
		t.Error("the zero Set is not healthy")
	}
	s := healthy.With(CentreOffline).With(DiskLow).With(CentreOffline)
	if healthy.Has(DiskLow) || !s.Has(DiskLow) || s.Len() != 2 {
		t.Errorf("%+v", s)
	}
	if w, _ := s.Worst(); w.Code != DiskLow {
		t.Errorf("%+v", w)
	}
	s = s.Union(healthy.With(GateLost))
	order := []Code{GateLost, DiskLow, CentreOffline}
	for i, c := range s.All() {
		if c.Code != order[i] {
			t.Errorf("%d: %s", i, c.Name)
		}
	}
	if s = s.Without(GateLost).Without(DiskLow).Without(JournalFull); s != healthy.With(CentreOffline) {
		t.Errorf("%+v", s)
	}
}

// TestUnknownCode: what nobody knows takes the device out of service.
func TestUnknownCode(t *testing.T) {
	if w, wrong := (Set{}).With(Code(200)).Worst(); !wrong || w.Severity != OutOfService {
		t.Errorf("%+v", w)
	}
}
