package aliexpress

import (
	"fmt"
	"strings"

	"github.com/govalues/decimal"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// Facts says what the platform does not tell of orders, so that they can be judged.
type Facts struct {
	// Category is the kind of goods of all orders but those in Categories; empty: standard.
	Category rules.Category
	// Categories gives the kind of goods by the ID of the platform's leaf category. An order
	// with any line of another kind than standard is of that kind, whose patience is longer.
	Categories map[string]rules.Category
	// CommissionRate is the platform's share of goods, a decimal such as 0.08, where neither the
	// order nor its lines tell it; empty: 0, which makes the expected payout too high.
	CommissionRate string
	// TraceAlert says that the store ships economy lines with trace alerts switched on; the
	// platform has no field for it.
	TraceAlert bool
	// Carriers gives the carrier by the key of the logistics service; one that is not here is
	// carried by what stands before the key's first underscore: CAINIAO_STANDARD by CAINIAO.
	Carriers map[string]string
	// NotReceived are parts of dispute reasons, in lower case, that say that goods did not come;
	// nil: those of [NotReceivedReasons].
	NotReceived []string
}

// NotReceivedReasons are parts of dispute reasons that say that goods did not come. The
// platform's list of reasons is not published; these are from help pages and are a guess. A
// dispute's detail, which tells whether the buyer has the goods, comes first.
func NotReceivedReasons() []string {
	return []string{
		"not receive", "n't receive", "not arrive", "n't arrive", "never arrive", "in transit", "on the way",
		"no tracking", "tracking number", "未收到", "没有收到", "没收到", "运输途中", "在途", "查无",
	}
}

// unknownService stands for a service that the platform does not name; the platform's own key
// for carriers outside its list is Other.
const unknownService = "OTHER"

func (f *Facts) check() error {
	for id, category := range f.Categories {
		if !knownCategory(category) {
			return fmt.Errorf("category of %s: expected standard, bulky or custom, got %q", id, category)
		}
	}
	if f.Category != "" && !knownCategory(f.Category) {
		return fmt.Errorf("category: expected standard, bulky or custom, got %q", f.Category)
	}
	if f.CommissionRate != "" {
		if rate, err := decimal.Parse(f.CommissionRate); err != nil || rate.IsNeg() || rate.Cmp(decimal.One) > 0 {
			return fmt.Errorf("commission rate: expected a decimal from 0 to 1, got %q", f.CommissionRate)
		}
	}
	return nil
}

func knownCategory(c rules.Category) bool {
	return c == rules.Standard || c == rules.Bulky || c == rules.Custom
}

func (f *Facts) category(o *Order) rules.Category {
	category := f.Category
	if category == "" {
		category = rules.Standard
	}
	for _, l := range o.Lines {
		if c, ok := f.Categories[l.Category]; ok {
			if category = c; c != rules.Standard {
				return c
			}
		}
	}
	return category
}

func (f *Facts) carrier(service string) string {
	if carrier, ok := f.Carriers[service]; ok {
		return carrier
	}
	carrier, _, _ := strings.Cut(service, "_")
	if carrier == "" {
		return unknownService
	}
	return strings.ToUpper(carrier)
}

func (f *Facts) notReceived(reason string) bool {
	parts := f.NotReceived
	if parts == nil {
		parts = NotReceivedReasons()
	}
	reason = strings.ToLower(reason)
	for _, part := range parts {
		if part != "" && strings.Contains(reason, part) {
			return true
		}
	}
	return false
}

// commission is the platform's share of an order: the escrow fee where it is told, else the
// lines' own rates, else the configured one, of the goods without freight.
func (f *Facts) commission(o *Order, paid, freight money.Amount) (money.Amount, error) {
	if o.EscrowFee != nil && o.EscrowFee.Currency == paid.Currency {
		return *o.EscrowFee, nil
	}
	sum, told := decimal.Zero, false
	for _, l := range o.Lines {
		if l.CommissionRate == "" || l.Price == nil || l.Price.Currency != paid.Currency {
			continue
		}
		rate, err := decimal.Parse(l.CommissionRate)
		if err != nil || rate.IsNeg() {
			return money.Amount{}, fmt.Errorf("escrow_fee_rate: expected a decimal such as 0.05, got %.40q", l.CommissionRate)
		}
		count, err := decimal.New(int64(l.Quantity), 0)
		if err != nil {
			return money.Amount{}, fmt.Errorf("product_count: %w", err)
		}
		fee, err := l.Price.Value.Mul(count)
		if err == nil {
			fee, err = fee.Mul(rate)
		}
		if err == nil {
			sum, err = sum.Add(fee)
		}
		if err != nil {
			return money.Amount{}, fmt.Errorf("commission: %w", err)
		}
		told = true
	}
	if !told && f.CommissionRate != "" {
		rate, err := decimal.Parse(f.CommissionRate)
		if err != nil {
			return money.Amount{}, fmt.Errorf("commission rate: %w", err)
		}
		goods := paid.Value
		if freight.Currency == paid.Currency {
			if goods, err = goods.Sub(freight.Value); err != nil {
				return money.Amount{}, fmt.Errorf("commission: %w", err)
			}
		}
		if sum, err = goods.Mul(rate); err != nil {
			return money.Amount{}, fmt.Errorf("commission: %w", err)
		}
	}
	return money.Amount{Value: money.RoundHalfUp(sum, paid.Value.Scale()), Currency: paid.Currency}, nil
}

// usdRate is what one unit of an order's currency is worth in USD, where the order is settled
// in USD; nil where it is not, or needs no rate.
func usdRate(o *Order, paid money.Amount) *decimal.Decimal {
	if paid.Currency == "USD" || o.SettledIn != "USD" || !paid.Value.IsPos() {
		return nil
	}
	settled, err := decimal.Parse(o.SettledAmount)
	if err != nil || !settled.IsPos() {
		return nil
	}
	rate, err := settled.Quo(paid.Value)
	if err != nil || !rate.IsPos() {
		return nil
	}
	rate = money.RoundHalfUp(rate, rateDigits).Trim(0)
	if !rate.IsPos() {
		return nil
	}
	return &rate
}

// rateDigits are the decimal places of a rate that is reckoned.
const rateDigits = 8
