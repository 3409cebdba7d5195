-- +goose Up
CREATE TABLE rule (
  workspace_id BIGINT  NOT NULL REFERENCES workspace (id),
  id           BIGINT  NOT NULL,
  name         TEXT    NOT NULL,
  owner_id     BIGINT,
  state        TEXT    NOT NULL CHECK (state IN ('draft', 'live', 'paused')),
  live_from    TEXT    NOT NULL DEFAULT '', -- the day it went live: steps begin the day after
  evaluated    TEXT    NOT NULL DEFAULT '', -- the last day whose steps were looked at
  version      INTEGER NOT NULL,
  created_at   BIGINT  NOT NULL,
  PRIMARY KEY (workspace_id, id)
);

CREATE TABLE rule_version (
  workspace_id BIGINT  NOT NULL,
  rule_id      BIGINT  NOT NULL,
  no           INTEGER NOT NULL,
  spec         JSONB   NOT NULL,
  created_at   BIGINT  NOT NULL,
  created_by   BIGINT,
  PRIMARY KEY (workspace_id, rule_id, no),
  FOREIGN KEY (workspace_id, rule_id) REFERENCES rule (workspace_id, id)
);

-- The unique index is what makes a step fire once per contract and term,
-- however often and on however many nodes the job runs.
CREATE TABLE rule_firing (
  workspace_id BIGINT  NOT NULL,
  id           BIGINT  NOT NULL,
  rule_id      BIGINT  NOT NULL,
  step_id      TEXT    NOT NULL,
  contract_id  BIGINT  NOT NULL,
  occurrence   TEXT    NOT NULL,
  version_no   INTEGER NOT NULL,
  at           BIGINT  NOT NULL,
  outcome      TEXT    NOT NULL,
  data         JSONB   NOT NULL,
  days         TEXT    NOT NULL DEFAULT '{}', -- JSON: the day each corrected date gave its tasks
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, rule_id) REFERENCES rule (workspace_id, id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id)
);
CREATE UNIQUE INDEX rule_firing_once ON rule_firing (workspace_id, rule_id, step_id, contract_id, occurrence);
CREATE INDEX rule_firing_contract ON rule_firing (workspace_id, contract_id);
