-- +goose Up
CREATE TABLE workspace (
  id                 BIGINT  PRIMARY KEY,
  name               TEXT    NOT NULL,
  zone               TEXT    NOT NULL,
  currency           TEXT    NOT NULL,
  language           TEXT    NOT NULL,
  fiscal_start_month INTEGER NOT NULL CHECK (fiscal_start_month BETWEEN 1 AND 12),
  created_at         BIGINT  NOT NULL
);

-- A person. Signing in is the account's, everything else the member's.
CREATE TABLE account (
  id            BIGINT PRIMARY KEY,
  mail          TEXT   NOT NULL,
  mail_fold     TEXT   NOT NULL UNIQUE,
  password_hash TEXT   NOT NULL,
  language      TEXT   NOT NULL,
  zone          TEXT   NOT NULL,
  created_at    BIGINT NOT NULL
);

-- A placeholder (account_id NULL) is an owner named by an import whom nobody
-- has invited yet; it is claimed when that person joins.
CREATE TABLE member (
  workspace_id BIGINT NOT NULL REFERENCES workspace (id),
  id           BIGINT NOT NULL,
  account_id   BIGINT REFERENCES account (id),
  role         TEXT   NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
  name         TEXT   NOT NULL,
  name_fold    TEXT   NOT NULL,
  kana         TEXT   NOT NULL DEFAULT '',
  kana_fold    TEXT   NOT NULL DEFAULT '',
  mail_fold    TEXT   NOT NULL DEFAULT '',
  state        TEXT   NOT NULL CHECK (state IN ('active', 'placeholder', 'left')),
  created_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX member_account ON member (workspace_id, account_id);
CREATE INDEX member_name ON member (workspace_id, name_fold);
CREATE INDEX member_mail ON member (workspace_id, mail_fold);
CREATE INDEX member_by_account ON member (account_id);

CREATE TABLE session (
  hash         TEXT   PRIMARY KEY,
  account_id   BIGINT NOT NULL REFERENCES account (id),
  workspace_id BIGINT NOT NULL,
  member_id    BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  seen_at      BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  agent        TEXT   NOT NULL,
  ip           TEXT   NOT NULL,
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expires ON session (expires_at);

-- Failed sign-ins by account and by address.
CREATE TABLE throttle (
  key        TEXT    PRIMARY KEY,
  fails      INTEGER NOT NULL,
  last_at    BIGINT  NOT NULL
);

CREATE TABLE unit (
  workspace_id BIGINT NOT NULL REFERENCES workspace (id),
  id           BIGINT NOT NULL,
  parent_id    BIGINT,
  name         TEXT   NOT NULL,
  name_fold    TEXT   NOT NULL,
  kana_fold    TEXT   NOT NULL DEFAULT '',
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, parent_id) REFERENCES unit (workspace_id, id)
);
CREATE UNIQUE INDEX unit_name ON unit (workspace_id, name_fold);

CREATE TABLE unit_member (
  workspace_id BIGINT NOT NULL,
  unit_id      BIGINT NOT NULL,
  member_id    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, unit_id, member_id),
  FOREIGN KEY (workspace_id, unit_id) REFERENCES unit (workspace_id, id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);
CREATE INDEX unit_member_of ON unit_member (workspace_id, member_id);

CREATE TABLE invite (
  workspace_id BIGINT NOT NULL REFERENCES workspace (id),
  id           BIGINT NOT NULL,
  hash         TEXT   NOT NULL UNIQUE,
  mail         TEXT   NOT NULL,
  role         TEXT   NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
  member_id    BIGINT,
  created_by   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  used_at      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);

CREATE TABLE token (
  workspace_id BIGINT NOT NULL,
  id           BIGINT NOT NULL,
  hash         TEXT   NOT NULL UNIQUE,
  member_id    BIGINT NOT NULL,
  name         TEXT   NOT NULL,
  scope        TEXT   NOT NULL CHECK (scope IN ('read', 'write')),
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);

CREATE TABLE audit (
  workspace_id BIGINT NOT NULL,
  id           BIGINT NOT NULL,
  at           BIGINT NOT NULL,
  member_id    BIGINT,
  act          TEXT   NOT NULL,
  object_kind  TEXT   NOT NULL,
  object_id    BIGINT,
  ip           TEXT   NOT NULL,
  data         JSONB  NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX audit_at ON audit (workspace_id, at, id);
