package seventeentrack

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"parcelward/internal/rules/tracknum"
)

// maxCarrierChanges is how often the carrier of a number can be changed.
const maxCarrierChanges = 5

// registration is a number that is followed for a carrier. The twin's lock guards it.
type registration struct {
	Number       string
	Carrier      int
	Tag, OrderNo string
	Param        string
	registered   time.Time // virtual, as is stopped
	stopped      time.Time // zero: it is followed
	reason       string    // of the stop
	retracked    bool
	changes      int
	pushed       time.Time // virtual, of the last push
	pushHTTP     int       // its answer; 0: none
	unfollow     context.CancelFunc
}

func (r *registration) isStopped() bool { return !r.stopped.IsZero() }

// named is a number in a call, with its carrier where one is given.
type named struct {
	Number  string `json:"number"`
	Carrier int    `json:"carrier"`
}

func (n named) number() (string, int) { return n.Number, n.Carrier }

func notRegistered(number string) *problem {
	return &problem{-18019902, fmt.Sprintf("Tracking number %s is not registered yet. Register first.", number)}
}

// numberForm is what 17TRACK takes for a number.
var numberForm = regexp.MustCompile(`^[A-Za-z0-9]{5,50}$`)

// find looks a registration up; without a carrier only one of the number's can be meant. The
// caller holds the lock.
func (t *Twin) find(number string, carrier int) (*registration, *problem) {
	number = tracknum.Normalize(number)
	var found *registration
	for _, r := range t.byNumber[number] {
		if carrier != 0 && r.Carrier != carrier {
			continue
		}
		if found != nil {
			return nil, &problem{-18019810, fmt.Sprintf("Tracking number %s is not unique, please provide the carrier.", number)}
		}
		found = r
	}
	if found == nil {
		return nil, notRegistered(number)
	}
	return found, nil
}

type register struct {
	named
	Tag     string `json:"tag"`
	OrderNo string `json:"order_no"`
	Param   string `json:"param"`
}

func (t *Twin) register(in register) (any, *problem) {
	if !numberForm.MatchString(in.Number) {
		return nil, &problem{-18010012, fmt.Sprintf("The format of '%s' is invalid.", in.Number)}
	}
	number, origin, carrier := tracknum.Normalize(in.Number), 1, in.Carrier
	if carrier == 0 {
		origin, carrier = 2, t.detect(number)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch _, unknown := t.find(number, carrier); {
	case carrier < 0:
		return nil, &problem{-18019910, fmt.Sprintf("Carrier code %d is incorrect.", in.Carrier)}
	case unknown == nil:
		return nil, &problem{-18019901, fmt.Sprintf("Tracking number %s is already registered.", in.Number)}
	case carrier == 0:
		return nil, &problem{-18019903, "Carrier cannot be detected."}
	case t.used >= t.o.Quota:
		return nil, &problem{-18019908, "Your quota has been used up."}
	}
	t.used++
	r := &registration{
		Number: number, Carrier: carrier, Tag: in.Tag, OrderNo: in.OrderNo, Param: in.Param, registered: t.world.Now(),
		unfollow: func() {},
	}
	t.registrations = append(t.registrations, r)
	t.byNumber[r.Number] = append(t.byNumber[r.Number], r)
	t.follow(r)
	return struct {
		Origin  int     `json:"origin"`
		Number  string  `json:"number"`
		Carrier int     `json:"carrier"`
		Email   *string `json:"email"`
		Lang    *string `json:"lang"`
		Tag     *string `json:"tag"`
	}{origin, in.Number, carrier, nil, nil, optional(in.Tag)}, nil
}

// detect guesses the carrier: the world's, else that of the country of a postal number; 0: none.
func (t *Twin) detect(number string) int {
	if p, ok := t.world.Parcel(number); ok {
		switch p.Carrier {
		case "YANWEN":
			return 190012
		case "4PX":
			return 190094
		default:
			return 190271 // Cainiao
		}
	}
	if s10, _ := tracknum.CheckS10(number); s10 {
		switch number[11:] {
		case "CN":
			return 3011
		case "BR":
			return 2151
		case "US":
			return 21051
		case "GB":
			return 11031
		case "FR":
			return 6051
		}
	}
	return 0
}

type carrierChange struct {
	Number string `json:"number"`
	Old    int    `json:"carrier_old"`
	New    int    `json:"carrier_new"`
}

func (c carrierChange) number() (string, int) { return c.Number, c.Old }

func (t *Twin) changeCarrier(in carrierChange) (any, *problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, unknown := t.find(in.Number, 0)
	r, mismatch := t.find(in.Number, in.Old)
	_, free := t.find(in.Number, in.New)
	switch {
	case in.Old == 0:
		return nil, &problem{-18019801, "'carrier_old' is required."}
	case in.New == 0:
		return nil, &problem{-18019804, "'carrier_new' is required."}
	case in.New < 0:
		return nil, &problem{-18019802, "'carrier_new' is incorrect."}
	case in.New == in.Old:
		return nil, &problem{-18019803, "'carrier_new' is the same as 'carrier_old'."}
	case unknown != nil && unknown.Code == -18019902:
		return nil, unknown
	case mismatch != nil:
		return nil, &problem{-18019805, "'carrier_old' does not match."}
	case r.isStopped():
		return nil, &problem{-18019806, "The carrier of a stopped number cannot be changed."}
	case free == nil:
		return nil, &problem{-18019809, "The number is registered with this carrier already."}
	case r.changes >= maxCarrierChanges:
		return nil, &problem{-18019807, "The carrier has been changed too often."}
	}
	r.Carrier = in.New
	r.changes++
	return named{in.Number, in.New}, nil
}

func (t *Twin) stopTrack(in named) (any, *problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, unknown := t.find(in.Number, in.Carrier)
	switch {
	case unknown != nil:
		return nil, unknown
	case r.isStopped():
		return nil, &problem{-18019906, "Only numbers that are being tracked can be stopped."}
	}
	t.stop(r, "ByRequest")
	return named{in.Number, r.Carrier}, nil
}

// stop ends the following of a number. The caller holds the lock.
func (t *Twin) stop(r *registration, reason string) {
	r.stopped, r.reason = t.world.Now(), reason
	r.unfollow()
}

func (t *Twin) retrack(in named) (any, *problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, unknown := t.find(in.Number, in.Carrier)
	switch {
	case unknown != nil:
		return nil, unknown
	case !r.isStopped():
		return nil, &problem{-18019904, "Only stopped numbers can be retracked."}
	case r.retracked:
		return nil, &problem{-18019905, "A number can be retracked only once."}
	}
	r.stopped, r.reason, r.retracked = time.Time{}, "", true
	t.follow(r)
	return named{in.Number, r.Carrier}, nil
}

func (t *Twin) deleteTrack(in named) (any, *problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, unknown := t.find(in.Number, in.Carrier)
	if unknown != nil {
		return nil, unknown
	}
	r.unfollow()
	same := func(other *registration) bool { return other == r }
	t.registrations = slices.DeleteFunc(t.registrations, same)
	t.byNumber[r.Number] = slices.DeleteFunc(t.byNumber[r.Number], same)
	return named{in.Number, r.Carrier}, nil
}

func (t *Twin) quota([]byte) reply {
	t.mu.Lock()
	defer t.mu.Unlock()
	return reply{Data: struct {
		Total     int `json:"quota_total"`
		Used      int `json:"quota_used"`
		Remain    int `json:"quota_remain"`
		Today     int `json:"today_used"`
		MaxDaily  int `json:"max_track_daily"`
		Mails     int `json:"free_email_quota"`
		MailsUsed int `json:"free_email_quotaused"`
	}{t.o.Quota, t.used, t.o.Quota - t.used, t.used, 10000000, 300, 0}}
}

// optional is null where nothing is said.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
