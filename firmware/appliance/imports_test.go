package appliance

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "example.org/checkpoint/"

// rules is the architecture. A line speaks of a package and all below it, the last
// one of every package's tests. A package may import what its lines grant together,
// of ours and of others; what no line grants is forbidden.
var rules = []struct{ who, ours, others string }{
	// The core and the loops know neither bench, people nor centre.
	{"firmware", "firmware", ""},
	{"firmware/appliance", "hardware kiosk sync", "kong client_golang go-systemd"},
	{"firmware/bench", "hardware", "periph"},
	{"firmware/config", "hardware/gate hardware/scanner hardware/serial", "go-toml"},
	{"firmware/cmd/checkpoint", "hardware kiosk sync", "kong go-toml client_golang go-systemd"},
	{"firmware/credential/internal/cosecwt", "", "cbor"},
	{"firmware/event", "", "cbor"},
	{"firmware/follow", "sync", ""},
	{"firmware/journal", "", "bbolt"},
	{"firmware/policy", "", "cel-go"},
	{"firmware/staff", "", "x/crypto"},
	{"firmware/symbol", "", "qr"},
	{"firmware/symbol/internal/codewords", "", "gozxing"},

	// A driver knows its device and nothing of us; several share the serial ports.
	{"hardware", "hardware/serial", "periph"},
	{"hardware/camera", "hardware/camera/internal/luma", "gocv webcam"},
	{"hardware/facenet", "", "gocv"},
	{"hardware/gate", "hardware/gate/internal", ""},
	{"hardware/serial", "", "serial"},
	{"hardware/watchdog", "", "go-systemd"},

	// What people see and touch: words and pure packages, never a device.
	{"kiosk", "kiosk firmware/mrz firmware/event firmware/verdict firmware/symbol firmware/health firmware/lane firmware/order firmware/face firmware/legal",
		"x/text x/image go-i18n fpdf"},

	// The way to the centre and back.
	{"sync", "sync firmware/chain firmware/journal firmware/event firmware/order", "cbor"},
	{"sync/bundle", "", "bbolt go-tuf sigstore"}, // go-tuf signs through sigstore's interface
	{"sync/enrol", "", "jwt nkeys go-tpm"},
	{"sync/jetstream", "", "nats.go"},

	// The world, pretended: it shares no code with the device but the wire.
	{"simulators", "simulators", "cbor go-cose"},
	{"simulators/camera", "", "qr"},
	{"simulators/centre", "", "bbolt go-tuf jwt nats-server nats.go nkeys"},
	{"simulators/cmd/lab", "", "kong"},
	{"simulators/device", "", "nats.go"},
	{"simulators/gateboard", "", "periph"},
	{"simulators/pty", "", "pty x/sys"},
	{"simulators/thermal", "", "periph"},

	{"+tests", "simulators firmware/symbol", "go-cose chromedp go-internal gozxing"},
}

// modules gives the short names in rules.
var modules = map[string]string{
	"bbolt":          "go.etcd.io/bbolt",
	"cbor":           "github.com/fxamacker/cbor/v2",
	"cel-go":         "cel.dev/cel-go",
	"chromedp":       "github.com/chromedp/chromedp",
	"client_golang":  "github.com/prometheus/client_golang",
	"fpdf":           "codeberg.org/go-pdf/fpdf",
	"go-cose":        "github.com/veraison/go-cose",
	"go-evdev":       "github.com/holoplot/go-evdev",
	"go-i18n":        "github.com/nicksnyder/go-i18n/v2",
	"go-internal":    "github.com/rogpeppe/go-internal",
	"go-libpcsclite": "github.com/gballet/go-libpcsclite",
	"go-systemd":     "github.com/coreos/go-systemd/v22",
	"go-toml":        "github.com/pelletier/go-toml/v2",
	"go-tpm":         "github.com/google/go-tpm",
	"go-tuf":         "github.com/theupdateframework/go-tuf/v2",
	"gocv":           "gocv.io/x/gocv",
	"gozxing":        "github.com/makiuchi-d/gozxing",
	"jwt":            "github.com/nats-io/jwt/v2",
	"kong":           "github.com/alecthomas/kong",
	"nats-server":    "github.com/nats-io/nats-server/v2",
	"nats.go":        "github.com/nats-io/nats.go",
	"nkeys":          "github.com/nats-io/nkeys",
	"periph":         "periph.io/x",
	"pty":            "github.com/creack/pty",
	"qr":             "rsc.io/qr",
	"serial":         "go.bug.st/serial",
	"sigstore":       "github.com/sigstore/sigstore",
	"webcam":         "github.com/blackjack/webcam",
	"x/crypto":       "golang.org/x/crypto",
	"x/image":        "golang.org/x/image",
	"x/sys":          "golang.org/x/sys",
	"x/text":         "golang.org/x/text",
}

// loops and edges of firmware read clocks, files and devices; every other package
// below firmware, and those of kiosk named in pureKiosk, decides: it sees no clock,
// file, network, log or goroutine, and imports only other such packages.
var (
	loops     = []string{"firmware/appliance", "firmware/bench", "firmware/clock", "firmware/cmd", "firmware/config", "firmware/controller", "firmware/doctor", "firmware/follow", "firmware/journal", "firmware/sight"}
	pureKiosk = []string{"kiosk/paper", "kiosk/portrait", "kiosk/registration"}
)

// pure reports whether a package of ours only decides.
func pure(who string) bool {
	is := func(path string) bool { return under(who, path) }
	return slices.ContainsFunc(pureKiosk, is) || under(who, "firmware") && !slices.ContainsFunc(loops, is)
}

// impure packages of the standard library, with all below them.
var impure = []string{"crypto/rand", "log", "math/rand", "net", "os", "sync", "syscall", "unsafe"}

// clockReads is what of package time reads the clock or waits on it.
var clockReads = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}

// vague names say nothing about what a package is for.
var vague = []string{"util", "utils", "common", "helper", "helpers", "base", "types", "model", "models", "manager", "misc", "shared", "lib"}

// unlinked is what the product does not contain.
var unlinked = []string{module + "simulators", "testing", modules["nats-server"]}

func TestImports(t *testing.T) {
	for _, tags := range []string{"", "opencv"} {
		for p := range list(t, "-tags="+tags, "./...") {
			check(t, p)
		}
	}
	for p := range list(t, "-deps", module+"firmware/cmd/checkpoint") {
		if slices.ContainsFunc(unlinked, func(path string) bool { return under(p.ImportPath, path) }) {
			t.Errorf("the product links %s", p.ImportPath)
		}
	}
}

// TestRules shows that the rules bite.
func TestRules(t *testing.T) {
	for who, want := range map[string]bool{"firmware/lane": true, "firmware/credential/dcc": true, "firmware/symbol/internal/plane": true, "kiosk/paper": true,
		"firmware/journal": false, "firmware/cmd/checkpoint": false, "kiosk/screen": false, "hardware/gate": false} {
		if pure(who) != want {
			t.Errorf("pure(%s) = %v", who, !want)
		}
	}
	for _, arrow := range []string{
		"firmware/lane hardware/gate", "firmware/controller kiosk/screen", "firmware/journal sync/outbox",
		"firmware/appliance simulators/centre", "firmware/cmd/checkpoint simulators/issuer",
		"hardware/gate hardware/camera", "simulators/cmd/lab firmware/appliance", "hardware/facenet firmware/face",
		"kiosk/screen hardware/printer", "kiosk/booth sync/outbox", "kiosk/screen firmware/controller",
		"sync/outbox firmware/lane", "sync/bundle kiosk/screen",
		"simulators/issuer firmware/credential", "simulators/centre firmware/appliance",
		"firmware/credential/healthcode github.com/fxamacker/cbor/v2", "firmware/credential/dcc github.com/veraison/go-cose",
		"firmware/inspection cel.dev/cel-go/cel", "hardware/scanner gocv.io/x/gocv", "sync/outbox github.com/nats-io/nats.go",
		"firmware/symbol/internal/plane github.com/makiuchi-d/gozxing", "firmware/symbol github.com/makiuchi-d/gozxing/qrcode",
		"firmware/revocation go.etcd.io/bbolt", "firmware/lane github.com/unheard/of", "firmware/eventlog github.com/fxamacker/cbor/v2",
	} {
		who, what, _ := strings.Cut(arrow, " ")
		if !strings.Contains(what, ".") {
			what = module + what
		}
		if allowed(what, who) {
			t.Errorf("%s may import %s", who, what)
		}
	}
}

func check(t *testing.T, p pkg) {
	who := strings.TrimPrefix(p.ImportPath, module)
	isPure := pure(who)
	for _, path := range p.Imports {
		if !allowed(path, who) {
			t.Errorf("%s may not import %s", who, path)
		}
		ours, isOurs := strings.CutPrefix(path, module)
		if isPure && (isOurs && !pure(ours) || slices.ContainsFunc(impure, func(i string) bool { return under(path, i) })) {
			t.Errorf("%s is pure and may not import %s", who, path)
		}
	}
	for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
		if path != p.ImportPath && !allowed(path, who, "+tests") {
			t.Errorf("the tests of %s may not import %s", who, path)
		}
	}
	for _, f := range p.GoFiles {
		source(t, filepath.Join(p.Dir, f), isPure)
	}
	if len(p.GoFiles) > 0 && p.Doc == "" {
		t.Errorf("%s has no package comment", who)
	}
	if slices.Contains(vague, filepath.Base(who)) {
		t.Errorf("%s: named for what it holds, not for what it does", who)
	}
}

// allowed reports whether the rules of any of who grant path.
func allowed(path string, who ...string) bool {
	ours, isOurs := strings.CutPrefix(path, module)
	if first, _, _ := strings.Cut(path, "/"); !isOurs && !strings.Contains(first, ".") {
		return true // standard library
	}
	for _, r := range rules {
		if !slices.ContainsFunc(who, func(w string) bool { return under(w, r.who) }) {
			continue
		}
		for _, o := range strings.Fields(r.ours) {
			if isOurs && under(ours, o) {
				return true
			}
		}
		for _, m := range strings.Fields(r.others) {
			if under(path, modules[m]) {
				return true
			}
		}
	}
	return false
}

// under reports whether path is dir or lies below it.
func under(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// source looks at what imports do not show: init functions everywhere, and in
// pure packages go statements and calls to the clock.
func source(t *testing.T, file string, isPure bool) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	timeIs := "time" // the name this file has for package time
	for _, i := range f.Imports {
		if path, _ := strconv.Unquote(i.Path.Value); path == "time" && i.Name != nil {
			timeIs = i.Name.Name
		}
	}
	if isPure && timeIs == "." {
		t.Errorf("%s hides package time", file)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				t.Errorf("%s has an init function", file)
			}
		case *ast.GoStmt:
			if isPure {
				t.Errorf("%s starts a goroutine", file)
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); isPure && ok && x.Name == timeIs && slices.Contains(clockReads, n.Sel.Name) {
				t.Errorf("%s uses time.%s", file, n.Sel.Name)
			}
		}
		return true
	})
}

type pkg struct {
	ImportPath, Dir, Doc                        string
	Imports, TestImports, XTestImports, GoFiles []string
}

func list(t *testing.T, args ...string) func(func(pkg) bool) {
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Doc,Imports,TestImports,XTestImports,GoFiles"}, args...)...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // else files that want cgo are not listed where there is no compiler
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(pkg) bool) {
		for d := json.NewDecoder(strings.NewReader(string(out))); ; {
			var p pkg
			if err := d.Decode(&p); err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
			if !yield(p) {
				return
			}
		}
	}
}
