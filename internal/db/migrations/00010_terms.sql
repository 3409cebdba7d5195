-- +goose Up
-- What a term is beside its dates: a trial, or one that goes on from month to
-- month until somebody stops it; '' is an ordinary one.
ALTER TABLE contract ADD COLUMN term_type TEXT NOT NULL DEFAULT '' CHECK (term_type IN ('', 'trial', 'rolling'));
ALTER TABLE term ADD COLUMN term_type TEXT NOT NULL DEFAULT '' CHECK (term_type IN ('', 'trial', 'rolling'));

-- What was agreed in the middle of a term: another amount from a day on. The
-- term keeps the amount it began with. applied tells that the contract's own
-- amount has followed; one whose day is still to come waits.
CREATE TABLE amendment (
  workspace_id   BIGINT  NOT NULL,
  contract_id    BIGINT  NOT NULL,
  term_no        INTEGER NOT NULL,
  effective_date TEXT    NOT NULL,
  amount         BIGINT,
  currency       TEXT    NOT NULL,
  basis          TEXT    NOT NULL DEFAULT '',
  words          TEXT    NOT NULL DEFAULT '',
  applied        BOOLEAN NOT NULL,
  at             BIGINT  NOT NULL,
  by_id          BIGINT,
  PRIMARY KEY (workspace_id, contract_id, term_no, effective_date),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id)
);
CREATE INDEX amendment_waiting ON amendment (workspace_id, effective_date) WHERE applied = FALSE;
