// Command retention counts GRR, NRR, logo retention and churn by month from an
// export of terms (/renewals/terms.csv), by itself: it shares no code with the
// product, so that two reckonings can be laid beside each other.
//
//	go run ./bench/retention terms.csv 2025-01 2025-12
//
// It reads one currency, takes amounts without a basis as yearly, and prints a
// line a month: month, customers, churned, NRR, GRR, logo retention.
package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/big"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

// row is one line of the export.
type row struct {
	contract, org          string
	term                   int
	effective, starts, end string
	renews, basis, kind    string
	amount                 *big.Rat // nil: unknown
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: retention terms.csv FROM TO (months, 2025-01)")
		os.Exit(2)
	}
	f, err := os.Open(os.Args[1])
	if err == nil {
		defer f.Close()
		err = Report(f, os.Stdout, os.Args[2], os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Report writes the figures of the months from first to last.
func Report(in io.Reader, out io.Writer, first, last string) error {
	contracts, err := read(in)
	if err != nil {
		return err
	}
	for month := first; month <= last; month = next(month) {
		begin, end := worth(contracts, month+"-01"), worth(contracts, next(month)+"-01")
		customers, gone, kept := 0, 0, 0
		had, have, least := new(big.Rat), new(big.Rat), new(big.Rat)
		for org, a := range begin {
			b := end[org]
			if b == nil {
				b = new(big.Rat)
			}
			customers++
			if b.Sign() > 0 {
				kept++
			} else {
				gone++
			}
			had.Add(had, a)
			have.Add(have, b)
			if b.Cmp(a) < 0 {
				least.Add(least, b)
			} else {
				least.Add(least, a)
			}
		}
		fmt.Fprintf(out, "%s %d %d %s %s %s\n", month, customers, gone, share(have, had), share(least, had),
			share(big.NewRat(int64(kept), 1), big.NewRat(int64(customers), 1)))
	}
	return nil
}

func share(a, b *big.Rat) string {
	if b.Sign() == 0 {
		return "-"
	}
	return new(big.Rat).Quo(a, b).FloatString(9)
}

func next(month string) string {
	t, _ := time.Parse("2006-01", month)
	return t.AddDate(0, 1, 0).Format("2006-01")
}

func read(in io.Reader) (map[string][]row, error) {
	r := csv.NewReader(in)
	lines, err := r.ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[strings.TrimPrefix(name, "\ufeff")] = i
	}
	out := map[string][]row{}
	for _, l := range lines[1:] {
		get := func(name string) string { return l[column[name]] }
		x := row{contract: get("contract_id"), org: get("organization_id"), effective: get("effective_date"), starts: get("starts"),
			renews: get("renews"), end: get("ended_on"), basis: get("basis"), kind: get("term_type")}
		if x.term, err = strconv.Atoi(get("term")); err != nil {
			return nil, err
		}
		if s := get("amount"); s != "" {
			v, ok := new(big.Rat).SetString(s)
			if !ok {
				return nil, fmt.Errorf("amount %q", s)
			}
			x.amount = v
		}
		out[x.contract] = append(out[x.contract], x)
	}
	for _, list := range out {
		sort.SliceStable(list, func(i, j int) bool {
			if list[i].term != list[j].term {
				return list[i].term < list[j].term
			}
			return list[i].effective < list[j].effective
		})
	}
	return out, nil
}

// worth is what each customer pays a year on the morning of a day.
func worth(contracts map[string][]row, day string) map[string]*big.Rat {
	out := map[string]*big.Rat{}
	for _, list := range contracts {
		last := list[len(list)-1]
		if last.end != "" && last.end <= day {
			continue
		}
		var now *row
		for i := range list {
			x := &list[i]
			begun := x.starts <= day
			if x.effective != "" { // a change counts within a term that has begun
				begun = begun && x.effective <= day
			}
			if begun {
				now = x
			}
		}
		if now == nil || now.kind == "trial" || now.amount == nil {
			continue
		}
		year := new(big.Rat).Set(now.amount)
		switch now.basis {
		case "monthly":
			year.Mul(year, big.NewRat(12, 1))
		case "term":
			months := length(now.starts, now.renews)
			if months == 0 {
				continue
			}
			year.Mul(year, big.NewRat(12, months))
		}
		if year.Sign() <= 0 {
			continue
		}
		if out[now.org] == nil {
			out[now.org] = new(big.Rat)
		}
		out[now.org].Add(out[now.org], year)
	}
	return out
}

// length of a term in months, rounded by the average month.
func length(from, to string) int64 {
	a, err1 := time.Parse(time.DateOnly, from)
	b, err2 := time.Parse(time.DateOnly, to)
	days := b.Sub(a).Hours() / 24
	if err1 != nil || err2 != nil || days <= 0 {
		return 0
	}
	return max(1, int64(days/30.4375+.5))
}
