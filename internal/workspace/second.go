package workspace

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
	"kizuki/internal/workspace/secrets"
	"kizuki/internal/workspace/throttle"
	"kizuki/internal/workspace/totp"
)

// secondStep is the service of codes, which counts and proves as passwords are.
func (s *Service) secondStep() *totp.Service {
	return &totp.Service{DB: s.db, Audit: s.AuditIn, Now: s.clock,
		Limits: func(ctx context.Context, account id.ID) []throttle.Limit {
			return limits("code:", account.String(), ipOf(ctx), maxFailsOfMail, maxFailsOfAddress)
		},
		Prove: func(ctx context.Context, mailFold, password string) error {
			if _, err := s.prove(ctx, mailFold, password); err != nil {
				return err
			}
			return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return forgive(ctx, tx, limitsOf(mailFold, ipOf(ctx)))
			})
		}}
}

// StepOpen tells whether a Pending session may still be finished.
func (s *Service) StepOpen(ctx context.Context, token string) error {
	_, err := s.stepOf(ctx, s.db, token)
	return err
}

func (s *Service) stepOf(ctx context.Context, q db.Queryer, token string) (totp.Step, error) {
	step, found, err := totp.StepOf(ctx, q, secrets.Digest(token), s.Now())
	if err == nil && !found {
		err = errs.New(errs.Unauthorized, "workspace.err.step_gone")
	}
	return step, err
}

// Finish opens the session of a Pending one with a code of the app, or a recovery
// code. Errors: workspace.err.code (code), Unauthorized if it took too long,
// Limited.
func (s *Service) Finish(ctx context.Context, token, code, agent string) (session string, err error) {
	step, err := s.stepOf(ctx, s.db, token)
	if err != nil {
		return "", err
	}
	if code == "" {
		return "", errs.Field("code", "err.required")
	}
	if err := s.TOTP.Count(ctx, step.Account); err != nil {
		return "", err
	}
	session, hash := secrets.New("")
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		step, err := s.stepOf(ctx, tx, token) // of two at once one finds it gone
		if err != nil {
			return err
		}
		recovery, err := s.TOTP.CheckIn(ctx, tx, step.Account, code)
		if err != nil {
			return err
		}
		if err := s.TOTP.ForgiveIn(ctx, tx, step.Account); err != nil {
			return err
		}
		if err := totp.EndSteps(ctx, tx, step.Account); err != nil {
			return err
		}
		by := "code"
		if recovery {
			by = "recovery"
		}
		_, err = s.letIn(ctx, tx, hash, who.Actor{Workspace: step.Workspace, Member: step.Member, Account: step.Account}, agent, by)
		return err
	})
	if errs.Is(err, errs.Invalid) {
		failed := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return s.auditEverywhere(ctx, tx, step.Account, "sign_in.failed")
		})
		if failed != nil {
			return "", failed
		}
	}
	if err != nil {
		return "", err
	}
	return session, nil
}

// WithTOTP are the members who sign in with a code; admins see them, because
// they can help who has lost the phone.
func (s *Service) WithTOTP(ctx context.Context) (map[id.ID]bool, error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return nil, err
	}
	return totp.Among(ctx, s.db, a.Workspace)
}

// ResetTOTP switches the second step of a member off. Only an owner does it for an owner.
func (s *Service) ResetTOTP(ctx context.Context, member id.ID) error {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, err := mustMember(ctx, tx, a.Workspace, member)
		if err != nil {
			return err
		}
		if m.State != Active {
			return errs.New(errs.Conflict, "workspace.err.not_joined")
		}
		if err := mayTouchOwner(ctx, m.Role); err != nil {
			return err
		}
		if wasOn, err := totp.ResetIn(ctx, tx, m.Account); err != nil || !wasOn {
			return err
		}
		return s.AuditIn(ctx, tx, "totp.reset", "member", member, map[string]any{"name": m.Name})
	})
}
