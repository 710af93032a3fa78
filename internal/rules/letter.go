package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"parcelward/internal/rules/money"
	"parcelward/internal/rules/tracknum"
)

// LetterKind is what a letter to the platform is for.
type LetterKind string

// The kinds of letter.
const (
	LetterClaim      LetterKind = "claim"
	LetterAppeal     LetterKind = "appeal"
	LetterComplaint  LetterKind = "complaint" // answers a freight complaint
	LetterDispute    LetterKind = "dispute"   // answers a buyer's dispute
	LetterProtection LetterKind = "protection"
)

// LetterKinds lists the kinds.
func LetterKinds() []LetterKind {
	return []LetterKind{LetterClaim, LetterAppeal, LetterComplaint, LetterDispute, LetterProtection}
}

// The codes of a letter's dates; beside them those of events ([EventType]), of moments and of
// deadlines stand for themselves.
const (
	DateLastMovement = "last-movement"
	DatePickedUp     = "picked-up"
	DateRespondBy    = "respond-by"
)

// LetterDate is a date that matters to a letter.
type LetterDate struct {
	Code string
	At   time.Time
}

// CaseLetter is what is handed in for a case: the claim, its appeal, or what follows that.
type CaseLetter struct {
	Kind       LetterKind
	Case       Case
	Order      *OrderCreated
	Recorded   *ShipmentRecorded // the case's parcel
	Rows       []Row             // its trace, oldest first, without what people entered
	Dates      []LetterDate      // oldest first
	Asked      *money.Amount     // nil: no money is asked for, or the sum is not known
	Reckoning  []Sum             // of Asked
	Refusal    string            // why the platform refused, in its own words
	At         time.Time         // when the latest fact came that the letter rests on: its date
	Claim      Claim             // of the order: eligible or why not
	Added      []Original        // of an appeal or papers: not handed in before
	HandedIn   []Original        // known to have been: what follows only adds
	Papers     *PapersAsked      // what the platform wants besides; nil: nothing
	Protection *ProtectionPlan   // nil: the claim was not refused after an appeal
}

// LetterOf is what is to be handed in next for a case, or was handed in last; false: the facts
// hold no such case. Time alone changes no more of it than the state of its deadlines, so that
// the same facts make the same letter.
func LetterOf(f *Facts, rs Ruleset, id CaseID, now time.Time) (CaseLetter, bool) {
	v := look(f, rs, now)
	if v.created == nil {
		return CaseLetter{}, false
	}
	a, cases := v.assess()
	i := slices.IndexFunc(a.Cases, func(c Case) bool { return c.ID().Equal(id) })
	if i < 0 {
		return CaseLetter{}, false
	}
	c := cases[i]
	l := CaseLetter{
		Kind: LetterClaim, Case: a.Cases[i], Order: v.created, Recorded: c.parcel.recorded, Claim: *a.Claim,
		At: later(f.lastFact(now), c.opened.Truncate(time.Second)), Papers: v.papersAsked(c), Protection: v.protectionOf(c),
	}
	if !c.filed.IsZero() {
		l.Added = v.added(c)
		l.HandedIn, _ = v.handedIn(c)
	}
	for _, r := range c.parcel.rows {
		l.Rows = append(l.Rows, *r.Row)
	}
	switch {
	case l.Protection != nil:
		l.Kind = LetterProtection
	case !c.rejected.IsZero():
		l.Kind = LetterAppeal
	}
	l.Dates = v.letterDates(&l, c)
	v.ask(&l, c)
	return l, true
}

// ask fills in the money that a letter asks for, and what it answers.
func (v *view) ask(l *CaseLetter, c *caseState) {
	l.Reckoning = v.rules.Reckon(v.created)
	answers := c.rejected
	if l.Kind == LetterProtection {
		l.Reckoning, answers = nil, c.decided
		if loss := l.Protection.Loss; loss != nil && loss.Value.IsPos() {
			if sums, err := v.rules.ReckonProtection(*loss); err == nil { // else the sum is not known
				l.Reckoning = sums
			}
		}
	}
	if n := len(l.Reckoning); n > 0 {
		l.Asked = &l.Reckoning[n-1].Amount
	}
	if l.Kind == LetterClaim {
		return
	}
	for _, d := range v.decided {
		if d.data.ClaimID == c.claimID && d.data.When.Equal(answers) {
			l.Refusal = d.data.Reason
			return
		}
	}
}

// letterDates are the dates that count for a letter.
func (v *view) letterDates(l *CaseLetter, c *caseState) []LetterDate {
	var dates []LetterDate
	add := func(code string, at time.Time) {
		if !at.IsZero() {
			dates = append(dates, LetterDate{code, at})
		}
	}
	add(string(TypeOrderCreated), v.created.CreatedAt)
	if v.paid != nil {
		add(string(TypeOrderPaid), v.paid.PaidAt)
	}
	add(string(TypeShipmentRecorded), c.parcel.recorded.RecordedAt)
	// That nothing followed the last scan is said of a silence alone, and only while it lasts.
	if last, at := c.parcel.lastMovement(v.asOf); last != nil && (c.kind == KindStall || c.kind == KindNotReceived) && at.Equal(c.lastMovement) {
		add(DateLastMovement, at)
	}
	add(MomentCaseOpened, c.opened)
	add(string(TypeAlerted), c.alert)
	if !c.confirmed.Equal(c.filed) { // else it was filed without
		add(string(TypeConfirmed), c.confirmed)
	}
	add(string(TypeClaimFiled), c.filed)
	switch l.Kind {
	case LetterAppeal:
		add(string(TypeClaimDecided), c.rejected)
		add(string(TypeClaimAppealed), c.appealed)
		add(DeadlineAppeal, c.appealBy)
	case LetterProtection:
		add(string(TypeClaimAppealed), c.appealed)
		add(string(TypeClaimDecided), c.decided)
		if n := l.Protection.Next; n != nil && n.Kind == DeadlineProtection {
			add(DeadlineProtection, n.At.Time())
		}
	case LetterClaim, LetterComplaint, LetterDispute:
		add(DeadlineFile, c.fileBy)
	}
	slices.SortStableFunc(dates, func(a, b LetterDate) int { return a.At.Compare(b.At) })
	return dates
}

// Lacks are the kinds of evidence that should be handed in with a letter, and of which no
// original may be: those that the policy wants in a claim, then those that the platform asked
// for.
func (l *CaseLetter) Lacks(p *Papers) []EvidenceKind {
	lacks := slices.Concat(p.Missing, p.Refused)
	if l.Papers == nil {
		return lacks
	}
	for _, kind := range l.Papers.Kinds {
		there := slices.ContainsFunc(p.Originals, func(o CheckedOriginal) bool { return o.Kind == kind && o.Verdict != VerdictRefused })
		if !there && !slices.Contains(lacks, kind) {
			lacks = append(lacks, kind)
		}
	}
	return lacks
}

// Adds tells whether an original was not handed in before, of a letter that follows another.
func (l *CaseLetter) Adds(sha256 string) bool {
	return slices.ContainsFunc(l.Added, func(o Original) bool { return o.SHA256 == sha256 })
}

// Holds tells whether an original goes along: one that would not be refused, and, for what follows
// only adds, one that was handed in before.
func (l *CaseLetter) Holds(o *CheckedOriginal) bool {
	return o.Verdict != VerdictRefused || slices.ContainsFunc(l.HandedIn, func(h Original) bool { return h.SHA256 == o.SHA256 })
}

// AddsNothing tells of an appeal that it would be refused for want of a new original.
func (l *CaseLetter) AddsNothing(p *Papers) bool {
	return l.Kind == LetterAppeal && l.Case.Status == StatusRejected && !slices.ContainsFunc(p.Originals, func(c CheckedOriginal) bool {
		return c.Verdict != VerdictRefused && l.Adds(c.SHA256)
	})
}

// caseOpened is how a case's name tells when it opened: UTC, whole seconds.
const caseOpened = "20060102T150405Z"

// Name is how people and addresses name a case, such as LP00123456789012.stall.20260220T184000Z.
func (id CaseID) Name() string {
	return id.TrackingNumber + "." + string(id.Kind) + "." + id.OpenedAt.UTC().Format(caseOpened)
}

// ParseCaseName reads what [CaseID.Name] wrote.
func ParseCaseName(name string) (id CaseID, ok bool) {
	parts := strings.Split(name, ".")
	if len(parts) != 3 || parts[0] == "" || tracknum.Normalize(parts[0]) != parts[0] || !slices.Contains(CaseKinds(), CaseKind(parts[1])) {
		return CaseID{}, false
	}
	at, err := time.Parse(caseOpened, parts[2])
	return CaseID{parts[0], CaseKind(parts[1]), at}, err == nil
}

// CompareCases orders cases as people look for them: those that wait for somebody first, then
// the latest opened.
func CompareCases(a, b Case) int {
	rank := func(c Case) int {
		if c.Status.Live() {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), b.OpenedAt.Time().Compare(a.OpenedAt.Time()), cmp.Compare(a.TrackingNumber, b.TrackingNumber), cmp.Compare(a.Kind, b.Kind))
}
