package workflows_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
	"parcelward/workflows"
)

// histories are the committed ones that must replay, by name.
func histories(t *testing.T) map[string]*historypb.History {
	t.Helper()
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(t, err)
	all := map[string]*historypb.History{}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if strings.HasPrefix(name, "bad-") {
			continue
		}
		file, err := os.Open(path)
		require.NoError(t, err)
		all[name], err = client.HistoryFromJSON(file, client.HistoryJSONOptions{})
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	require.GreaterOrEqual(t, len(all), 12)
	return all
}

var (
	// aSentence is Chinese, then English, each ending as a sentence does.
	aSentence = regexp.MustCompile(`^\p{Han}.*。 · [A-Z].*\.$`)
	aMoment   = regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2}`)
)

// requireSentence requires what an operator reads on a timer: in both languages what the story
// waits for, and until when. Only the second decision has no date.
func requireSentence(t *testing.T, sentence string) {
	t.Helper()
	require.Regexp(t, aSentence, sentence)
	if !strings.Contains(sentence, "waiting for the second decision") {
		zh, en, _ := strings.Cut(sentence, " · ")
		require.Regexp(t, aMoment, zh)
		require.Regexp(t, aMoment, en)
	}
}

// queues are those of all activities that are no local ones.
func queues() map[string]string {
	on := map[string]string{
		protocol.ActivityNotify:     protocol.QueueOrders, // of the books: local everywhere else
		protocol.ActivityOpenTicket: protocol.QueueOrders,
	}
	for _, name := range []string{
		protocol.ActivityFile, protocol.ActivityAppeal, protocol.ActivitySendPapers, protocol.ActivityAskProtect, protocol.ActivityFetchWaybill,
		protocol.ActivityCollect, protocol.ActivityPreflight, protocol.ActivityKeepStatement, protocol.ActivityStoreHealth,
	} {
		on[name] = protocol.QueueEvidence
	}
	for _, name := range []string{
		protocol.ActivityPollCarrier, protocol.ActivitySweep, protocol.ActivityDiagnose, protocol.ActivityPollOrders,
		protocol.ActivityListLogistics, protocol.ActivityCreateLogistics, protocol.ActivityDeclare,
	} {
		on[name] = protocol.QueueCarriers
	}
	return on
}

// What operators see on the timeline of the Web UI, in the committed histories: each timer says
// what it waits for, and each activity that is no local one what it does, and on which queue.
func TestHistoriesTellOperators(t *testing.T) {
	t.Parallel()
	queues, seen := queues(), map[string]bool{}
	for name, history := range histories(t) {
		for _, e := range history.Events {
			var summary string
			switch e.EventType {
			case enumspb.EVENT_TYPE_TIMER_STARTED, enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
				require.NoErrorf(t, temporalclient.DataConverter().FromPayload(e.GetUserMetadata().GetSummary(), &summary), "%s: event %d has no summary", name, e.EventId)
			default:
				continue
			}
			scheduled := e.GetActivityTaskScheduledEventAttributes()
			if scheduled == nil {
				requireSentence(t, summary)
				seen["timer"] = true
				continue
			}
			what := scheduled.ActivityType.Name
			require.Containsf(t, summary, " · ", "%s: %s", name, what)
			require.Equalf(t, queues[what], scheduled.TaskQueue.Name, "%s: %s", name, what)
			seen[what] = true
		}
	}
	require.True(t, seen["timer"])
	for name := range queues {
		require.True(t, seen[name], name)
	}
}

// seen is what the present code lets operators see of what it asks for.
type seen struct {
	interceptor.WorkerInterceptorBase
	mu     sync.Mutex
	timers []shown
	queues map[string]string // by activity
}

// shown is a timer's summary, and the details that stood when it was set.
type shown struct{ summary, details string }

func (s *seen) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &inbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, s}
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	seen *seen
}

func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&outbound{interceptor.WorkflowOutboundInterceptorBase{Next: next}, i.seen})
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	seen *seen
}

func (o *outbound) NewTimerWithOptions(ctx workflow.Context, d time.Duration, options workflow.TimerOptions) workflow.Future {
	o.seen.mu.Lock()
	o.seen.timers = append(o.seen.timers, shown{options.Summary, workflow.GetCurrentDetails(ctx)})
	o.seen.mu.Unlock()
	return o.Next.NewTimerWithOptions(ctx, d, options)
}

func (o *outbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.seen.mu.Lock()
	o.seen.queues[name] = workflow.GetActivityOptions(ctx).TaskQueue
	o.seen.mu.Unlock()
	return o.Next.ExecuteActivity(ctx, name, args...)
}

// The present code tells operators the same when it plays the committed histories, and each
// timer says the sentence that heads the current details.
func TestStoriesTellOperators(t *testing.T) {
	t.Parallel()
	s := &seen{queues: map[string]string{}}
	for name, history := range histories(t) {
		replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
			DataConverter: temporalclient.DataConverter(), Interceptors: []interceptor.WorkerInterceptor{s},
		})
		require.NoError(t, err)
		workflows.Register(replayer, stories(t))
		require.NoError(t, replayer.ReplayWorkflowHistory(silence, history), name)
	}
	require.Equal(t, queues(), s.queues)
	require.NotEmpty(t, s.timers)
	for _, timer := range s.timers {
		requireSentence(t, timer.summary)
		zh, en, _ := strings.Cut(timer.summary, " · ")
		require.True(t, strings.HasPrefix(timer.details, "**"+zh+"**\n\n"+en+"\n"), "%s\n%s", timer.summary, timer.details)
	}
}

// details are the current details as the Web UI asks for them.
func (w *world) details() string {
	w.t.Helper()
	value, err := w.env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(w.t, err)
	var metadata sdkpb.WorkflowMetadata
	require.NoError(w.t, value.Get(&metadata))
	return metadata.CurrentDetails
}

// The current details follow the story.
func TestCurrentDetails(t *testing.T) {
	t.Parallel()
	t.Run("order", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, created)
		at := created.Add(day)
		w.at(at.Add(-time.Second), func() {
			require.Contains(t, w.details(), "**等待在平台录入运单号，截止 2026-03-05 10:00(北京时间)。**\n\nWaiting for the tracking number on the platform, due 2026-03-05 10:00 Beijing time.\n")
		})
		w.later(at, recorded(at))
		w.at(at.Add(time.Second), func() { require.Contains(t, w.details(), "The parcel is on its way") })
		w.later(at.Add(day), cancelled(at.Add(day)))
		w.order(orderCreated("US", false), paid(created))
		require.Equal(t, rules.EndCancelled, w.result().Reason)
	})
	t.Run("claim", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, opened)
		w.at(confirmedAt.Add(-time.Second), func() {
			require.Contains(t, w.details(), "confirm the exception in the seller centre by 2026-04-06 23:59 Beijing time.")
			require.Contains(t, w.details(), "请到卖家后台点击“确认异常”，截止 2026-04-06 23:59(北京时间)。")
		})
		w.later(confirmedAt, confirmed(confirmedAt))
		w.at(confirmedAt.Add(time.Second), func() { require.Contains(t, w.details(), "file the claim by 2026-04-17 23:59 Beijing time.") })
		w.later(confirmedAt.Add(day), received(confirmedAt.Add(day)))
		w.claim(stall, stalled()...)
		require.Equal(t, rules.StatusClosed, w.claimResult().Status)
		require.Contains(t, w.details(), "案件已结束")
	})
}
