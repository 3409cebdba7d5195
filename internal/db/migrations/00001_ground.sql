-- +goose Up
-- A process leases a node number before it makes ids; high_ms is the highest
-- millisecond any holder may have used, so that no id is ever made twice.
CREATE TABLE node (
  n       INTEGER PRIMARY KEY,
  owner   TEXT    NOT NULL,
  until   BIGINT  NOT NULL,
  high_ms BIGINT  NOT NULL
);

CREATE TABLE cron (
  name      TEXT   PRIMARY KEY,
  last_slot BIGINT NOT NULL
);

CREATE TABLE job (
  id           BIGINT  PRIMARY KEY,
  workspace_id BIGINT  NOT NULL,
  kind         TEXT    NOT NULL,
  key          TEXT    NOT NULL,
  payload      TEXT    NOT NULL,
  state        TEXT    NOT NULL CHECK (state IN ('ready', 'running', 'done', 'dead')),
  run_at       BIGINT  NOT NULL,
  tries        INTEGER NOT NULL DEFAULT 0,
  lease_token  BIGINT  NOT NULL DEFAULT 0,
  lease_until  BIGINT  NOT NULL DEFAULT 0,
  error        TEXT    NOT NULL DEFAULT '',
  created_at   BIGINT  NOT NULL,
  finished_at  BIGINT  NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX job_unique ON job (kind, key) WHERE key <> '' AND state IN ('ready', 'running');
CREATE INDEX job_due ON job (state, run_at);
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_workspace ON job (workspace_id, state, id);
