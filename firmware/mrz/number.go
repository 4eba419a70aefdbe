package mrz

import (
	"errors"
	"strings"
)

var (
	// ErrNumber reports a text that is no number of its kind: correct its letters and digits.
	ErrNumber = errors.New("mrz: not such a number")
	// ErrCheckDigit reports a number whose check digit does not hold: compare it with the card.
	ErrCheckDigit = errors.New("mrz: check digit does not hold")
)

// HKID gives a Hong Kong identity card's number as "A1234563", however it was written:
// "A123456(3)", "a123456 3". The check digit is over eight places, the first of them a
// blank of 36 where the number begins with one letter, with weights 9 to 2, modulo 11.
func HKID(text string) (string, error) {
	s := bare(text)
	if len(s) != 8 && len(s) != 9 || !like(s[:len(s)-7], isLetter) || !like(s[len(s)-7:len(s)-1], isDigit) {
		return "", ErrNumber
	}
	last := s[len(s)-1]
	if !isDigit(last) && last != 'A' {
		return "", ErrNumber
	}
	sum := 0
	if len(s) == 8 {
		sum = 9 * 36
	}
	for i := range len(s) - 1 {
		sum += (len(s) - i) * value(s[i])
	}
	if want := "0123456789A"[(11-sum%11)%11]; want != last {
		return "", ErrCheckDigit
	}
	return s, nil
}

// HomeReturn gives the lifelong part of a Home Return Permit's number: H (Hong Kong) or M
// (Macau) and eight digits. The two digits that may follow count the cards. There is no
// check digit.
func HomeReturn(text string) (string, error) {
	s := bare(text)
	if len(s) != 9 && len(s) != 11 || s[0] != 'H' && s[0] != 'M' || !like(s[1:], isDigit) {
		return "", ErrNumber
	}
	return s[:9], nil
}

// ExitPermit gives the number of a mainland permit for Hong Kong and Macau: C, a letter
// or digit, and seven digits. There is no check digit.
func ExitPermit(text string) (string, error) {
	s := bare(text)
	if len(s) != 9 || s[0] != 'C' || !isDigit(s[1]) && !isLetter(s[1]) || !like(s[2:], isDigit) {
		return "", ErrNumber
	}
	return s, nil
}

// bare is a number in capitals without what is only written for the eye. A text too long
// for one is empty.
func bare(text string) string {
	if len(text) > 32 {
		return ""
	}
	return strings.ToUpper(strings.NewReplacer(" ", "", "(", "", ")", "", "-", "").Replace(text))
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' }

func like(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}
