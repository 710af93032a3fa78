package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/demo"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
	"parcelward/starter/dev"
)

// An order that the platform pushes, and one that it only lists, come to run as workflows.
func TestOrdersComeFromThePlatform(t *testing.T) {
	s := start(t, dev.Options{Speed: slowSpeed})
	orders := temporalclient.Orders{Client: s.Server.Temporal}
	running := func(order string) bool {
		is, err := orders.Running(t.Context(), demo.Store, order)
		require.NoError(t, err)
		return is
	}
	samples, parcels := dev.SampleOrders(s.Now())
	s.Twins.World.Add(parcels...)
	s.Twins.AliExpress.Add(samples...)
	listed, pushed := samples[0].ID, samples[1].ID
	require.NoError(t, s.Twins.AliExpress.Push(t.Context(), s.Server.URL+"/v1/hooks/aliexpress", pushed, "OrderShipped"))
	require.Eventually(t, func() bool { return running(pushed) && running(listed) }, 10*time.Second, 50*time.Millisecond)
	_, err := s.Server.Temporal.DescribeWorkflow(t.Context(), protocol.OneOrderID("aliexpress", demo.Store, pushed), "")
	require.NoError(t, err, "the push has it read")
	order, err := s.Server.DB.Order(t.Context(), demo.Store, pushed)
	require.NoError(t, err)
	facts, err := s.Server.DB.Facts(t.Context(), &order)
	require.NoError(t, err)
	var told []rules.EventType
	for _, f := range facts {
		e, err := protocol.DecodeEvent([]byte(f.Raw))
		require.NoError(t, err)
		if e.Source == "aliexpress/"+demo.Store {
			told = append(told, e.Type)
		}
	}
	require.Equal(t, []rules.EventType{rules.TypeOrderCreated, rules.TypeOrderPaid, rules.TypeShipmentRecorded}, told, "each once, by push and poll")
	requireAudit(t, s)
}
