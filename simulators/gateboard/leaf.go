package gateboard

import "time"

// calm is how long both beams must have been whole before the drive shuts the leaf
// of its own accord.
const calm = time.Second

// Leaf is where the leaf is, or where it goes.
type Leaf uint8

const (
	Shut Leaf = iota
	Opening
	Open
	Shutting
	Ajar // stands still between open and shut
)

func (l Leaf) String() string { return [...]string{"shut", "opening", "open", "shutting", "ajar"}[l] }

// leaf is the leaf and its drive.
type leaf struct {
	opens, shuts time.Duration // for the whole way

	at       time.Time // up to which time has passed
	position float64   // 0 shut, 1 open
	way      int       // 1 opening, -1 shutting, 0 standing
	onBeam   bool      // a beam is broken while it moves
	whole    time.Time // since when both beams are whole
	held     bool      // the heartbeat was lost, and access has not been de-energised since
}

func (l *leaf) state() Leaf {
	switch {
	case l.way > 0:
		return Opening
	case l.way < 0:
		return Shutting
	case l.position == 0:
		return Shut
	case l.position == 1:
		return Open
	}
	return Ajar
}

// arrives is how long the leaf still moves.
func (l *leaf) arrives() time.Duration {
	switch l.way {
	case 1:
		return time.Duration((1 - l.position) * float64(l.opens))
	case -1:
		return time.Duration(l.position * float64(l.shuts))
	}
	return time.Hour
}

// move is what the leaf does in time d.
func (l *leaf) move(d time.Duration) {
	if d >= l.arrives() {
		l.position, l.way = float64(max(l.way, 0)), 0
		return
	}
	switch l.way {
	case 1:
		l.position += float64(d) / float64(l.opens)
	case -1:
		l.position -= float64(d) / float64(l.shuts)
	}
}

// advance lets time pass up to now with everything as it is.
func (b *Board) advance() {
	now := time.Now()
	d := now.Sub(b.leaf.at)
	if b.leaf.way < 0 && b.leaf.onBeam && d > 0 {
		b.counts.ClosedOnBeam++
	}
	b.leaf.at = now
	if b.leaf.way != 0 {
		b.leaf.move(d)
	}
	if b.alive && now.Sub(b.beaten) >= b.watchdog {
		b.alive, b.leaf.held = false, true
		b.counts.Drops++
	}
}

// react is what the hardware does after a change. before are the inputs before it.
func (b *Board) react(before uint16) {
	l := &b.leaf
	if beams := b.beams(); before&beams != beams && !b.broken() {
		l.whole = l.at
	}
	if b.outputs&outAccess == 0 && b.alive {
		l.held = false
	}
	was := l.way
	l.way = b.wish()
	l.onBeam = b.broken()
	if l.way > 0 && was <= 0 {
		switch fire := b.inputs&inAlarm == 0; {
		case fire:
			b.counts.OpeningsByFire++
		case b.access():
			b.counts.Openings++
		case was < 0:
			b.counts.Reversals++
		}
	}
	b.timer.Reset(b.next())
	if now := b.levels(); b.sensed != nil && now != b.told {
		b.told = now
		b.sensed(now)
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

// access reports whether the drive is told to open.
func (b *Board) access() bool { return b.outputs&outAccess != 0 && b.alive && !b.leaf.held }

// wish is the way the drive moves the leaf.
func (b *Board) wish() int {
	l := &b.leaf
	switch {
	case b.inputs&inAlarm == 0 || b.access():
		return up(l.position)
	case l.position == 0:
		return 0
	case b.broken():
		return up(l.position)
	case b.jammed:
		return 0
	case b.alive || l.way < 0 || l.at.Sub(l.whole) >= calm:
		return -1
	}
	return l.way
}

// up opens a leaf that is not open yet.
func up(position float64) int {
	if position < 1 {
		return 1
	}
	return 0
}

// next is when something happens by itself.
func (b *Board) next() time.Duration {
	d := b.leaf.arrives()
	if b.alive {
		d = min(d, b.beaten.Add(b.watchdog).Sub(b.leaf.at))
	}
	if wait := b.leaf.whole.Add(calm).Sub(b.leaf.at); wait > 0 {
		d = min(d, wait)
	}
	return d
}
