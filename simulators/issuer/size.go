package issuer

// capacity is how many alphanumeric characters QR versions 1 to 40 hold at level M
// (ISO/IEC 18004 table 7).
var capacity = [...]int{20, 38, 61, 90, 122, 154, 178, 221, 262, 311, 366, 419, 483, 528, 600, 656, 734, 816, 909, 970,
	1035, 1134, 1248, 1326, 1451, 1542, 1637, 1732, 1839, 1994, 2113, 2238, 2369, 2506, 2632, 2780, 2894, 3054, 3220, 3391}

// QRVersion returns the smallest QR version that holds a text of ours at level M; 0
// if none does. What a carrier may need at most is in FORMATS A0.
func QRVersion(text string) int {
	for i, n := range capacity {
		if len(text) <= n {
			return i + 1
		}
	}
	return 0
}

// The largest versions of carriers (FORMATS A0).
const (
	MaxPaper     = 18 // a slip of 80 mm
	MaxDoor      = 15 // a door code on a phone's screen
	MaxPresented = 25 // what a phone presents
)
