-- +goose Up
-- How a term of a contract ended: what was agreed, why, and the earliest sign
-- somebody had of it. before is what the contract was, so that the act can be
-- undone; undone ones are kept.
CREATE TABLE renewal (
  workspace_id   BIGINT  NOT NULL,
  id             BIGINT  NOT NULL,
  contract_id    BIGINT  NOT NULL,
  term_no        INTEGER NOT NULL, -- the term it closed
  outcome        TEXT    NOT NULL CHECK (outcome IN ('renewed', 'upsell', 'downsell', 'churned')),
  effective_date TEXT    NOT NULL,
  reasons        JSONB   NOT NULL, -- their words as they were then
  words          TEXT    NOT NULL DEFAULT '',
  sign_id        BIGINT, -- the note that saw it first
  before         JSONB   NOT NULL,
  at             BIGINT  NOT NULL,
  by_id          BIGINT,
  undone_at      BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id)
);
-- A term ends once, whoever clicks at the same moment.
CREATE UNIQUE INDEX renewal_once ON renewal (workspace_id, contract_id, term_no) WHERE undone_at = 0;
CREATE INDEX renewal_contract ON renewal (workspace_id, contract_id, id);

-- The reasons a team offers itself; without rows the usual ones are offered.
CREATE TABLE renewal_reason (
  workspace_id BIGINT  NOT NULL REFERENCES workspace (id),
  side         TEXT    NOT NULL CHECK (side IN ('stay', 'leave')),
  position     INTEGER NOT NULL,
  label        TEXT    NOT NULL,
  PRIMARY KEY (workspace_id, side, position)
);
