package words

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kizuki/internal/cal"
)

const (
	soonDays = 30 // a renewal this near is said in amber: look, principle 4
	weekDays = 7  // within a week people count days, beyond it they name the day
)

// Ago says when t was, as people say it: たった今, 5分前, けさ5:10, きのう, 1/27 火.
func Ago(ctx context.Context, t, now time.Time) string {
	zone := From(ctx).Zone
	t, now = t.In(zone), now.In(zone)
	age := now.Sub(t)
	days := cal.Of(t).DaysUntil(cal.Of(now))
	switch {
	case age < time.Minute:
		return T(ctx, "when.now") // clocks differ a little: the near future is now, too
	case age < time.Hour:
		return T(ctx, "when.minutes_ago", "Count", int(age.Minutes()))
	case days == 0 && morning(t):
		return T(ctx, "when.this_morning", "Clock", Clock(ctx, t))
	case days == 0, days == 1 && now.Hour() < 4 && age < 6*time.Hour: // before four it is still the evening
		return T(ctx, "when.hours_ago", "Count", int(age.Hours()))
	}
	return AgoDay(ctx, cal.Of(t), cal.Of(now))
}

// AgoDay is Ago for a day without a clock: 今日, きのう, 3日前, 1/27 火, 2025/12/11.
func AgoDay(ctx context.Context, d, today cal.Date) string {
	days := d.DaysUntil(today)
	switch {
	case d.IsZero():
		return ""
	case days == 0:
		return T(ctx, "when.today")
	case days == 1:
		return T(ctx, "when.yesterday")
	case days > 1 && days < weekDays:
		return T(ctx, "when.days_ago", "Count", days)
	case d.Year() == today.Year():
		return DayShort(ctx, d)
	}
	return T(ctx, "when.day_year", dayParts(ctx, d)...)
}

func morning(t time.Time) bool { return t.Hour() >= 4 && t.Hour() < 11 }

// Until says how far d is: 今日, 明日, あと42日, 3日過ぎ.
func Until(ctx context.Context, d, today cal.Date) string {
	days := today.DaysUntil(d)
	switch {
	case d.IsZero():
		return ""
	case days == 0:
		return T(ctx, "when.today")
	case days == 1:
		return T(ctx, "when.tomorrow")
	case days > 1:
		return T(ctx, "when.in_days", "Count", days)
	}
	return T(ctx, "when.days_late", "Count", -days)
}

// Soon is the class of a day to come: "late" when past, "soon" within 30 days,
// "" otherwise and when unknown.
func Soon(d, today cal.Date) string {
	days := today.DaysUntil(d)
	switch {
	case d.IsZero():
		return ""
	case days < 0:
		return "late"
	case days <= soonDays:
		return "soon"
	}
	return ""
}

// DayShort is "3/31 火"; "Tue, Mar 31".
func DayShort(ctx context.Context, d cal.Date) string {
	return day(ctx, "when.day_short", d)
}

// DayBare is "3/31", for a list already grouped by month; "Mar 31".
func DayBare(ctx context.Context, d cal.Date) string {
	return day(ctx, "when.day_bare", d)
}

// DayNear is DayShort within the year of today, and with the year beyond it.
func DayNear(ctx context.Context, d, today cal.Date) string {
	if d.Year() == today.Year() {
		return DayShort(ctx, d)
	}
	return day(ctx, "when.day_year", d)
}

// DayLong is "2026年3月31日（火）"; "Tue, Mar 31, 2026".
func DayLong(ctx context.Context, d cal.Date) string {
	return day(ctx, "when.day_long", d)
}

// MonthName is "3月"; "March".
func MonthName(ctx context.Context, m int) string {
	return T(ctx, "when.month_long."+strconv.Itoa(m))
}

// Weekday is the day of the week in short: 火, Tue.
func Weekday(ctx context.Context, d cal.Date) string {
	return T(ctx, "when.weekday."+strconv.Itoa(int(d.Weekday())))
}

// PeriodName is a stretch of days in words: 2026年度, 2026年度 第1四半期, 2026年4月.
func PeriodName(ctx context.Context, p cal.Period) string {
	year := strconv.Itoa(p.From.Year())
	switch _, quarter, part := strings.Cut(p.Key, "q"); {
	case part: // of the fiscal year, which may have begun the calendar year before
		return T(ctx, "when.period.quarter", "Year", strings.TrimLeft(p.Key[2:6], "0"), "Quarter", quarter)
	case strings.HasPrefix(p.Key, "fy"):
		return T(ctx, "when.period.year", "Year", year)
	}
	return T(ctx, "when.period.month", "Year", year, "Month", MonthName(ctx, p.From.Month()))
}

func day(ctx context.Context, key string, d cal.Date) string {
	if d.IsZero() {
		return ""
	}
	return T(ctx, key, dayParts(ctx, d)...)
}

// Numbers go in as text: a year takes no thousands separator.
func dayParts(ctx context.Context, d cal.Date) []any {
	return []any{
		"Year", strconv.Itoa(d.Year()), "Month", strconv.Itoa(d.Month()), "Day", strconv.Itoa(d.Day()),
		"Name", T(ctx, "when.month."+strconv.Itoa(d.Month())),
		"Weekday", T(ctx, "when.weekday."+strconv.Itoa(int(d.Weekday()))),
	}
}

// Clock is "18:42" in the reader's zone.
func Clock(ctx context.Context, t time.Time) string {
	t = t.In(From(ctx).Zone)
	return fmt.Sprintf("%d:%02d", t.Hour(), t.Minute())
}

// Stamp is the exact moment: 2026年2月16日（月）18:42.
func Stamp(ctx context.Context, t time.Time) string {
	return T(ctx, "when.stamp", "Day", DayLong(ctx, cal.Of(t.In(From(ctx).Zone))), "Clock", Clock(ctx, t))
}

// ISO is the moment for a datetime attribute.
func ISO(ctx context.Context, t time.Time) string {
	return t.In(From(ctx).Zone).Format(time.RFC3339)
}

// Today is the reader's day at now.
func Today(ctx context.Context, now time.Time) cal.Date { return cal.Of(now.In(From(ctx).Zone)) }
