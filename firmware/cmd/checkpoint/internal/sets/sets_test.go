package sets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/simulators/centre/keys"
	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/sync/bundle"
)

// sourceFiles is a directory of plain files like the ones an administrator keeps.
func sourceFiles(t *testing.T) string {
	dir := t.TempDir()
	profiles, err := filepath.Glob("../../../../policy/profiles/*.json")
	if err != nil || len(profiles) == 0 {
		t.Fatalf("no policies: %v", err)
	}
	for _, path := range profiles {
		data, err := os.ReadFile(path)
		if err == nil {
			err = put(dir, "policy/"+filepath.Base(path), data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(put(dir, "keys.json", issuer.KeysFile(nil, nil)), put(dir, "freshness.json", []byte(defaultFreshness))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestBundleSaysHowOld lists may be, each class that there is: build writes it where nothing is said.
func TestBundleSaysHowOld(t *testing.T) {
	src := sourceFiles(t)
	sign := func(dir string) error {
		return (&signCmd{Targets: dir, Out: filepath.Join(t.TempDir(), "r"), Keys: filepath.Join(t.TempDir(), "k"), Init: true, RootKeys: 1, Valid: time.Hour}).Run()
	}
	for text, good := range map[string]bool{`{"v":1}`: false, `{"v":1,"trust":{"max_stale":9,"fail":"refer"}}`: false,
		`{"v":1,"trust":{"max_stale":9,"fail":"refer"},"policy":{"max_stale":0,"fail":"refer"}}`: true} {
		if err := put(src, "freshness.json", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := (&buildCmd{Src: src, Out: filepath.Join(t.TempDir(), "t")}).Run(); (err == nil) != good {
			t.Errorf("%s: build says %v", text, err)
		}
		if err := sign(src); (err == nil) != good {
			t.Errorf("%s: sign says %v", text, err)
		}
	}
	if err := os.Remove(filepath.Join(src, "freshness.json")); err != nil {
		t.Fatal(err)
	}
	if err := sign(src); !errors.Is(err, exit.ErrNo) {
		t.Errorf("sign without: %v", err)
	}
	out := filepath.Join(t.TempDir(), "t")
	if err := errors.Join((&buildCmd{Src: src, Out: out}).Run(), sign(out)); err != nil {
		t.Error(err)
	}
}

func TestBundleFromFilesToDevice(t *testing.T) {
	src, out, keys, repo := sourceFiles(t), filepath.Join(t.TempDir(), "t"), filepath.Join(t.TempDir(), "k"), filepath.Join(t.TempDir(), "r")
	if err := (&buildCmd{Src: src, Out: out}).Run(); err != nil {
		t.Fatal(err)
	}
	sign := &signCmd{Targets: out, Out: repo, Keys: keys, Init: true, RootKeys: 3, Valid: time.Hour}
	if err := sign.Run(); err != nil {
		t.Fatal(err)
	}
	if err := sign.Run(); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("--init over existing keys: %v", err)
	}
	root, err := os.ReadFile(filepath.Join(repo, "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := bundle.Open(filepath.Join(t.TempDir(), "bundle.db"), root, bundle.Dir(repo))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	set, changed, err := s.Refresh(t.Context(), bundle.Time{Now: time.Now(), Known: true})
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	snapshot, err := inspection.Load(set.FS, set.Version, set.Published)
	if err != nil || len(snapshot.Policies()) == 0 {
		t.Fatal(err)
	}
}

func TestBundleRefusesWhatADeviceWould(t *testing.T) {
	for name, file := range map[string]string{"policy/door.json": "{", "polices/door.json": "{}", "trust/HK.json": `{"v":9}`, "keys.json": "[]", "a b": "", "facts.json": `{"v":1,"min_version":"soon"}`,
		"orders/latest.cose": "x", "sites/LMC.json": `{"v":1,"quotas":[{"quota":"a"}]}`,
		"sites/WTS.json": `{"v":1,"movement":{"record":"open"}}`, "sites/HZMB.json": `{"v":1,"policies":{"1":"venue-circus"}}`,
		"sites/HUG.json": `{"v":1,"lanes":["1"],"policies":{"I":"venue-market"}}`, "sites/MFM.json": `{"v":1,"policies":{"1":"venue-market"}}`,
		"sites/SZB.json": `{"v":1,"zone":"UTC","lanes":["1"],"quotas":[{"quota":"a","scope":{"lane":"l"}}]}`,
		"sites/GDB.json": `{"v":1,"zone":"UTC","quotas":[{"quota":"a","scope":{"lane":"1"}}]}`} {
		src := sourceFiles(t)
		if err := put(src, name, []byte(file)); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "t")
		if err := (&buildCmd{Src: src, Out: out}).Run(); !errors.Is(err, exit.ErrNo) {
			t.Errorf("%s: build says %v", name, err)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: something was written", name)
		}
		sign := &signCmd{Targets: src, Out: filepath.Join(t.TempDir(), "r"), Keys: filepath.Join(t.TempDir(), "k"), Init: true, RootKeys: 1, Valid: time.Hour}
		if err := sign.Run(); !errors.Is(err, exit.ErrNo) {
			t.Errorf("%s: sign says %v", name, err)
		}
	}
}

// TestBundleNeedsKeys of the centre: a device refuses a set without, and one with a faulty key.
func TestBundleNeedsKeys(t *testing.T) {
	src := sourceFiles(t)
	if err := put(src, "keys.json", []byte(`{"v":1,"keys":[{"kid":"0011223344556677","purpose":"reply","alg":-7,"spki":"AA=="}]}`)); err != nil {
		t.Fatal(err)
	}
	if err := (&buildCmd{Src: src, Out: filepath.Join(t.TempDir(), "t")}).Run(); !errors.Is(err, exit.ErrNo) {
		t.Errorf("with a key of answers that is none: %v", err)
	}
	if err := os.Remove(filepath.Join(src, "keys.json")); err != nil {
		t.Fatal(err)
	}
	if err := (&buildCmd{Src: src, Out: filepath.Join(t.TempDir(), "t")}).Run(); !errors.Is(err, exit.ErrNo) {
		t.Errorf("without keys.json, which devices refuse: %v", err)
	}
}

// TestBundleTakesOrders that the centre has signed, and nobody else.
func TestBundleTakesOrders(t *testing.T) {
	ours, err := keys.New("orders")
	if err != nil {
		t.Fatal(err)
	}
	for _, purpose := range []string{"orders", "mark"} {
		key, err := keys.New(purpose)
		if err != nil {
			t.Fatal(err)
		}
		for signer, want := range map[*keys.Key]bool{key: purpose == "orders", ours: false} {
			halt, err := centre.Order{Number: 41, Kind: "breaker", State: "halt", ReviewBy: time.Now().Unix()}.Sign(signer)
			if err != nil {
				t.Fatal(err)
			}
			src := sourceFiles(t)
			if err := errors.Join(put(src, "keys.json", keys.File(key)), put(src, ordersFile, halt)); err != nil {
				t.Fatal(err)
			}
			if err := (&buildCmd{Src: src, Out: filepath.Join(t.TempDir(), "t")}).Run(); (err == nil) != want {
				t.Errorf("%s, a stranger %v: %v", purpose, signer == ours, err)
			}
		}
	}
}

// TestBundleImport: a stick goes into a device that is off, by the rules of the line, with a cohort's
// view checked as its devices would.
func TestBundleImport(t *testing.T) {
	src, keys, repo, state := sourceFiles(t), filepath.Join(t.TempDir(), "k"), filepath.Join(t.TempDir(), "r"), t.TempDir()
	sign := func() error {
		out := filepath.Join(t.TempDir(), "t")
		if err := (&buildCmd{Src: src, Out: out}).Run(); err != nil {
			return err
		}
		_, err := os.Stat(keys)
		return (&signCmd{Targets: out, Out: repo, Keys: keys, Init: err != nil, RootKeys: 1, Valid: time.Hour}).Run()
	}
	if err := sign(); err != nil {
		t.Fatal(err)
	}
	old := t.TempDir()
	if err := os.CopyFS(old, os.DirFS(repo)); err != nil {
		t.Fatal(err)
	}
	take := func(dir string) error {
		return (&importCmd{Dir: dir, State: state, Root: filepath.Join(old, "1.root.json")}).Run("1.3.2")
	}
	if err := errors.Join(take(repo), take(repo)); err != nil {
		t.Fatal(err)
	}
	rollout := `{"v":1,"cohorts":[{"name":"canary","share":5}]}`
	if err := errors.Join(put(src, "rollout.json", []byte(rollout)), put(src, "cohort/canary/policy/door.json", []byte("{"))); err != nil {
		t.Fatal(err)
	}
	if err := sign(); !errors.Is(err, exit.ErrNo) {
		t.Errorf("a cohort's bad rules: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(src, "cohort")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sign(), take(repo)); err != nil {
		t.Fatal(err)
	}
	if err := take(old); !errors.Is(err, exit.ErrNo) {
		t.Errorf("an old stick: %v", err)
	}
	if err := errors.Join(put(src, "facts.json", []byte(`{"v":1,"min_version":"1.4.0"}`)), sign()); err != nil {
		t.Fatal(err)
	}
	if err := take(repo); !errors.Is(err, exit.ErrNo) {
		t.Errorf("a set for a later version: %v", err)
	}
	if err := errors.Join(put(src, "facts.json", []byte(`{"v":1,"min_version":"1.3.0"}`)), sign(), take(repo)); err != nil {
		t.Errorf("a set for this version: %v", err)
	}
	if err := take(t.TempDir()); err == nil || errors.Is(err, exit.ErrNo) {
		t.Errorf("an empty stick: %v", err)
	}
}

// TestBundleSchemeKey: the files of a scheme move to its own key, and devices go on.
func TestBundleSchemeKey(t *testing.T) {
	src, keys, repo := sourceFiles(t), filepath.Join(t.TempDir(), "k"), filepath.Join(t.TempDir(), "r")
	if err := put(src, "revoked/HK/a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	sign := &signCmd{Targets: src, Out: repo, Keys: keys, Init: true, RootKeys: 1, Valid: time.Hour}
	if err := sign.Run(); err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	take := &importCmd{Dir: repo, State: state, Root: filepath.Join(repo, "1.root.json")}
	if err := take.Run("1.3.2"); err != nil {
		t.Fatal(err)
	}
	sign.Init, sign.Scheme = false, []string{"HK"}
	if err := errors.Join(sign.Run(), take.Run("1.3.2")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(repo, "1.HK.json")); err != nil {
		t.Error(err)
	}
	if err := sign.Run(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another key: %v", err)
	}
}
