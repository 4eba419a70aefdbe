package mrz

var weights = [...]int{7, 3, 1}

// value is that of a character in check digits, -1 for one that no zone has (part 3
// section 4.9).
func value(c byte) int {
	switch {
	case c == '<':
		return 0
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return -1
}

// CheckDigit is that of data (part 3 section 4.9), and false for data that no zone has.
func CheckDigit(data string) (byte, bool) {
	sum := 0
	for i := range len(data) {
		v := value(data[i])
		if v < 0 {
			return 0, false
		}
		sum = (sum + weights[i%3]*v) % 10
	}
	return '0' + byte(sum), true
}
