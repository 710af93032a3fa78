package activities

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
	"parcelward/internal/rules/wording"
)

// The spans of a sweep, real.
const (
	sweepLease = 3 * time.Minute       // one batch is ours so long: longer than its calls may take
	sweepWait  = 20 * time.Second      // for the turn to call a service
	sweepPause = 50 * time.Millisecond // after a failure, twice as long after each in a row
)

// sweepPatience is how many failures in a row a sweep bears.
const sweepPatience = 4

// Sweep asks a tracking service about every parcel that is due, batch after batch, until none
// is. A worker that dies in the middle repeats no more than the batch that it had in hand: each
// is given back with its answers before the next is taken.
func (a *Activities) Sweep(ctx context.Context, in protocol.SweepInput) (protocol.SweepResult, error) {
	s := sweep{Activities: a, in: in, service: a.Services.Service(in.Service), scope: a.Services.Scope(in.Service)}
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &s.done); err != nil {
			return s.done, fail(ctx, "read how far the sweep came", err)
		}
	}
	if s.service == nil { // another worker may have its keys
		return s.done, s.fail(ctx, fmt.Errorf("service %q is not configured at this worker; one that has its keys must take the sweep", in.Service))
	}
	if err := s.Sweeps.Serve(ctx, in.Service); err != nil {
		return s.done, s.fail(ctx, err)
	}
	if in.Service != port.Platform && a.Services.Service(port.Platform) != nil {
		s.pack = a.Examiner.Book.InForce(port.Platform, s.now())
	}
	s.watchQuota(ctx)
	for failures := 0; ctx.Err() == nil; {
		more, err := s.batch(ctx, failures == sweepPatience)
		activity.RecordHeartbeat(ctx, s.done)
		switch {
		case err == nil && !more:
			return s.done, s.lookForGivenUp(ctx)
		case err == nil:
			failures = 0
		case failures == sweepPatience || !passing(err):
			return s.done, s.fail(ctx, err)
		default: // the batch is asked about again, with others
			failures++
			s.pause(ctx, sweepPause<<failures)
		}
	}
	return s.done, ctx.Err()
}

// fail bears what the sweep has done: what it picked to be compared is not picked again.
func (s *sweep) fail(ctx context.Context, err error) error {
	return fail(ctx, "ask "+s.in.Service, err, s.done)
}

// passing tells whether an error is one that a service has now and then, and that it does not
// ask to wait for.
func passing(err error) bool {
	away, ok := errors.AsType[*port.UnavailableError](err)
	return ok && away.After == 0
}

func (*sweep) pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

type sweep struct {
	*Activities
	in      protocol.SweepInput
	service port.TrackingService
	scope   port.Scope
	pack    *policy.Pack // the platform's; nil: it is not there to be compared with
	done    protocol.SweepResult
}

func (s *sweep) now() time.Time { return s.in.Clock.Virtual(time.Now()) }

// batch asks about the parcels that are due longest, and tells whether there may be more. last
// says that it is not tried again.
func (s *sweep) batch(ctx context.Context, last bool) (more bool, err error) {
	now := s.now()
	due, err := s.Sweeps.ClaimDue(ctx, s.scope, now, s.service.Limits().Batch, sweepLease)
	if err != nil || len(due) == 0 {
		return false, err
	}
	asked, err := s.ask(ctx, due, now)
	if err != nil { // nothing came of it
		if wayward(err, last) {
			return false, errors.Join(err, s.Sweeps.Finish(context.WithoutCancel(ctx), putBehind(due, err, now), now))
		}
		return false, errors.Join(err, s.Sweeps.GiveBack(context.WithoutCancel(ctx), due))
	}
	if err := s.Sweeps.Finish(ctx, asked, now); err != nil {
		return false, err
	}
	return len(due) == s.service.Limits().Batch, nil
}

// wayward tells whether it may be the numbers of a batch at which a call fails, and not the
// service: given back as they were, they would come first again, and keep all others from being
// asked about.
func wayward(err error, last bool) bool {
	if errors.Is(err, port.ErrUnauthorised) || errors.Is(err, port.ErrBusy) {
		return false
	}
	return errors.Is(err, port.ErrRefused) || last && passing(err)
}

// putBehind leaves numbers as they are, but lets others go first. It is not said of each of them
// that it is at fault, so none waits longer for having waited before.
func putBehind(due []port.Due, why error, now time.Time) []port.Asked {
	behind := make([]port.Asked, len(due))
	for i := range due {
		behind[i] = port.Asked{Due: due[i], Watched: due[i].WatchedBy, Next: now.Add(againAfter), Error: why.Error()}
	}
	return behind
}

// ask has the numbers watched that are not yet, asks about all, and records what is new.
func (s *sweep) ask(ctx context.Context, due []port.Due, now time.Time) ([]port.Asked, error) {
	asked := make([]port.Asked, len(due))
	var unwatched []int
	for i := range due {
		asked[i].Due, asked[i].Watched = due[i], due[i].WatchedBy
		if due[i].WatchedBy != s.in.Service {
			unwatched = append(unwatched, i)
		}
	}
	if err := s.watch(ctx, asked, unwatched); err != nil {
		return nil, err
	}
	answers, err := s.call(ctx, asked, s.service.Track)
	if err != nil {
		return nil, err
	}
	var changed []port.Answer
	for i := range answers {
		x, answer := &asked[i], &answers[i]
		switch {
		case errors.Is(answer.Err, port.ErrUnwatched):
			x.Watched = ""
			s.failed(x, answer.Err, now)
			continue
		case answer.Err != nil:
			s.failed(x, answer.Err, now)
			continue
		}
		s.done.Asked++
		x.Next, x.Heard = x.Plan.Next(now), len(answer.Rows)+len(answer.Unplaced) > 0
		if err := s.checkNumber(ctx, x, now); err != nil {
			return nil, err
		}
		hash, err := answerHash(answer)
		if err != nil {
			return nil, err
		}
		x.Answer = hash
		news := !bytes.Equal(hash, x.Hash)
		if news {
			changed = append(changed, *answer)
		}
		s.compare(x, answer.Rows, news, now)
	}
	var learnt port.Learnt
	if len(changed) > 0 {
		if learnt, err = s.Traces.Learn(ctx, s.in.Service, changed); err != nil {
			return nil, err
		}
	}
	s.done.Rows += learnt.Rows
	s.count(ctx, "asked", len(asked))
	s.count(ctx, "rows", learnt.Rows)
	return asked, err
}

// compare picks a parcel to be compared with the platform: once for each scan, when the platform
// must show it by now. What is beyond the bound waits for its next scan.
func (s *sweep) compare(x *port.Asked, rows []rules.Row, news bool, now time.Time) {
	if s.pack == nil || len(s.done.Compare) >= protocol.MaxCompared {
		return
	}
	overdue := rules.Overdue(rows, now, s.pack)
	if overdue.IsZero() || !news && !overdue.After(rules.Overdue(rows, x.AskedAt, s.pack)) {
		return
	}
	s.done.Compare = append(s.done.Compare, protocol.Parcel{Store: x.Store, Order: x.Order, TrackingNumber: x.Number, Carrier: x.Carrier})
}

// watch has numbers watched; one that is refused is told so by what follows.
func (s *sweep) watch(ctx context.Context, asked []port.Asked, which []int) error {
	if len(which) == 0 {
		return nil
	}
	parcels := make([]port.Asked, len(which))
	for i, at := range which {
		parcels[i] = asked[at]
	}
	answers, err := s.call(ctx, parcels, s.service.Watch)
	if err != nil {
		return err
	}
	for i, at := range which {
		if answers[i].Err == nil {
			asked[at].Watched = s.in.Service
		}
	}
	return nil
}

// call calls the service at its turn. The heart beats before each: a service may take longer to
// answer two of them than the heart may stand still.
func (s *sweep) call(ctx context.Context, asked []port.Asked, do func(context.Context, []port.Tracked) ([]port.Answer, error)) ([]port.Answer, error) {
	activity.RecordHeartbeat(ctx, s.done)
	if err := s.Services.Turn(ctx, s.service, sweepWait); err != nil {
		return nil, err
	}
	activity.RecordHeartbeat(ctx, s.done) // a slow service is no dead worker
	parcels := make([]port.Tracked, len(asked))
	for i := range asked {
		parcels[i] = asked[i].Tracked
	}
	answers, err := do(ctx, parcels)
	if err = s.Services.Note(ctx, s.service, err); err == nil && len(answers) != len(parcels) {
		err = fmt.Errorf("%d answers for %d numbers", len(answers), len(parcels))
	}
	return answers, err
}

// How long a number waits that the service could not say anything of: virtual, twice as long
// after each time in a row.
const (
	againAfter  = 30 * time.Minute
	againAtMost = 24 * time.Hour
)

// failed puts a number off. A parcel of which nothing could be learnt is no reason to stop.
func (s *sweep) failed(x *port.Asked, why error, now time.Time) {
	s.done.Failed++
	x.Error = why.Error()
	wait := againAtMost
	if !errors.Is(why, port.ErrRefused) {
		wait = min(againAfter<<min(x.Attempts, 10), againAtMost)
	}
	x.Next = now.Add(wait)
}

// checkNumber tells people when the carrier still does not know the number of a store's first
// parcel with it: a wrong number, or the wrong carrier, is best found early.
func (s *sweep) checkNumber(ctx context.Context, x *port.Asked, now time.Time) error {
	if x.Heard || !x.First || x.CheckBy.IsZero() || !now.After(x.CheckBy) {
		return nil
	}
	by := rules.Deadline{At: rules.Stamp(x.CheckBy)}
	text := wording.Notice(rules.Notice{Code: rules.NoticeNumberCheck, Number: x.Number, Deadline: &by}, x.Store, x.Order, beijing())
	return s.Notifier.Notify(ctx, protocol.Notice{
		Key: "number-check/" + x.Store + "/" + x.Number, Store: x.Store, Order: x.Order, Kind: rules.NoticeNumberCheck,
		Due: x.CheckBy, ZH: text.ZH, EN: text.EN,
	})
}

// watchQuota tells operators how many numbers the account has left.
func (s *sweep) watchQuota(ctx context.Context) {
	watcher, ok := s.service.(port.QuotaWatcher)
	if !ok {
		return
	}
	err := s.Services.Turn(ctx, s.service, sweepWait)
	if err == nil {
		var remain, total int64
		remain, total, err = watcher.Quota(ctx)
		if err == nil {
			activity.GetMetricsHandler(ctx).WithTags(map[string]string{"service": s.in.Service}).Gauge("parcelward_quota_remain").Update(float64(remain))
			const scarce = 10 // percent
			if remain*100 < total*scarce {
				activity.GetLogger(ctx).Warn("the account's quota runs out: buy more, or new parcels are not watched", "service", s.in.Service, "remain", remain, "total", total)
			}
		}
	}
	if err != nil {
		activity.GetLogger(ctx).Warn("the account's quota cannot be read", "service", s.in.Service, "error", err)
	}
}

func (s *sweep) count(ctx context.Context, what string, n int) {
	activity.GetMetricsHandler(ctx).WithTags(map[string]string{"service": s.in.Service}).Counter("parcelward_sweep_" + what).Inc(int64(n))
}

// answerHash is equal for answers that say the same.
func answerHash(a *port.Answer) ([]byte, error) {
	content, err := json.Marshal([]any{a.Rows, a.Unplaced, a.Also})
	if err != nil {
		return nil, fmt.Errorf("encode the answer about %s: %w", a.Number, err)
	}
	sum := sha256.Sum256(content)
	return sum[:16], nil
}
