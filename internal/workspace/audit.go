package workspace

import (
	"context"
	"strconv"
	"strings"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// Entry is one line of the audit log.
type Entry struct {
	ID         id.ID
	At         time.Time
	Member     id.ID // 0 for the system, and for a failed sign-in
	Act        string
	ObjectKind string
	Object     id.ID
	IP         string
	Data       map[string]any
}

type ipKey struct{}

// WithIP notes the address a request comes from, for the audit log.
func WithIP(ctx context.Context, ip string) context.Context {
	return context.WithValue(ctx, ipKey{}, text.Line(ip))
}

func ipOf(ctx context.Context) string {
	ip, _ := ctx.Value(ipKey{}).(string)
	return ip
}

// AuditIn writes a security-relevant act of the actor into the log, in the
// transaction of the act. data never holds a secret.
func (s *Service) AuditIn(ctx context.Context, tx *db.Tx, act, objectKind string, object id.ID, data map[string]any) error {
	a := who.From(ctx)
	return s.audit(ctx, tx, a.Workspace, a.Member, Entry{Act: act, ObjectKind: objectKind, Object: object, Data: data})
}

func (s *Service) audit(ctx context.Context, tx *db.Tx, ws, member id.ID, e Entry) error {
	e.ID, e.At, e.Member, e.IP = id.New(), s.Now(), member, ipOf(ctx)
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	return insertAudit(ctx, tx, ws, e)
}

// auditEverywhere writes what happened to an account, by nobody we know, into
// the log of each of its workspaces.
func (s *Service) auditEverywhere(ctx context.Context, tx *db.Tx, account id.ID, act string) error {
	all, err := workspacesOf(ctx, tx, account)
	if err != nil {
		return err
	}
	for _, w := range all {
		if err := s.audit(ctx, tx, w.ID, 0, Entry{Act: act, ObjectKind: "account", Object: account}); err != nil {
			return err
		}
	}
	return nil
}

const maxPage = 200

// Audit reads the log, newest first. cursor is what the page before gave as
// next; "" begins, and next is "" at the end.
func (s *Service) Audit(ctx context.Context, cursor string, limit int) (list []Entry, next string, err error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return nil, "", err
	}
	at, before, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	limit = min(max(limit, 1), maxPage)
	list, err = auditPage(ctx, s.db, a.Workspace, at, before, limit+1)
	if err != nil || len(list) <= limit {
		return list, "", err
	}
	last := list[limit-1]
	return list[:limit], strconv.FormatInt(last.At.UnixMicro(), 10) + "." + last.ID.String(), nil
}

func parseCursor(s string) (at int64, last id.ID, err error) {
	if s == "" {
		return 0, 0, nil
	}
	left, right, _ := strings.Cut(s, ".")
	at, err = strconv.ParseInt(left, 10, 64)
	if err == nil {
		last, err = id.Parse(right)
	}
	if err != nil {
		return 0, 0, errs.Field("cursor", "workspace.err.cursor")
	}
	return at, last, nil
}
