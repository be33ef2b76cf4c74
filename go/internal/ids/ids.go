// Package ids makes ids that sort by the time they were made.
package ids

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"
)

// New makes a UUIDv7 (RFC 9562).
func New() string {
	var id [16]byte
	rand.Read(id[6:]) // It never fails.
	var milliseconds [8]byte
	binary.BigEndian.PutUint64(milliseconds[:], uint64(time.Now().UnixMilli()))
	copy(id[:6], milliseconds[2:])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// IsUUID tells whether a text is a UUID as the service spells them.
func IsUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for at, letter := range text {
		isDash := at == 8 || at == 13 || at == 18 || at == 23
		isHex := letter >= '0' && letter <= '9' || letter >= 'a' && letter <= 'f' || letter >= 'A' && letter <= 'F'
		if isDash != (letter == '-') || !isDash && !isHex {
			return false
		}
	}
	return true
}
