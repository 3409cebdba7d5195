package demo

import (
	"strconv"
	"strings"
	"time"

	"kizuki/internal/cal"
)

// days turns what is counted from today into dates and instants.
type days struct {
	today cal.Date
	last  cal.Date // the newest day on which the team has worked already
	zone  *time.Location
	prev  time.Time
}

// settled is when the newest day's acts are over, in minutes.
const settled = 9*60 + 30

func newDays(now time.Time, zone *time.Location) *days {
	local := now.In(zone)
	d := &days{today: cal.Of(local), zone: zone}
	d.last = cal.Japan().OnOrBefore(d.today)
	if d.last == d.today && local.Hour()*60+local.Minute() < settled {
		d.last = cal.Japan().Add(d.today, -1)
	}
	return d
}

func (d *days) date(day int) cal.Date { return d.today.AddDays(day) }

func (d *days) day(date cal.Date) int { return d.today.DaysUntil(date) }

// due is the day of a task: nothing is due on a closed day.
func (d *days) due(day int) cal.Date {
	switch date := d.date(day); {
	case day < 0:
		return cal.Japan().OnOrBefore(date)
	case day > 0:
		return cal.Japan().OnOrAfter(date)
	default:
		return date
	}
}

// instant is when something happened: on a business day, and after all that
// happened before. Called in the order of the moments.
func (d *days) instant(m moment) time.Time {
	date := cal.Japan().OnOrBefore(d.date(m.day))
	if date > d.last {
		date = d.last
	}
	t := time.Date(date.Year(), time.Month(date.Month()), date.Day(), 0, m.min, 7*(m.min%8), 0, d.zone)
	if !t.After(d.prev) {
		t = d.prev.Add(73 * time.Second)
	}
	d.prev = t
	return t
}

// term gives the first day and the renewal date of a contract's term, some
// terms ago. A renewal is "+11" (days from today), "m1" (the first end of a
// month at least 31 days away; m2 is the next), or "" for none.
func (d *days) term(s story, ago int) (start, renewal cal.Date) {
	if s.Renews == "" {
		return d.date(*s.Starts), ""
	}
	months := s.Months
	if months == 0 {
		months = 12
	}
	return d.renewal(s.Renews, -(ago+1)*months).AddDays(1), d.renewal(s.Renews, -ago*months)
}

func (d *days) renewal(spec string, months int) cal.Date {
	if n, ok := strings.CutPrefix(spec, "m"); ok {
		k, _ := strconv.Atoi(n)
		far := d.date(31)
		first, _ := cal.New(far.Year(), far.Month(), 1)
		return first.AddMonths(k + months).AddDays(-1)
	}
	n, _ := strconv.Atoi(spec)
	return d.date(n).AddMonths(months)
}

// birth is when a contract was written into Kizuki, and in which term.
func (d *days) birth(s story, opening int) (at moment, ago int) {
	ago = s.Terms - 1
	start, _ := d.term(s, ago)
	day := d.day(start) - 14
	for ; day < opening && ago > 0; ago-- {
		if _, renewal := d.term(s, ago); d.day(renewal) > opening {
			break
		}
	}
	return moment{max(day, opening), 10 * 60}, ago
}

// key is a contract's key.
func (d *days) key(s story) string {
	first, _ := d.term(s, s.Terms-1)
	return strings.ReplaceAll(s.Key, "{Y}", strconv.Itoa(first.Year()))
}
