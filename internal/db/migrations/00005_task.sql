-- +goose Up
CREATE TABLE task (
  workspace_id BIGINT  NOT NULL,
  id           BIGINT  NOT NULL,
  contract_id  BIGINT,
  parent_id    BIGINT,
  title        TEXT    NOT NULL,
  owner_id     BIGINT,
  due_date     TEXT    NOT NULL DEFAULT '',
  given_due    TEXT    NOT NULL DEFAULT '', -- the day its origin gave it; one that a person moved stands elsewhere
  snooze_until TEXT    NOT NULL DEFAULT '',
  minutes      INTEGER NOT NULL DEFAULT 0 CHECK (minutes BETWEEN 0 AND 6000),
  state        TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'skipped', 'closed')),
  why          TEXT    NOT NULL DEFAULT '',
  created_by   BIGINT,
  created_at   BIGINT  NOT NULL,
  done_at      BIGINT  NOT NULL DEFAULT 0,
  done_by      BIGINT,
  origin_kind  TEXT    NOT NULL DEFAULT '',
  origin_id    BIGINT,
  origin_no    INTEGER NOT NULL DEFAULT 0,
  version      BIGINT  NOT NULL DEFAULT 1,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id),
  FOREIGN KEY (workspace_id, parent_id) REFERENCES task (workspace_id, id),
  FOREIGN KEY (workspace_id, owner_id) REFERENCES member (workspace_id, id)
);
CREATE INDEX task_queue ON task (workspace_id, owner_id, due_date, id) WHERE state = 'open';
CREATE INDEX task_contract ON task (workspace_id, contract_id, state, due_date, id);
CREATE INDEX task_parent ON task (workspace_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX task_state ON task (workspace_id, state, due_date, id);
-- One firing of a rule, one meeting, may make several tasks; each only once.
CREATE UNIQUE INDEX task_origin ON task (workspace_id, origin_kind, origin_id, origin_no) WHERE origin_id IS NOT NULL;
