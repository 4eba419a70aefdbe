package boltfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// pages checks every page that a bbolt file uses, by reading: where bbolt looks at a
// mapped page that points outside the file, the program dies, and bbolt's own
// Check does so on a goroutine of its own. Layout as in go.etcd.io/bbolt v1.5.0
// internal/common: page.go, meta.go, inode.go, in the byte order of the machine.
type pages struct {
	file     io.ReaderAt
	size     uint64   // of a page
	end      uint64   // pages from here on are not used
	freelist uint64   // its page
	seen     []uint64 // one bit for each page that was met, also for what a page overflows into
	spare    [][]byte // for the first bytes of pages
}

const (
	branchFlag   = 0x01
	leafFlag     = 0x02
	freelistFlag = 0x10
	bucketFlag   = 0x01 // of an element

	headerSize  = 16 // id 8, flags 2, count 2, overflow 4
	elementSize = 16
	bucketSize  = 16 // root 8, sequence 8; a bucket without a root page follows in line
	metaSize    = 64 // magic 4, version 4, page size 4, flags 4, root 8, sequence 8, freelist 8, end 8, transaction 8, FNV-1a 8

	leadSize = 1 << 10 // of a page is read at first: most often all that is looked at

	noFreelist = ^uint64(0)
	manyFree   = 0xffff // then the first id is the count
)

var native = binary.NativeEndian

// checkPages reads the file at path, whose pages have that size.
func checkPages(path string, size uint64) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("boltfile: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("boltfile: %w", err)
	}
	p := pages{file: f, size: size}
	return p.check(uint64(info.Size()) / size)
}

// check looks at everything in a file of that many pages.
func (p *pages) check(there uint64) error {
	root, err := p.meta()
	if err != nil {
		return err
	}
	if p.end > there {
		return fmt.Errorf("%w: the file is cut off at %d of %d pages", ErrDamaged, there, p.end)
	}
	p.seen = make([]uint64, max(p.end, 2)/64+1)
	p.see(0)
	p.see(1)
	if p.freelist != noFreelist {
		if err := p.free(); err != nil {
			return err
		}
	}
	return p.tree(root)
}

// meta reads the newer one of the two that is whole, and gives the root page.
func (p *pages) meta() (root uint64, err error) {
	newest, found := uint64(0), false
	for i := range uint64(2) {
		b := make([]byte, headerSize+metaSize)
		if _, err := p.file.ReadAt(b, int64(i*p.size)); err != nil {
			return 0, fmt.Errorf("boltfile: %w", err)
		}
		m := b[headerSize:]
		transaction, whole := transactionOf(b)
		if !whole || found && transaction < newest {
			continue
		}
		newest, found = transaction, true
		root, p.freelist, p.end = native.Uint64(m[16:]), native.Uint64(m[32:]), native.Uint64(m[40:])
	}
	if !found {
		return 0, fmt.Errorf("%w: both headers", ErrDamaged)
	}
	return root, nil
}

// see notes page id, and reports whether it was met before.
func (p *pages) see(id uint64) (before bool) {
	before = p.seen[id/64]>>(id%64)&1 != 0
	p.seen[id/64] |= 1 << (id % 64)
	return before
}

// read gives the first bytes of page id, and how long it is with what it overflows into.
func (p *pages) read(id uint64) (b []byte, length uint64, flags uint16, err error) {
	if id >= p.end || p.see(id) {
		return nil, 0, 0, fmt.Errorf("%w: page %d is used twice or does not exist", ErrDamaged, id)
	}
	if n := len(p.spare); n > 0 {
		b, p.spare = p.spare[n-1], p.spare[:n-1]
	} else {
		b = make([]byte, min(p.size, leadSize))
	}
	if _, err := p.file.ReadAt(b, int64(id*p.size)); err != nil {
		return nil, 0, 0, fmt.Errorf("boltfile: %w", err)
	}
	overflow := uint64(native.Uint32(b[12:]))
	if native.Uint64(b) != id || id+overflow >= p.end {
		return nil, 0, 0, fmt.Errorf("%w: page %d has another's number, or goes on past the end", ErrDamaged, id)
	}
	for i := range overflow {
		if p.see(id + 1 + i) {
			return nil, 0, 0, fmt.Errorf("%w: page %d is used twice", ErrDamaged, id+1+i)
		}
	}
	return b, (overflow + 1) * p.size, native.Uint16(b[8:]), nil
}

// whole gives all of a page.
func (p *pages) whole(id, length uint64) ([]byte, error) {
	b := make([]byte, length)
	if _, err := p.file.ReadAt(b, int64(id*p.size)); err != nil {
		return nil, fmt.Errorf("boltfile: %w", err)
	}
	return b, nil
}

// free checks the list of free pages.
func (p *pages) free() error {
	_, length, flags, err := p.read(p.freelist)
	if err != nil {
		return err
	}
	b, err := p.whole(p.freelist, length)
	if err != nil {
		return err
	}
	n, ids := uint64(native.Uint16(b[10:])), b[headerSize:]
	if n == manyFree {
		n, ids = native.Uint64(ids), ids[8:]
	}
	if flags != freelistFlag || n > uint64(len(ids))/8 {
		return fmt.Errorf("%w: the list of free pages", ErrDamaged)
	}
	for i := range n {
		if id := native.Uint64(ids[8*i:]); id < 2 || id >= p.end {
			return fmt.Errorf("%w: free page %d does not exist", ErrDamaged, id)
		}
	}
	return nil
}

// tree checks a page and all below it. No page comes twice, so that it ends.
func (p *pages) tree(id uint64) error {
	b, length, flags, err := p.read(id)
	if err == nil {
		err = p.elements(id, b, length, flags)
		p.spare = append(p.spare, b)
	}
	return err
}

// elements checks the elements of page id, of whose length bytes the first are there, or of a
// bucket in line in it, which is there whole.
func (p *pages) elements(id uint64, b []byte, length uint64, flags uint16) (err error) {
	n := uint64(native.Uint16(b[10:]))
	if flags != branchFlag && flags != leafFlag || headerSize+n*elementSize > length {
		return fmt.Errorf("%w: page %d is of no kind, or too full", ErrDamaged, id)
	}
	if flags == branchFlag && n == 0 {
		return fmt.Errorf("%w: page %d leads nowhere", ErrDamaged, id)
	}
	if headerSize+n*elementSize > uint64(len(b)) {
		if b, err = p.whole(id, length); err != nil {
			return err
		}
	}
	for i := range n {
		at := headerSize + i*elementSize
		e := b[at:]
		var pos, key, value uint64
		if flags == branchFlag {
			pos, key = uint64(native.Uint32(e)), uint64(native.Uint32(e[4:]))
		} else {
			pos, key, value = uint64(native.Uint32(e[4:])), uint64(native.Uint32(e[8:])), uint64(native.Uint32(e[12:]))
		}
		if pos < elementSize || at+pos+key+value > length {
			return fmt.Errorf("%w: page %d has an element outside itself", ErrDamaged, id)
		}
		switch {
		case flags == branchFlag:
			err = p.tree(native.Uint64(e[8:]))
		case native.Uint32(e)&bucketFlag != 0:
			if at+pos+key+value > uint64(len(b)) {
				if b, err = p.whole(id, length); err != nil {
					return err
				}
			}
			err = p.bucket(id, b[at+pos+key:at+pos+key+value])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *pages) bucket(id uint64, b []byte) error {
	if len(b) < bucketSize {
		return fmt.Errorf("%w: page %d has a bucket of %d bytes", ErrDamaged, id, len(b))
	}
	if root := native.Uint64(b); root != 0 {
		return p.tree(root)
	}
	if b = b[bucketSize:]; len(b) < headerSize || native.Uint16(b[8:]) != leafFlag {
		return fmt.Errorf("%w: page %d has a bucket in line that is none", ErrDamaged, id)
	}
	return p.elements(id, b, uint64(len(b)), leafFlag)
}
