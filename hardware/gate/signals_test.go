package gate

import (
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

// TestPatterns draws each pattern, one character for 100 ms.
func TestPatterns(t *testing.T) {
	for name, tc := range map[string]struct {
		outputs func(time.Duration) byte
		want    string
	}{
		"white moving":   {WhiteMoving.outputs, "#####.....#####.....#####....."},
		"amber flashing": {AmberFlashing.outputs, "#####.....#####.....#####....."},
		"blue":           {Blue.outputs, strings.Repeat("#", 30)},
		"go":             {Go.outputs, "##............................"},
		"refer":          {Refer.outputs, "##..##........................"},
		"alarm":          {Alarm.outputs, "###..###..###..###..###..###.."},
		"evacuation":     {Evacuation.outputs, "#####.....#####.....#####..............." + "#####.....#####.....#####..............."},
		"silence":        {Silence.outputs, ".............................."},
		"no such sound":  {Sound(99).outputs, ".............................."},
	} {
		var got strings.Builder
		for i := range len(tc.want) {
			mark := byte('.')
			if tc.outputs(time.Duration(i)*100*time.Millisecond) != 0 {
				mark = '#'
			}
			got.WriteByte(mark)
		}
		if got.String() != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got.String(), tc.want)
		}
	}
}

// TestOneLamp: no light mixes colours or touches anything but lamps.
func TestOneLamp(t *testing.T) {
	for l := range GreenBoth + 2 {
		if o := l.outputs(0); o&(o-1) != 0 || o&^(wire.Signals&^wire.Buzzer) != 0 || o == 0 {
			t.Errorf("light %d: outputs %08b", l, o)
		}
	}
}
