package revenue

import (
	"context"

	"kizuki/internal/audience"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// scope narrows what lives are read.
type scope struct {
	org, contract id.ID
	after         id.ID // contracts behind this one
	limit         int   // of terms; 0 = all
}

func (sc scope) add(w *db.Where, a who.Actor) {
	w.And("c.workspace_id = ?", a.Workspace)
	w.And(audience.Contract(w, a, "c"))
	if sc.org != 0 {
		w.And("c.org_id = ?", sc.org)
	}
	if sc.contract != 0 {
		w.And("c.id = ?", sc.contract)
	}
	if sc.after != 0 {
		w.And("c.id > ?", sc.after)
	}
}

// lives reads the contracts an actor may read with their terms and amendments,
// in two statements, by contract.
func lives(ctx context.Context, q db.Queryer, a who.Actor, sc scope) ([]Life, error) {
	var out []Life
	at := map[id.ID]int{}
	var w db.Where
	sc.add(&w, a)
	_, err := db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var l Life
		var t Term
		err := r.Scan(&l.Contract, &l.Org, &l.EndedOn, &t.No, &t.Starts, &t.Renews, &t.Amount, &t.Currency, &t.Basis, &t.Type, &t.Outcome)
		if n := len(out); n == 0 || out[n-1].Contract != l.Contract {
			at[l.Contract] = n
			out = append(out, l)
		}
		out[len(out)-1].Terms = append(out[len(out)-1].Terms, t)
		return struct{}{}, err
	}, `SELECT c.id, c.org_id, c.ended_on, t.no, t.starts, t.renews, t.amount, t.currency, t.basis, t.term_type, t.outcome
		FROM contract c JOIN term t ON t.workspace_id = c.workspace_id AND t.contract_id = c.id WHERE `+w.SQL()+` ORDER BY c.id, t.no`, w.Args()...)
	if err != nil {
		return nil, err
	}
	var wa db.Where
	sc.add(&wa, a)
	_, err = db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var contractID id.ID
		var no int
		var m Amended
		if err := r.Scan(&contractID, &no, &m.From, &m.Amount, &m.Currency, &m.Basis); err != nil {
			return struct{}{}, err
		}
		if i, ok := at[contractID]; ok {
			for j := range out[i].Terms {
				if t := &out[i].Terms[j]; t.No == no {
					t.Amended = append(t.Amended, m)
				}
			}
		}
		return struct{}{}, nil
	}, `SELECT x.contract_id, x.term_no, x.effective_date, x.amount, x.currency, x.basis FROM amendment x
		JOIN contract c ON c.workspace_id = x.workspace_id AND c.id = x.contract_id WHERE `+wa.SQL()+` ORDER BY x.contract_id, x.term_no, x.effective_date`, wa.Args()...)
	return out, err
}

// dueColumns are what the renewals page shows of a term.
const dueColumns = `c.id, c.name, c.org_id, o.name, coalesce(c.owner_id, 0), coalesce(m.name, ''), c.outlook, c.ended_on, c.auto_renew, t.no, t.starts, t.renews,
	t.amount, t.currency, t.basis, t.term_type, t.outcome, coalesce(r.outcome, ''), coalesce(f.call, ''), f.amount, coalesce(f.currency, ''),
	coalesce(f.basis, ''), coalesce(f.why, ''), coalesce(f.at, 0), coalesce(fm.name, ''), x.amount, coalesce(x.currency, ''), coalesce(x.basis, ''), coalesce(x.effective_date, '')`

const dueTables = ` FROM term t
	JOIN contract c ON c.workspace_id = t.workspace_id AND c.id = t.contract_id
	JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id
	LEFT JOIN member m ON m.workspace_id = c.workspace_id AND m.id = c.owner_id
	LEFT JOIN renewal r ON r.workspace_id = t.workspace_id AND r.contract_id = t.contract_id AND r.term_no = t.no AND r.undone_at = 0
	LEFT JOIN forecast f ON f.workspace_id = t.workspace_id AND f.contract_id = t.contract_id AND f.term_no = t.no
	LEFT JOIN member fm ON fm.workspace_id = f.workspace_id AND fm.id = f.by_id
	LEFT JOIN amendment x ON x.workspace_id = t.workspace_id AND x.contract_id = t.contract_id AND x.term_no = t.no
		AND x.effective_date = (SELECT max(y.effective_date) FROM amendment y WHERE y.workspace_id = t.workspace_id
			AND y.contract_id = t.contract_id AND y.term_no = t.no AND y.effective_date <= t.renews)
	WHERE `

func scanDue(r db.Row) (d Due, err error) {
	var amended Amended
	var started db.Time
	err = r.Scan(&d.Contract, &d.Name, &d.Org, &d.OrgName, &d.Owner, &d.OwnerName, &d.Outlook, &d.EndedOn, &d.AutoRenew, &d.Term.No, &d.Term.Starts, &d.Term.Renews,
		&d.Term.Amount, &d.Term.Currency, &d.Term.Basis, &d.Term.Type, &d.Term.Outcome, &d.Outcome, &d.Forecast.Call, &d.Forecast.Amount, &d.Forecast.Currency,
		&d.Forecast.Basis, &d.Forecast.Why, &started, &d.Forecast.ByName, &amended.Amount, &amended.Currency, &amended.Basis, &amended.From)
	if d.Forecast.At = timeOf(started); amended.From != "" {
		d.Term.Amended = []Amended{amended}
	}
	if d.Outcome == "" && d.Term.Outcome != contract.Open {
		d.Outcome = string(d.Term.Outcome)
	}
	return d, err
}

func dueWhere(a who.Actor, q DueQuery) *db.Where {
	w := new(db.Where)
	w.And("t.workspace_id = ? AND t.renews >= ? AND t.renews < ? AND t.renews > ''", a.Workspace, string(q.From), string(q.To))
	w.And("c.archived_at = 0")
	w.And(audience.Contract(w, a, "c"))
	switch {
	case q.Owner == contract.NoOwner:
		w.And("c.owner_id IS NULL")
	case q.Owner != 0:
		w.And("c.owner_id = ?", q.Owner)
	}
	if q.Unit != 0 {
		w.And("c.owner_id IN (SELECT um.member_id FROM unit_member um WHERE um.workspace_id = ? AND um.unit_id = ?)", a.Workspace, q.Unit)
	}
	if q.Outlook != "" {
		w.And("c.outlook = ?", string(q.Outlook))
	}
	switch q.Call {
	case "":
	case NoCall:
		w.And("f.call IS NULL")
	default:
		w.And("f.call = ?", q.Call)
	}
	switch q.Outcome {
	case "":
	case string(contract.Open):
		w.And("t.outcome = 'open'")
	default:
		w.And("r.outcome = ?", q.Outcome)
	}
	return w
}

// dues reads the terms that end in a period, by day.
func dues(ctx context.Context, q db.Queryer, w *db.Where, limit int) ([]Due, error) {
	tail := " ORDER BY t.renews, t.contract_id"
	if limit > 0 {
		tail += " LIMIT " + w.Arg(limit)
	}
	return db.All(ctx, q, scanDue, "SELECT "+dueColumns+dueTables+w.SQL()+tail, w.Args()...)
}

func storeForecast(ctx context.Context, tx *db.Tx, ws id.ID, c contract.Contract, f Forecast) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO forecast (workspace_id, contract_id, term_no, call, amount, currency, basis, why, at, by_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (workspace_id, contract_id, term_no) DO UPDATE SET call = excluded.call, amount = excluded.amount,
			currency = excluded.currency, basis = excluded.basis, why = excluded.why, at = excluded.at, by_id = excluded.by_id`,
		ws, c.ID, c.TermNo, string(f.Call), f.Amount, f.Currency, string(f.Basis), f.Why, db.Micros(f.At), f.By)
	return err
}

func dropForecast(ctx context.Context, tx *db.Tx, ws id.ID, c contract.Contract) (bool, error) {
	n, err := db.Exec(ctx, tx, `DELETE FROM forecast WHERE workspace_id = $1 AND contract_id = $2 AND term_no = $3`, ws, c.ID, c.TermNo)
	return n > 0, err
}

func orgNames(ctx context.Context, q db.Queryer, ws id.ID, ids []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	var w db.Where
	w.And("workspace_id = ?", ws)
	db.In(&w, "id", ids)
	_, err := db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var o id.ID
		var name string
		err := r.Scan(&o, &name)
		out[o] = name
		return struct{}{}, err
	}, "SELECT id, name FROM organization WHERE "+w.SQL(), w.Args()...)
	return out, err
}

// exportStep is how many terms an export reads at a time.
const exportStep = 2000

// termRows reads what an export tells, by contract and term, behind a place.
func termRows(ctx context.Context, q db.Queryer, a who.Actor, after id.ID, afterNo, limit int) ([]TermRow, error) {
	var w db.Where
	w.And("c.workspace_id = ? AND (t.contract_id, t.no) > (?, ?)", a.Workspace, int64(after), afterNo) // id 0 would be NULL
	w.And(audience.Contract(&w, a, "c"))
	return db.All(ctx, q, func(r db.Row) (x TermRow, err error) {
		err = r.Scan(&x.Contract, &x.Key, &x.Org, &x.OrgName, &x.EndedOn, &x.No, &x.Starts, &x.Renews, &x.Amount, &x.Currency, &x.Basis, &x.Type, &x.Outcome)
		if x.Outcome != contract.Churned {
			x.EndedOn = ""
		}
		return x, err
	}, `SELECT c.id, c.key, c.org_id, o.name, c.ended_on, t.no, t.starts, t.renews, t.amount, t.currency, t.basis, t.term_type, t.outcome
		FROM term t JOIN contract c ON c.workspace_id = t.workspace_id AND c.id = t.contract_id
		JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id
		WHERE `+w.SQL()+` ORDER BY t.contract_id, t.no LIMIT `+w.Arg(limit), w.Args()...)
}

func amendedRows(ctx context.Context, q db.Queryer, ws, from, to id.ID) (map[id.ID][]amendedRow, error) {
	list, err := db.All(ctx, q, func(r db.Row) (x amendedRow, err error) {
		err = r.Scan(&x.contract, &x.no, &x.From, &x.Amount, &x.Currency, &x.Basis)
		return x, err
	}, `SELECT contract_id, term_no, effective_date, amount, currency, basis FROM amendment
		WHERE workspace_id = $1 AND contract_id >= $2 AND contract_id <= $3 ORDER BY contract_id, term_no, effective_date`, ws, from, to)
	out := map[id.ID][]amendedRow{}
	for _, x := range list {
		out[x.contract] = append(out[x.contract], x)
	}
	return out, err
}

type amendedRow struct {
	contract id.ID
	no       int
	Amended
}
