package issuer

import "time"

// VenueCode is the code of a place (FORMATS A4).
type VenueCode struct {
	ID       []byte // 8 bytes; random by default
	Names    map[string]string
	Class    string
	Position []int // latitude and longitude in 1e-5 degree
	District string
	From     time.Time
	Until    time.Time // default: ten minutes later, as on a screen
	Change   func(claims map[int]any)
	Spoil    Spoil
}

// VenueCode signs a code and returns its text.
func (i *Issuer) VenueCode(v VenueCode) string {
	if v.ID == nil {
		v.ID = random(8)
	}
	if v.Until.IsZero() {
		v.Until = v.From.Add(10 * time.Minute)
	}
	if v.Names == nil {
		v.Names = map[string]string{"zh-Hant": "示範街市", "en": "Sample Market"}
	}
	if v.Class == "" {
		v.Class = "market"
	}
	venue := map[int]any{1: v.ID, 2: v.Names, 3: v.Class}
	if v.Position != nil {
		venue[4] = v.Position
	}
	if v.District != "" {
		venue[5] = v.District
	}
	claims := map[int]any{1: i.Name, 4: v.Until.Unix(), 6: v.From.Unix(), -70003: venue}
	if v.Change != nil {
		v.Change(claims)
	}
	key := i.keys["venue"]
	switch v.Spoil {
	case WrongKey:
		key = i.keys["token"]
	case Stranger:
		key = newSigner()
	}
	return key.code("VEN1:", claims, v.Spoil)
}
