package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
)

// readPatience is how long Temporal may take to say that it will have an order read.
const readPatience = 5 * time.Second

// orderHook takes a platform's push that an order has changed: verified over its raw bytes,
// then the reading of the order is started, then answered. The push says nothing that the order
// does not, and whatever is lost of it the next poll finds.
func (s *server) orderHook(ctx context.Context, w http.ResponseWriter, pusher port.OrderPusher, header http.Header, body []byte) {
	name := pusher.Name()
	pushed, err := pusher.Receive(ctx, header, body)
	outcome, status := pushTaken, http.StatusOK
	switch {
	case errors.Is(err, port.ErrSignature):
		outcome, status = pushForged, http.StatusUnauthorized
	case errors.Is(err, port.ErrRefused):
		outcome, status = pushUnreadable, http.StatusUnprocessableEntity
		if kept := s.Traces.KeepUnreadable(ctx, name, err.Error(), body); kept != nil {
			outcome, status, err = pushUnkept, http.StatusServiceUnavailable, kept
		}
	case err != nil:
		outcome, status = pushUnkept, http.StatusServiceUnavailable
	case !protocol.ValidName(pushed.Store) || !protocol.ValidName(pushed.Order):
		outcome, err = pushForeign, errors.New("it names no order of a store that is configured and authorised")
	default:
		start, cancel := context.WithTimeout(ctx, readPatience)
		defer cancel()
		err = s.Workflows.Read(start, protocol.OrdersInput{Platform: name, Store: pushed.Store, Order: pushed.Order, Clock: s.Clock})
		if err != nil {
			outcome, status = pushUnkept, http.StatusServiceUnavailable
		}
	}
	if err != nil {
		s.Log.Warn("push of an order not taken; the next poll finds the order", "platform", name, "outcome", outcome, "error", err)
	}
	s.hooks.Add(ctx, 1, metric.WithAttributes(attribute.String("service", name), attribute.String("outcome", outcome)))
	w.WriteHeader(status)
}
