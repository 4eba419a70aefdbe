package desk

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"example.org/checkpoint/simulators/centre/keys"
)

// Person is one of the register, persons.json in the centre's folder: a JSON list of people who
// are made up.
type Person struct {
	Type    string `json:"type"`    // of document
	Number  string `json:"number"`  //
	Issued  string `json:"issued"`  // YYYY-MM-DD
	Code    string `json:"code"`    // what an application gets, HCT1 text; "" = rejected
	Refusal string `json:"refusal"` // why
}

// persons reads the register, anew each time. None is no register.
func (d *Desk) persons() (list []Person, err error) {
	data, err := os.ReadFile(filepath.Join(d.Dir, "persons.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	return list, err
}

// identity answers unknown for a kind of document of which it has no register.
func (d *Desk) identity(q question) (string, any, error) {
	var asked Person
	if err := q.read(&asked); err != nil {
		return "", nil, err
	}
	list, err := d.persons()
	status := "unknown"
	for _, p := range list {
		if p.Type != asked.Type {
			continue
		}
		if status = "no-match"; p.Number == asked.Number && p.Issued == asked.Issued {
			return "match", nil, nil
		}
	}
	return status, nil, err
}

// issue gives an applicant the code that the register has ready.
func (d *Desk) issue(q question) (string, any, error) {
	var asked Person
	if err := q.read(&asked); err != nil {
		return "", nil, err
	}
	list, err := d.persons()
	if err != nil {
		return "", nil, err
	}
	for _, p := range list {
		switch {
		case p.Type != asked.Type || p.Number != asked.Number || p.Issued != asked.Issued:
		case p.Code == "":
			return "rejected", map[string]string{"reason": p.Refusal}, nil
		default:
			return "issued", map[string]string{"text": p.Code}, nil
		}
	}
	return "rejected", map[string]string{"reason": "not in the register"}, nil
}

const (
	codeLasts = 5 * time.Minute
	codeTries = 3
)

// codes are the one-time codes that are out. A centre that is killed forgets them.
type codes struct {
	mu  sync.Mutex
	out map[string]*code // by ticket
}

type code struct {
	device, text string
	until        time.Time
	tries        int
}

// sendCode makes a code; the message goes to sms.jsonl in the centre's folder.
func (d *Desk) sendCode(q question) (string, any, error) {
	var asked struct{ Phone string }
	if err := q.read(&asked); err != nil {
		return "", nil, err
	}
	if n := strings.Trim(asked.Phone, "+0123456789"); n != "" || len(asked.Phone) < 5 || len(asked.Phone) > 20 {
		return "", nil, refused("not a telephone number")
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", nil, err
	}
	ticket, c := rand.Text(), &code{q.Device, fmt.Sprintf("%06d", n), time.Now().Add(codeLasts), codeTries}
	d.codes.mu.Lock()
	defer d.codes.mu.Unlock()
	if d.codes.out == nil {
		d.codes.out = map[string]*code{}
	}
	for t, c := range d.codes.out {
		if time.Now().After(c.until) {
			delete(d.codes.out, t)
		}
	}
	d.codes.out[ticket] = c
	line, err := json.Marshal(map[string]string{"phone": asked.Phone, "code": c.text})
	if err == nil {
		err = appendLine(filepath.Join(d.Dir, "sms.jsonl"), line)
	}
	return "sent", map[string]string{"ticket": ticket}, err
}

func (d *Desk) checkCode(q question) (string, any, error) {
	var asked struct{ Ticket, Code string }
	if err := q.read(&asked); err != nil {
		return "", nil, err
	}
	d.codes.mu.Lock()
	defer d.codes.mu.Unlock()
	c := d.codes.out[asked.Ticket]
	if c == nil || c.device != q.Device || time.Now().After(c.until) || c.tries == 0 {
		return "unknown", nil, nil
	}
	if c.tries--; c.text != asked.Code {
		return "no-match", nil, nil
	}
	delete(d.codes.out, asked.Ticket)
	return "match", nil, nil
}

// siteKeys seals every file of site-keys/<site>/ to the key that the device made for this.
func (d *Desk) siteKeys(q question) (string, any, error) {
	var asked struct{ To []byte }
	if err := q.read(&asked); err != nil {
		return "", nil, err
	}
	point, err := ecdh.X25519().NewPublicKey(asked.To)
	if err != nil {
		return "", nil, refused("not an X25519 key")
	}
	to, err := hpke.NewDHKEMPublicKey(point)
	if err != nil {
		return "", nil, refused("not an X25519 key")
	}
	paths, err := filepath.Glob(filepath.Join(d.Dir, "site-keys", filepath.Base(q.Site), "*.json"))
	keys := [][]byte{}
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			return "", nil, err
		}
		sealed, err := hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES128GCM(), []byte("sitekey:"+q.Device+":"+q.Key), file)
		if err != nil {
			return "", nil, refused("not an X25519 key")
		}
		keys = append(keys, sealed)
	}
	return "keys", map[string]any{"keys": keys}, err
}

// packet takes a chunk of a packet, which waits in packets/ under its own hash, and signs a
// receipt once it is whole.
func (d *Desk) packet(q question) (string, any, error) {
	var p struct {
		ID, SHA256   string
		Size, Offset int
		Data         []byte
	}
	if err := q.read(&p); err != nil {
		return "", nil, err
	}
	sum, err := hex.DecodeString(p.SHA256)
	if err != nil || len(sum) != sha256.Size || p.Size < 1 || p.Size > maxPacket || p.ID == "" || len(p.ID) > 64 {
		return "", nil, refused("not a packet")
	}
	dir := filepath.Join(d.Dir, "packets")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	path := filepath.Join(dir, filepath.Base(q.Device)+"-"+hex.EncodeToString(sum))
	have, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", nil, err
	}
	if p.Offset == len(have) && len(p.Data) > 0 && len(have)+len(p.Data) <= p.Size {
		have = append(have, p.Data...)
		if err := keys.Replace(path, have); err != nil {
			return "", nil, err
		}
	}
	if len(have) < p.Size {
		return "more", map[string]int{"have": len(have)}, nil
	}
	if got := sha256.Sum256(have); !bytes.Equal(got[:], sum) || len(have) != p.Size {
		return "", nil, errors.Join(refused("the packet is not what its hash says: begin again"), os.Remove(path))
	}
	payload, err := json.Marshal(map[string]any{"v": 1, "device": q.Device, "packet": p.ID, "sha256": p.SHA256, "at": time.Now().Unix()})
	if err != nil {
		return "", nil, err
	}
	receipt, err := d.Key.Sign("receipt", payload)
	return "received", map[string]any{"have": len(have), "receipt": receipt}, err
}

// appendLine writes a line at the end of a file.
func appendLine(path string, line []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}
