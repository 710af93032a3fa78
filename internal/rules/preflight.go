package rules

import (
	"slices"
	"time"
)

// Verdict is what the platform is expected to say of an original.
type Verdict string

// The verdicts, from the best to the worst.
const (
	VerdictReady   Verdict = "ready"
	VerdictLook    Verdict = "look"    // a person must look at it
	VerdictRefused Verdict = "refused" // it would be refused
)

// worse is the worse of two verdicts.
func (v Verdict) worse(w Verdict) Verdict {
	order := []Verdict{VerdictReady, VerdictLook, VerdictRefused}
	return order[max(slices.Index(order, v), slices.Index(order, w), 0)]
}

// The kinds of barcode that are read.
const (
	BarcodeCode128 = "code128"
	BarcodeQR      = "qr"
)

// Barcode is one code that a picture shows.
type Barcode struct {
	Format string `json:"format"`
	Text   string `json:"text"`
	Votes  int    `json:"votes"` // readings that agree
}

// PictureSight is how a picture is.
type PictureSight struct {
	Width     int     `json:"width"` // pixels, of the original
	Height    int     `json:"height"`
	Sharpness float64 `json:"sharpness"` // variance of the Laplacian at a width of 640 pixels, smoothed, less the noise
	Dark      int     `json:"dark"`      // luminance of the darkest hundredth, 0 to 255
	Light     int     `json:"light"`     // of the lightest hundredth
}

// OutboundRow is one line of a warehouse's record.
type OutboundRow struct {
	At       time.Time `json:"at,omitzero"` // zero: it shows none that can be told
	Order    string    `json:"order,omitempty"`
	Number   string    `json:"tracking_number,omitempty"` // normalised
	SKU      string    `json:"sku"`
	Quantity int       `json:"quantity"` // 0: it shows none
}

// The sides of a conversation.
const (
	FromBuyer  = "buyer"
	FromSeller = "seller"
)

// Message is one line of a conversation on the platform. Collectors keep a conversation as
// {"messages":[…]} of these.
type Message struct {
	ID    string    `json:"id"`
	From  string    `json:"from"` // buyer or seller
	At    time.Time `json:"at"`
	Order string    `json:"order"`
	Type  string    `json:"type,omitempty"` // text where empty
	Text  string    `json:"text"`
}

// UnseenCode is why something in an original could not be measured.
type UnseenCode string

// What may be in the way.
const (
	UnseenDamaged   UnseenCode = "damaged"         // it cannot be decoded
	UnseenTooLarge  UnseenCode = "too-large"       // it would take more memory or time than is given to it
	UnseenEncrypted UnseenCode = "encrypted"       // a document with a password
	UnseenDrawn     UnseenCode = "drawn"           // a document without a picture in it
	UnseenVideo     UnseenCode = "video"           // pictures that move are not looked into
	UnseenTime      UnseenCode = "out-of-time"     // the search for codes was given up
	UnseenCodes     UnseenCode = "reader-failed"   // the reader of codes failed
	UnseenColumns   UnseenCode = "columns-unknown" // a table without the columns of an outbound record
	UnseenRows      UnseenCode = "rows-unread"     // some rows of a table, or some messages, cannot be read
)

// Unseen is something that could not be measured.
type Unseen struct {
	Code   UnseenCode `json:"code"`
	Detail string     `json:"detail,omitempty"`
}

// Sight is what was measured of an original, without judgement. What it does not hold was not
// there or, where Unseen says so, could not be measured.
type Sight struct {
	MediaType string        `json:"media_type"` // as its bytes show
	Form      string        `json:"form"`       // a policy.Form…; empty: none that is known
	Size      int64         `json:"size"`       // bytes
	Picture   *PictureSight `json:"picture,omitempty"`
	Pages     int           `json:"pages,omitempty"`
	Barcodes  []Barcode     `json:"barcodes,omitempty"`
	Unsure    []string      `json:"unsure,omitempty"`  // barcodes whose readings do not agree
	Text      string        `json:"text,omitempty"`    // of a document or a text
	TakenAt   time.Time     `json:"taken_at,omitzero"` // of a picture, as its camera noted
	// TakenAtZone is set where the camera noted its zone; else TakenAt is in the platform's,
	// which is a guess.
	TakenAtZone bool          `json:"taken_at_zone,omitzero"`
	Outbound    []OutboundRow `json:"outbound,omitempty"`
	Messages    []Message     `json:"messages,omitempty"`
	Unseen      []Unseen      `json:"unseen,omitempty"`
}

// Unsees tells whether one of the codes was in the way.
func (s *Sight) Unsees(codes ...UnseenCode) bool {
	return slices.ContainsFunc(s.Unseen, func(u Unseen) bool { return slices.Contains(codes, u.Code) })
}

// PreflightOf is what an original is judged by, beside its sight.
type PreflightOf struct {
	Kind   EvidenceKind
	Source string            // who brought it: upload, platform, warehouse, carrier
	Given  map[string]string // what the uploader states, by the Given… keys; nil: nobody was asked

	Order       string
	Numbers     []string  // the parcel's, normalised: any of them is right
	Items       []Item    // in the parcel; none: not known
	CreatedAt   time.Time // zero: not known, here and below
	PaidAt      time.Time
	SentAt      time.Time // the parcel was declared, or moved; of the order as a whole the first
	FirstScan   time.Time // the parcel's first movement
	Moved       bool      // whether the trace is known; without a FirstScan it holds no movement
	DisputeFrom time.Time // the time in which a refusal must lie
	DisputeTo   time.Time
	AddressHash string // of the recipient, as last changed; empty: not known

	TakenAt time.Time // as noted beside the original when it was kept
}

// SourcePlatform is where evidence comes from that the platform's own interface gave.
const SourcePlatform = "platform"

// PreflightFinding is one thing that is wrong, or that a person must look at.
type PreflightFinding struct {
	Code     PreflightCode `json:"code"`
	Verdict  Verdict       `json:"verdict"` // what it makes of the original; ready: worth knowing only
	Measured string        `json:"measured,omitempty"`
	Wanted   string        `json:"wanted,omitempty"`
}

// Preflight is the judgement of one original.
type Preflight struct {
	Kind     EvidenceKind       `json:"kind"`
	Verdict  Verdict            `json:"verdict"`
	Barcodes []string           `json:"barcodes,omitempty"` // as read
	Findings []PreflightFinding `json:"findings,omitempty"` // the worst first

	// ShownAt is the pick-up time of a pick-up screenshot, the time mark of a refusal; zero: it
	// shows none that is known.
	ShownAt time.Time `json:"shown_at,omitzero"`
	// AddressHash is that of the recipient on a label, of the normalised address; empty: not stated.
	AddressHash string `json:"address_hash,omitempty"`
}

// Has tells whether a finding was made.
func (p *Preflight) Has(code PreflightCode) bool {
	return slices.ContainsFunc(p.Findings, func(f PreflightFinding) bool { return f.Code == code })
}

// refusedFor tells whether it would be refused for one finding alone.
func (p *Preflight) refusedFor(code PreflightCode) bool {
	return p.Has(code) && !slices.ContainsFunc(p.Findings, func(f PreflightFinding) bool {
		return f.Verdict == VerdictRefused && f.Code != code
	})
}

// Readiness is how far the papers of a claim, a complaint or a dispute are: each kind that must
// be there, by its best original.
type Readiness struct {
	Ready   []EvidenceKind `json:"ready,omitempty"`
	Look    []EvidenceKind `json:"look,omitempty"`
	Refused []EvidenceKind `json:"refused,omitempty"`
	Missing []EvidenceKind `json:"missing,omitempty"`
}

// Verdict is that of the papers together; what is missing would be refused.
func (r *Readiness) Verdict() Verdict {
	switch {
	case len(r.Refused)+len(r.Missing) > 0:
		return VerdictRefused
	case len(r.Look) > 0:
		return VerdictLook
	}
	return VerdictReady
}

// Ready joins the judgements of originals into how far the wanted kinds are, in their order:
// take the policy's Claim.EvidenceKinds, Complaint.Proofs or Ticket.DisputeEvidence.
func Ready(wanted []string, checked []Preflight) Readiness {
	var r Readiness
	for _, name := range wanted {
		kind := EvidenceKind(name)
		best, there := VerdictRefused, false
		for i := range checked {
			if checked[i].Kind != kind {
				continue
			}
			if v := checked[i].Verdict; !there || v.worse(best) == best {
				best = v
			}
			there = true
		}
		switch {
		case !there:
			r.Missing = append(r.Missing, kind)
		case best == VerdictReady:
			r.Ready = append(r.Ready, kind)
		case best == VerdictLook:
			r.Look = append(r.Look, kind)
		default:
			r.Refused = append(r.Refused, kind)
		}
	}
	return r
}

// PreflightFacts fills in what the facts of an order say, as of now, for evidence of a parcel
// (normalised number; empty: of the order as a whole). also are further numbers of the same
// parcel, such as the last mile's.
func PreflightFacts(f *Facts, rs Ruleset, number string, also []string, now time.Time) PreflightOf {
	return look(f, rs, now).preflightOf(number, also)
}

func (v *view) preflightOf(number string, also []string) PreflightOf {
	of := PreflightOf{Order: v.facts.Order}
	if v.created != nil {
		of.CreatedAt, of.Items, of.AddressHash = v.created.CreatedAt, v.created.Items, v.created.Buyer.AddressHash
	}
	if v.paid != nil {
		of.PaidAt = v.paid.PaidAt
	}
	if changes := v.addressChanges(); len(changes) > 0 {
		of.AddressHash = changes[len(changes)-1].data.AddressHash
	}
	if number != "" {
		of.Numbers = append([]string{number}, also...)
	}
	if p := v.parcel(number); p != nil {
		of.Moved = true
		if len(p.movements) > 0 {
			of.FirstScan = p.movements[0].At
		}
		if len(p.recorded.Items) > 0 {
			of.Items = p.recorded.Items
		}
		if p.recorded.Replaces != "" {
			of.Numbers = append(of.Numbers, p.recorded.Replaces)
		}
	}
	of.SentAt = v.sentAt(number)
	of.DisputeFrom, of.DisputeTo = v.refusalPeriod(number)
	return of
}

// sentAt is the earliest that is told of a parcel's leaving: its declaration, its shipping or its
// first movement; of the order as a whole (empty) of any of its parcels. Zero: nothing is.
func (v *view) sentAt(number string) time.Time {
	var sent time.Time
	for _, p := range v.parcels {
		if number != "" && p.number != number {
			continue
		}
		sent = sooner(sent, p.recorded.RecordedAt)
		if at := p.recorded.ShippedAt; !at.IsZero() {
			sent = sooner(sent, at)
		}
		if len(p.movements) > 0 {
			sent = sooner(sent, p.movements[0].At)
		}
	}
	return sent
}
