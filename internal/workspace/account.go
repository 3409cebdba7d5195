package workspace

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/workspace/secrets"
)

// account is a person who can sign in.
type account struct {
	ID   id.ID
	Mail string
	Fold string
	Hash string
	Lang string
	made bool // not stored yet
}

// credentials gives the account of a mail if the password opens it, or makes
// one ready to be stored by settle. It hashes, so it runs outside any
// transaction.
func (s *Service) credentials(ctx context.Context, mail address, password string) (account, error) {
	_, known, err := accountByMail(ctx, s.db, mail.fold)
	if err != nil {
		return account{}, err
	}
	if known {
		acc, err := s.prove(ctx, mail.fold, password)
		if errs.Is(err, errs.Invalid) {
			err = errs.Field("password", "workspace.err.own_password")
		}
		return acc, err
	}
	if e := checkPassword(password); e != nil {
		return account{}, e
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return account{}, err
	}
	defer leave()
	return account{ID: id.New(), Mail: mail.mail, Fold: mail.fold, Hash: secrets.Hash(password), made: true}, nil
}

// settle stores a new account, or takes back what proving an old one counted.
func (s *Service) settle(ctx context.Context, tx *db.Tx, acc account) error {
	if !acc.made {
		return forgive(ctx, tx, limitsOf(acc.Fold, ipOf(ctx)))
	}
	err := insertAccount(ctx, tx, acc, s.Now())
	if db.UniqueOn(err, "account") { // somebody took the mail a moment ago
		return errs.New(errs.Conflict, "workspace.err.mail_taken").With(err)
	}
	return err
}
