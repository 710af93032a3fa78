package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
)

// The outcomes of a push, as they are counted.
const (
	pushTaken      = "taken"
	pushForged     = "wrong signature"
	pushUnreadable = "unreadable"
	pushUnkept     = "not kept" // our own database, or Temporal, does not answer
	pushForeign    = "not ours" // of a store that is not configured, or about no order
)

func pushCounter() metric.Int64Counter {
	const name = "parcelward.pushes"
	counter, err := otel.Meter("parcelward/api").Int64Counter(name, metric.WithDescription("pushes of tracking services, by service and outcome"))
	if err != nil { // the name is bad, and it is ours
		return noop.Int64Counter{}
	}
	return counter
}

// hookPatience is how long a push may take to arrive and to be kept.
const hookPatience = 20 * time.Second

// hook takes a push: verified over its raw bytes, then kept, then answered. What was pushed
// before changes nothing, so a service may push again as often as it likes.
func (s *server) hook(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), hookPatience)
	defer cancel()
	name := r.PathValue("service")
	pusher, orders := s.Pushers[name], s.OrderPushers[name]
	if pusher == nil && orders == nil {
		http.Error(w, "no service of that name is configured to push here", http.StatusNotFound)
		return
	}
	// Its share of the memory is taken before it is read: anybody can send.
	size := r.ContentLength
	if size < 0 || size > protocol.MaxBatchBytes {
		size = protocol.MaxBatchBytes
	}
	done, err := s.decoding(ctx, int(size))
	if err != nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too much is coming in at once; push again later", http.StatusServiceUnavailable)
		return
	}
	defer done()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, protocol.MaxBatchBytes))
	if err != nil {
		status := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "body: cannot be read whole", status)
		return
	}
	if orders != nil {
		s.orderHook(ctx, w, orders, r.Header, body)
		return
	}
	pushed, err := pusher.Receive(r.Header, body)
	outcome, status := pushTaken, http.StatusOK
	switch {
	case errors.Is(err, port.ErrSignature):
		outcome, status = pushForged, http.StatusUnauthorized
	case err != nil:
		outcome, status = pushUnreadable, http.StatusUnprocessableEntity
	}
	var kept error
	switch outcome {
	case pushTaken:
		_, kept = s.Traces.Learn(ctx, name, pushed.Answers)
	case pushUnreadable:
		kept = s.Traces.KeepUnreadable(ctx, name, err.Error(), body)
	}
	if err != nil { // what is forged is counted, not kept: anybody can send it
		s.Log.Warn("push refused", "service", name, "outcome", outcome, "error", err)
	}
	if kept != nil {
		outcome, status = pushUnkept, http.StatusServiceUnavailable
		s.Log.Error("a push could not be kept; the service is asked to push it again", "service", name, "error", kept)
	}
	s.hooks.Add(ctx, 1, metric.WithAttributes(attribute.String("service", name), attribute.String("outcome", outcome)))
	answerPush(w, status, pushed)
}

// answerPush says what the sender wants to hear; what it says of a push that was not kept must
// not sound like a yes.
func answerPush(w http.ResponseWriter, status int, pushed port.Pushed) {
	if len(pushed.Reply) == 0 || status == http.StatusServiceUnavailable {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", pushed.ReplyType)
	w.WriteHeader(status)
	_, _ = w.Write(pushed.Reply) // a sender who is gone pushes again
}
