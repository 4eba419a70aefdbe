package scanner

// Layout is the keyboard that a wedge was set up to pretend. A key that its table does not
// have, dead keys among them, spoils the code: nothing is guessed. In every layout a
// character may come as its number on the numeric pad while Alt is held ("ALT mode"),
// which is the one way that any byte can come.
type Layout uint8

const (
	US Layout = iota
	German
)

// Key codes (linux/input-event-codes.h).
const (
	keyEnter, keyTab, keySpace   = 28, 15, 57
	keyLeftShift, keyRightShift  = 42, 54
	keyLeftCtrl, keyRightCtrl    = 29, 97
	keyLeftAlt, keyRightAlt      = 56, 100
	keyCapsLock, keyNumLock      = 58, 69
	keypadEnter, keypad0, keypad = 96, 82, 71
)

// rows are the codes of the keys that a table gives characters to, from "1" on; the last
// one is beside the left shift of keyboards that have it there.
var rows = [][2]uint16{{2, 13}, {16, 27}, {30, 41}, {43, 43}, {44, 53}, {57, 57}, {86, 86}}

// tables gives the characters of the rows without shift, with it, and with AltGr. NUL
// stands for none.
var tables = [...][3]string{
	US: {
		"1234567890-=" + "qwertyuiop[]" + "asdfghjkl;'`" + "\\" + "zxcvbnm,./" + " ",
		"!@#$%^&*()_+" + "QWERTYUIOP{}" + "ASDFGHJKL:\"~" + "|" + "ZXCVBNM<>?" + " ",
		"",
	},
	German: {
		"1234567890ß\x00" + "qwertzuiopü+" + "asdfghjklöä\x00" + "#" + "yxcvbnm,.-" + " " + "<",
		"!\"§$%&/()=?\x00" + "QWERTZUIOPÜ*" + "ASDFGHJKLÖÄ°" + "'" + "YXCVBNM;:_" + " " + ">",
		"\x00²³\x00\x00\x00{[]}\\\x00" + "@\x00€\x00\x00\x00\x00\x00\x00\x00\x00~" +
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00" + "\x00\x00\x00\x00\x00\x00µ\x00\x00\x00" + "\x00" + "|",
	},
}

// digits are those of the numeric pad, from its 7 to its 0; NUL stands for other keys.
const digits = "789\x00456\x001230"

type level uint8

const (
	plain level = iota
	shifted
	altGr
)

// characters has every key of a layout.
func characters(l Layout) (keys [3]map[uint16]rune) {
	for level, table := range tables[l] {
		keys[level] = map[uint16]rune{}
		all := []rune(table)
		for _, row := range rows {
			for code := row[0]; code <= row[1] && len(all) > 0; code++ {
				if all[0] != 0 {
					keys[level][code] = all[0]
				}
				all = all[1:]
			}
		}
	}
	return keys
}

// keyboard turns what keys do into bytes.
type keyboard struct {
	layout Layout
	keys   [3]map[uint16]rune
	us     map[uint16]rune // Ctrl goes by the place of the key, as on a US keyboard

	down   map[uint16]bool // Shift, Ctrl, Alt
	caps   bool
	number int // typed while Alt is held; -1 where none was
	digits int
}

func newKeyboard(l Layout) *keyboard {
	return &keyboard{layout: l, keys: characters(l), us: characters(US)[plain], down: map[uint16]bool{}, number: -1}
}

// press takes what a key did: 0 released, 1 pressed, 2 held on. It gives the bytes that
// this typed, and is false for what the layout does not have.
func (k *keyboard) press(code uint16, did int32) ([]byte, bool) {
	switch code {
	case keyLeftShift, keyRightShift, keyLeftCtrl, keyRightCtrl, keyLeftAlt, keyRightAlt:
		k.down[code] = did != 0
		if k.alt() || k.number < 0 {
			return nil, true
		}
		n := k.number
		k.number, k.digits = -1, 0
		return []byte{byte(n)}, n <= 255
	case keyNumLock:
		return nil, true
	case keyCapsLock:
		k.caps = k.caps != (did == 1)
		return nil, true
	}
	if did != 1 {
		return nil, true
	}
	switch {
	case k.alt():
		return nil, k.pad(code)
	case k.down[keyLeftCtrl] || k.down[keyRightCtrl]:
		return control(k.us[code])
	case code == keyEnter || code == keypadEnter:
		return []byte("\r"), true
	case code == keyTab:
		return []byte("\t"), true
	}
	c := k.keys[k.level(code)][code]
	return []byte(string(c)), c != 0
}

// alt reports whether Alt is held: the right one too where it is not AltGr.
func (k *keyboard) alt() bool {
	return k.down[keyLeftAlt] || k.down[keyRightAlt] && len(k.keys[altGr]) == 0
}

// pad takes a digit of the numeric pad, and is false for another key.
func (k *keyboard) pad(code uint16) bool {
	if code < keypad || code > keypad0 || digits[code-keypad] == 0 || k.digits == 5 {
		return false
	}
	k.number = max(k.number, 0)*10 + int(digits[code-keypad]-'0')
	k.digits++
	return true
}

func (k *keyboard) level(code uint16) level {
	shift := k.down[keyLeftShift] || k.down[keyRightShift]
	if c := k.keys[plain][code]; k.caps && c >= 'a' && c <= 'z' {
		shift = !shift
	}
	switch {
	case k.down[keyRightAlt]:
		return altGr
	case shift:
		return shifted
	}
	return plain
}

// control is the control character of a key (ECMA-48 5.2: the character less 64): GS is
// Ctrl and "]".
func control(c rune) ([]byte, bool) {
	switch {
	case c >= 'a' && c <= 'z':
		return []byte{byte(c) - 'a' + 1}, true
	case c >= '[' && c <= ']':
		return []byte{byte(c) - '@'}, true
	case c == '2' || c == ' ':
		return []byte{0}, true
	case c == '6':
		return []byte{'^' - '@'}, true
	case c == '-':
		return []byte{'_' - '@'}, true
	}
	return nil, false
}
