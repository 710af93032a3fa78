package rules

import (
	"slices"
	"time"

	"parcelward/internal/rules/policy"
)

// Side is what one side shows of a parcel.
type Side struct {
	Service string // that was asked; empty: none is configured
	Problem string // why it did not answer; empty: it did
	Rows    []Row  // oldest first
}

// heard tells whether the side answered.
func (s *Side) heard() bool { return s.Service != "" && s.Problem == "" }

// Declaration is the last try to put a parcel's number on the platform.
type Declaration struct {
	At      time.Time
	Refused string // why, in the platform's words; empty: it was taken
}

// DiagnosisInput is what is known of a parcel at a moment.
type DiagnosisInput struct {
	Number    string
	CreatedAt time.Time         // of the order; zero: not known
	Recorded  *ShipmentRecorded // the number stands on the platform since then; nil: it does not
	Declared  *Declaration      // nil: none is known
	Platform  Side              // looked at where the number stands there
	Carrier   Side              // where it was not heard, the rows are those that we had
	Now       time.Time
}

// FindingCode is one result of a diagnosis.
type FindingCode string

// The findings, in output order: did our call succeed, was the ship time pushed, how both sides
// differ.
const (
	FindingNotDeclared    FindingCode = "not-declared"        // the number does not stand on the platform
	FindingDeclaredLate   FindingCode = "declared-late"       // after the time for it
	FindingNoShipTime     FindingCode = "ship-time-missing"   // the recording says none
	FindingBehind         FindingCode = "platform-behind"     // the carrier moved on, for longer than allowed
	FindingRowsMissing    FindingCode = "rows-missing"        // the platform shows later scans, but not these
	FindingRowsShifted    FindingCode = "rows-at-other-hours" // both show a scan, at different hours
	FindingPlatformUnsaid FindingCode = "platform-not-heard"  // the difference is not known
	FindingCarrierUnsaid  FindingCode = "carrier-not-heard"   // the same
	FindingNothing        FindingCode = "nothing-wrong"       // by itself
)

// FindingCodes lists every finding.
func FindingCodes() []FindingCode {
	return []FindingCode{
		FindingNotDeclared, FindingDeclaredLate, FindingNoShipTime, FindingBehind, FindingRowsMissing, FindingRowsShifted,
		FindingPlatformUnsaid, FindingCarrierUnsaid, FindingNothing,
	}
}

// Difference is a scan that the carrier's side shows otherwise than the platform.
type Difference struct {
	Carrier  Row  `json:"carrier"`
	Platform *Row `json:"platform,omitempty"` // nil: it shows none
}

// Finding is one result with what belongs to it.
type Finding struct {
	Code   FindingCode  `json:"code"`
	Since  Stamp        `json:"since,omitzero"`          // zero: since when is not known
	Behind int64        `json:"behind_seconds,omitzero"` // of platform-behind
	Scans  []Difference `json:"scans,omitempty"`
	Detail string       `json:"detail,omitempty"` // others' own words
}

// Shown is how much one side shows.
type Shown struct {
	Service string `json:"service,omitempty"` // empty: none is configured
	Scans   int    `json:"scans"`             // movements
	Latest  Stamp  `json:"latest,omitzero"`   // zero: there is none
}

// Diagnosis says why the platform's trace of a parcel is behind the carrier's.
type Diagnosis struct {
	AsOf       Stamp     `json:"as_of"`
	Number     string    `json:"tracking_number"`
	DeclaredAt Stamp     `json:"declared_at,omitzero"`
	ShippedAt  Stamp     `json:"shipped_at,omitzero"`
	Platform   Shown     `json:"platform"`
	Carrier    Shown     `json:"carrier"`
	Findings   []Finding `json:"findings"` // at least one
}

// Has tells whether any of the findings was made.
func (d *Diagnosis) Has(codes ...FindingCode) bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool { return slices.Contains(codes, f.Code) })
}

// Lags tells whether the platform lacks scans for longer than the policy allows.
func (d *Diagnosis) Lags() bool { return d.Has(FindingBehind, FindingRowsMissing) }

// Wrong tells whether anything is wrong, as far as is known.
func (d *Diagnosis) Wrong() bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool {
		return f.Code != FindingNothing && f.Code != FindingPlatformUnsaid && f.Code != FindingCarrierUnsaid
	})
}

// Known tells whether both sides were heard.
func (d *Diagnosis) Known() bool { return !d.Has(FindingPlatformUnsaid, FindingCarrierUnsaid) }

// Diagnose takes the three steps of a trace that is behind. Only movements are compared: no
// platform need show a notice.
func Diagnose(in DiagnosisInput, pack *policy.Pack) Diagnosis {
	carrier, platform := movementsOf(in.Carrier.Rows, in.Now, pack), movementsOf(in.Platform.Rows, in.Now, pack)
	d := Diagnosis{
		AsOf: Stamp(in.Now), Number: in.Number,
		Carrier: shown(in.Carrier.Service, carrier), Platform: shown(in.Platform.Service, platform),
	}
	find := func(f Finding) { d.Findings = append(d.Findings, f) }
	if in.Recorded == nil {
		f := Finding{Code: FindingNotDeclared, Since: Stamp(in.CreatedAt)}
		if in.Declared != nil {
			f.Since, f.Detail = Stamp(in.Declared.At), in.Declared.Refused
		}
		find(f)
	} else {
		d.DeclaredAt, d.ShippedAt = Stamp(in.Recorded.RecordedAt), Stamp(in.Recorded.ShippedAt)
		due := in.CreatedAt.Add(pack.Shipping.TrackingNumberDue.Value.Std())
		if !in.CreatedAt.IsZero() && in.Recorded.RecordedAt.After(due) {
			find(Finding{Code: FindingDeclaredLate, Since: Stamp(due)})
		}
		if in.Recorded.ShippedAt.IsZero() {
			find(Finding{Code: FindingNoShipTime, Since: d.DeclaredAt})
		}
	}
	if in.Recorded == nil || in.Platform.heard() {
		for _, f := range compare(carrier, platform, in.Now, pack.Exchange.PlatformLagMax.Value.Std()) {
			find(f)
		}
	} else {
		find(Finding{Code: FindingPlatformUnsaid, Detail: in.Platform.Problem})
	}
	if in.Recorded != nil && !in.Carrier.heard() { // whose parcel a number is, its recording says
		find(Finding{Code: FindingCarrierUnsaid, Since: d.Carrier.Latest, Detail: in.Carrier.Problem})
	}
	if len(d.Findings) == 0 {
		find(Finding{Code: FindingNothing})
	}
	return d
}

// Overdue is the time of the latest movement among rows that the platform must show by now;
// zero: none.
func Overdue(rows []Row, now time.Time, pack *policy.Pack) time.Time {
	var latest time.Time
	for _, r := range movementsOf(rows, now, pack) {
		if now.Sub(r.At) > pack.Exchange.PlatformLagMax.Value.Std() {
			latest = later(latest, r.At)
		}
	}
	return latest
}

// movementsOf are the rows that move a parcel, as they exist at now, oldest first.
func movementsOf(rows []Row, now time.Time, pack *policy.Pack) []Row {
	var moves []Row
	for _, r := range rows {
		if r.Source != FromManual && !r.At.After(now) && !slices.Contains(pack.Stall.QuietMilestones.Value, string(r.Milestone)) {
			r.At = r.At.UTC()
			moves = append(moves, r)
		}
	}
	slices.SortStableFunc(moves, func(a, b Row) int { return a.At.Compare(b.At) })
	return moves
}

func shown(service string, rows []Row) Shown {
	s := Shown{Service: service, Scans: len(rows)}
	if len(rows) > 0 {
		s.Latest = Stamp(rows[len(rows)-1].At)
	}
	return s
}

// compare is the difference of both sides. The platform is behind for as long as the carrier
// has moved on without it, not by the distance of their latest scans: a parcel that was silent
// for a week would be a week behind at its next scan.
func compare(carrier, platform []Row, now time.Time, lag time.Duration) []Finding {
	var latest time.Time
	if len(platform) > 0 {
		latest = platform[len(platform)-1].At
	}
	missing, shifted := unmatched(carrier, platform)
	var newer, gaps []Difference
	for _, r := range missing {
		switch {
		case r.At.After(latest):
			newer = append(newer, Difference{Carrier: r})
		case now.Sub(r.At) > lag:
			gaps = append(gaps, Difference{Carrier: r})
		}
	}
	var found []Finding
	if len(newer) > 0 {
		since := newer[0].Carrier.At
		if behind := now.Sub(since); behind > lag {
			found = append(found, Finding{Code: FindingBehind, Since: Stamp(since), Behind: int64(behind / time.Second), Scans: newer})
		}
	}
	if len(gaps) > 0 {
		found = append(found, Finding{Code: FindingRowsMissing, Since: Stamp(gaps[0].Carrier.At), Scans: gaps})
	}
	if len(shifted) > 0 {
		found = append(found, Finding{Code: FindingRowsShifted, Since: Stamp(shifted[0].Carrier.At), Scans: shifted})
	}
	return found
}

// unmatched are the carrier's scans that the platform does not show, and those that it shows at
// another hour. No more than a minute apart two rows are one scan, whatever it is called:
// services have codes and words of their own.
func unmatched(carrier, platform []Row) (missing []Row, shifted []Difference) {
	free := make([]bool, len(platform)) // no row of the carrier's stands for it
	for i := range free {
		free[i] = true
	}
	var rest []Row
	for _, r := range carrier {
		there := false
		for i := range platform {
			if apart(&r, &platform[i]) <= time.Minute {
				there, free[i] = true, false
			}
		}
		if !there {
			rest = append(rest, r)
		}
	}
	for _, r := range rest {
		twin := -1
		for i := range platform {
			if free[i] && sameElsewhere(&r, &platform[i]) && (twin < 0 || apart(&r, &platform[i]) < apart(&r, &platform[twin])) {
				twin = i
			}
		}
		if twin < 0 {
			missing = append(missing, r)
			continue
		}
		free[twin] = false
		shifted = append(shifted, Difference{Carrier: r, Platform: &platform[twin]})
	}
	return missing, shifted
}

func apart(a, b *Row) time.Duration { return a.At.Sub(b.At).Abs() }

// sameElsewhere tells whether two rows look like one scan told in two time zones: those are
// whole quarters of an hour apart, and Beijing and the US Pacific coast, between which all of
// this goes, 16 hours.
func sameElsewhere(a, b *Row) bool {
	const quarter = 15 * time.Minute
	d := apart(a, b)
	return d <= 16*time.Hour+time.Minute && (d+time.Minute)%quarter <= 2*time.Minute &&
		(a.Milestone == b.Milestone || a.Code != "" && a.Code == b.Code)
}
