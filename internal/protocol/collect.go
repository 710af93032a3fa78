package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"parcelward/internal/rules"
)

// CollectRequest has evidence fetched that no person need bring.
type CollectRequest struct {
	Store          string               `json:"store"`
	Order          string               `json:"order"`
	TrackingNumber string               `json:"tracking_number"`
	Carrier        string               `json:"carrier,omitempty"`
	Kinds          []rules.EvidenceKind `json:"kinds"`               // of [rules.Collectable]; what the vault holds is not fetched again
	HandedIn       []string             `json:"handed_in,omitempty"` // see [PapersRequest]
	// Since is when that came about which the originals must show: of what grows, such as a
	// conversation, what a machine fetched before is fetched again. Zero: nothing is.
	Since time.Time `json:"since,omitzero"`
	Now   time.Time `json:"now"` // virtual
}

// Collected is what became of it.
type Collected struct {
	Got    []Evidence          `json:"got,omitempty"`
	Failed []rules.Uncollected `json:"failed,omitempty"` // by kind
	Papers *Papers             `json:"papers,omitempty"` // what there is then, judged; nil: it could not be
}

// sourceCollect is the beginning of the source of facts about collected evidence.
const sourceCollect = "parcelward/collect/"

// CollectedFact is the fact of originals that a machine, or an import, put into the vault for an
// order: each time with the same ID for the same originals, and encoded for the inbox.
func CollectedFact(store, order string, d rules.EvidenceAdded) (rules.Event, []byte, error) {
	parts := make([]string, len(d.Originals))
	for i, o := range d.Originals {
		parts[i] = string(o.Kind) + " " + o.SHA256
	}
	slices.Sort(parts)
	sum := sha256.New()
	_, _ = io.WriteString(sum, d.TrackingNumber+"\n"+strings.Join(parts, "\n")) // a hash never fails
	e := rules.Event{
		Source: sourceCollect + store + "/" + order, ID: hex.EncodeToString(sum.Sum(nil)[:16]),
		Type: rules.TypeEvidenceAdded, Store: store, Order: order, Time: d.When, Data: &d,
	}
	raw, err := EncodeEvent(e)
	if err == nil {
		e, err = DecodeEvent(raw)
	}
	if err != nil {
		return rules.Event{}, nil, fmt.Errorf("the fact of collected evidence: %w", err)
	}
	return e, json.RawMessage(raw), nil
}
