package temporalclient_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"parcelward/internal/temporalclient"
)

// listed is a list of schedules.
type listed []string

func (l *listed) HasNext() bool { return len(*l) > 0 }

func (l *listed) Next() (*client.ScheduleListEntry, error) {
	id := (*l)[0]
	*l = (*l)[1:]
	return &client.ScheduleListEntry{ID: id}, nil
}

// Of the schedules with the prefix those that nobody keeps are deleted, though another process
// was quicker; no other is looked at.
func TestRetireSchedules(t *testing.T) {
	t.Parallel()
	var deleted []string
	schedules := mocks.NewScheduleClient(t)
	schedules.On("List", mock.Anything, mock.Anything).Return(&listed{"orders/x/y", "sweep/gone", "sweep/kept", "sweep/twice"}, nil).Once()
	for id, err := range map[string]error{"sweep/gone": nil, "sweep/twice": serviceerror.NewNotFound("deleted already")} {
		handle := mocks.NewScheduleHandle(t)
		handle.On("Delete", mock.Anything).Run(func(mock.Arguments) { deleted = append(deleted, id) }).Return(err)
		schedules.On("GetHandle", mock.Anything, id).Return(handle)
	}
	c := mocks.NewClient(t)
	c.On("ScheduleClient").Return(schedules)
	var asked []string
	keep := func(id string) (bool, error) {
		asked = append(asked, id)
		return id == "sweep/kept", nil
	}
	retired, err := temporalclient.RetireSchedules(t.Context(), c, "sweep/", keep)
	require.NoError(t, err)
	require.Equal(t, []string{"sweep/gone", "sweep/twice"}, retired)
	require.Equal(t, retired, deleted)
	require.Equal(t, []string{"sweep/gone", "sweep/kept", "sweep/twice"}, asked)

	schedules.On("List", mock.Anything, mock.Anything).Return(&listed{"sweep/gone"}, nil).Once()
	retired, err = temporalclient.RetireSchedules(t.Context(), c, "sweep/", func(string) (bool, error) { return false, errors.New("our records are away") })
	require.ErrorContains(t, err, "our records are away")
	require.Empty(t, retired)
	require.Len(t, deleted, 2)
}
