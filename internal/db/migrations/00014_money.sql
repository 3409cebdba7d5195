-- +goose Up
-- What the owner of a contract expects of the end of its running term.
CREATE TABLE forecast (
  workspace_id BIGINT  NOT NULL,
  contract_id  BIGINT  NOT NULL,
  term_no      INTEGER NOT NULL,
  call         TEXT    NOT NULL CHECK (call IN ('renew', 'grow', 'shrink', 'lose')),
  amount       BIGINT, -- expected of the next term; NULL = as it is
  currency     TEXT    NOT NULL,
  basis        TEXT    NOT NULL DEFAULT '',
  why          TEXT    NOT NULL DEFAULT '',
  at           BIGINT  NOT NULL,
  by_id        BIGINT,
  PRIMARY KEY (workspace_id, contract_id, term_no),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id)
);

-- What one unit of a currency is worth in the workspace's own, from a day on.
CREATE TABLE rate (
  workspace_id BIGINT NOT NULL REFERENCES workspace (id),
  currency     TEXT   NOT NULL,
  from_date    TEXT   NOT NULL,
  rate         TEXT   NOT NULL, -- decimal
  PRIMARY KEY (workspace_id, currency, from_date)
);

-- What an amount of which nobody said what it is for counts as.
CREATE TABLE money_setting (
  workspace_id   BIGINT PRIMARY KEY REFERENCES workspace (id),
  unstated_basis TEXT   NOT NULL CHECK (unstated_basis IN ('monthly', 'yearly', 'term'))
);

CREATE INDEX term_renews ON term (workspace_id, renews, contract_id, no);
