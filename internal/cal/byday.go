package cal

// ByDay sorts what falls on the days of [from, to) under its day. read gives the
// things from a day on, in their order, and whether there are more behind them.
// A day with more than one reading is left after its first for the next day: so
// a month costs no more than a reading for each of its days, however much falls
// on it.
func ByDay[T any](from, to Date, day func(T) Date, read func(from Date) (list []T, more bool, err error)) (map[Date][]T, error) {
	out := map[Date][]T{}
	for from < to && from != "" {
		list, more, err := read(from)
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			if d := day(x); d < to {
				out[d] = append(out[d], x)
			}
		}
		if !more || len(list) == 0 {
			return out, nil
		}
		last := day(list[len(list)-1])
		if last == from {
			from = from.AddDays(1)
			continue
		}
		delete(out, last) // it may go on: it is read anew from its beginning
		from = last
	}
	return out, nil
}
