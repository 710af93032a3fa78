package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/policy"
)

// Stories are the workflows with the data that they are pinned to by name: every policy
// pack and every calendar revision that a running order may name must be here.
type Stories struct {
	Book      *policy.Book
	Calendars map[string]*calendar.Calendar // by revision
}

// Registry is a worker, a test environment or a replayer.
type Registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register makes the stories known to a registry.
func Register(r Registry, s *Stories) {
	r.RegisterWorkflowWithOptions(s.Order, workflow.RegisterOptions{Name: protocol.WorkflowOrder, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(s.Claim, workflow.RegisterOptions{Name: protocol.WorkflowClaim, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(s.Complaint, workflow.RegisterOptions{Name: protocol.WorkflowComplaint, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(s.Dispute, workflow.RegisterOptions{Name: protocol.WorkflowDispute, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(s.Orders, workflow.RegisterOptions{Name: protocol.WorkflowOrders, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(s.Shipment, workflow.RegisterOptions{Name: protocol.WorkflowShipment, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(s.Ticket, workflow.RegisterOptions{Name: protocol.WorkflowTicket, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(s.Statement, workflow.RegisterOptions{Name: protocol.WorkflowStatement, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(s.Health, workflow.RegisterOptions{Name: protocol.WorkflowHealth, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(s.Sweep, workflow.RegisterOptions{Name: protocol.WorkflowSweep, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
}

// ruleset finds the data that a story is pinned to. A worker that lacks it must not guess:
// the panic fails the workflow task, which another worker, or this one after its next
// release, takes up again.
func (s *Stories) ruleset(pack, revision string) rules.Ruleset {
	p, ok := s.Book.ByID(pack)
	if !ok {
		panic(fmt.Sprintf("policy pack %q is not known to this worker; give it with POLICY_FILES", pack))
	}
	c, ok := s.Calendars[revision]
	if !ok {
		panic(fmt.Sprintf("calendar %q is not known to this worker; give it with CALENDAR_FILES", revision))
	}
	return rules.Ruleset{Pack: p, Calendar: c}
}
