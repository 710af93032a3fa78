package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
	"parcelward/internal/rules/wording"
)

// Examiner compares what the carrier's side and the platform show of a parcel.
type Examiner struct {
	Parcels  port.Parcels
	Tracker  port.Tracker
	Services port.Services
	Book     *policy.Book
}

// Examined is a parcel with its diagnosis.
type Examined struct {
	port.Tracked
	rules.Diagnosis
	Location *time.Location // the platform's, for people
	Unheard  error          // why the platform did not answer; nil: it did, or was not asked

	facts *rules.Facts // of the order; nil: none has the number recorded
	pack  string       // ID of the policy pack that it was judged by
}

// Examine reads what our records say of a parcel, asks both sides about it at the virtual time
// now, and has the rules judge. Where the carrier's service has just told, so that our records
// hold it, told is its name and it is not asked again. A side that does not answer is part of
// the result; only records that cannot be read are an error. It changes nothing, but that a
// service may be asked to watch the number.
func (x Examiner) Examine(ctx context.Context, store, number, told string, now time.Time) (Examined, error) {
	parcel, facts, err := x.Parcels.Parcel(ctx, store, number)
	if err != nil {
		return Examined{}, err
	}
	in := rules.DiagnosisInput{Number: parcel.Number, Now: now, Carrier: rules.Side{Service: told}}
	pinned := now
	if facts != nil {
		in.Recorded = facts.Recording(parcel.Number, now)
		if created, ok := facts.CreatedAt(); ok {
			in.CreatedAt, pinned = created, created
		}
		in.Carrier.Rows = facts.Trace(parcel.Number, now, func(source string) bool {
			return protocol.ServiceOfTrace(source) != port.Platform
		})
	}
	var unheard error
	if in.Recorded != nil { // else a carrier would be guessed at, and a slip of the pen paid for
		if told == "" {
			x.askCarrier(ctx, parcel, &in)
		}
		unheard = x.askPlatform(ctx, parcel, &in)
	}
	pack := x.Book.InForce(port.Platform, pinned)
	return Examined{parcel, rules.Diagnose(in, pack), pack.Location(), unheard, facts, pack.ID}, ctx.Err()
}

// askCarrier asks the service that follows the parcel's carrier. Where that is the platform
// itself, it is the other side.
func (x Examiner) askCarrier(ctx context.Context, p port.Tracked, in *rules.DiagnosisInput) {
	service, answer, err := x.Tracker.Trace(ctx, p, in.Now)
	if err == nil {
		err = answer.Err
	}
	if service == port.Platform {
		in.Platform = side(service, answer.Rows, err)
		return
	}
	heard := side(service, answer.Rows, err)
	if len(heard.Rows) == 0 {
		heard.Rows = in.Carrier.Rows
	}
	in.Carrier = heard
}

// platformWait is how long a question to the platform waits for its turn, real.
const platformWait = 10 * time.Second

// askPlatform returns why the platform did not answer.
func (x Examiner) askPlatform(ctx context.Context, p port.Tracked, in *rules.DiagnosisInput) error {
	s := x.Services.Service(port.Platform)
	if s == nil || in.Platform.Service != "" {
		return nil
	}
	err := x.Services.Turn(ctx, s, platformWait)
	var answers []port.Answer
	if err == nil {
		answers, err = s.Track(ctx, []port.Tracked{p})
		err = x.Services.Note(ctx, s, err)
	}
	if err == nil && len(answers) != 1 {
		err = fmt.Errorf("%d answers for 1 number", len(answers))
	}
	if err != nil {
		in.Platform = side(port.Platform, nil, err)
		return err
	}
	in.Platform = side(port.Platform, answers[0].Rows, answers[0].Err)
	return answers[0].Err
}

// side is what a service shows, or why it does not.
func side(service string, rows []rules.Row, err error) rules.Side {
	s := rules.Side{Service: service, Rows: rows}
	if err != nil {
		s.Problem = strings.Join(strings.Fields(err.Error()), " ")
	}
	return s
}

// noticeTraceLag is the kind of the notice about a platform's trace that is behind.
const noticeTraceLag = "trace-lag"

// Diagnose compares both sides of a parcel, and tells people once a day, by the platform's
// calendar, where the platform is behind; then it opens a ticket to the carrier.
func (a *Activities) Diagnose(ctx context.Context, r protocol.DiagnoseRequest) (protocol.DiagnoseResult, error) {
	var out protocol.DiagnoseResult
	x, err := a.Examiner.Examine(ctx, r.Parcel.Store, r.Parcel.TrackingNumber, r.Told, r.Now)
	if err != nil {
		return out, fail(ctx, "diagnose "+r.Parcel.TrackingNumber, err)
	}
	if x.Unheard != nil {
		return out, fail(ctx, "ask the platform about "+r.Parcel.TrackingNumber, x.Unheard)
	}
	for _, f := range x.Findings {
		out.Findings = append(out.Findings, f.Code)
	}
	if !x.Lags() {
		return out, nil
	}
	text := wording.DiagnosisNotice(&x.Diagnosis, x.Store, x.Order, x.Location)
	err = a.Notifier.Notify(ctx, protocol.Notice{
		Key:   strings.Join([]string{noticeTraceLag, x.Store, x.Tracked.Number, r.Now.In(x.Location).Format(time.DateOnly)}, "/"),
		Store: x.Store, Order: x.Order, WorkflowID: activity.GetInfo(ctx).WorkflowExecution.ID, Kind: noticeTraceLag, ZH: text.ZH, EN: text.EN,
	})
	if err != nil {
		return out, fail(ctx, "notify", err)
	}
	out.Told = true
	return out, fail(ctx, "open a ticket", a.openTraceTicket(ctx, &x, r.Now))
}
