-- +goose Up
CREATE TABLE note (
  workspace_id BIGINT  NOT NULL,
  id           BIGINT  NOT NULL,
  contract_id  BIGINT  NOT NULL,
  parent_id    BIGINT,
  author_id    BIGINT,
  at           BIGINT  NOT NULL,
  body         TEXT    NOT NULL,
  hunch        TEXT    NOT NULL DEFAULT '' CHECK (hunch IN ('', 'bad', 'good')),
  hunch_at     BIGINT  NOT NULL DEFAULT 0,
  context      JSONB   NOT NULL,
  about_kind   TEXT    NOT NULL DEFAULT '',
  about_id     BIGINT,
  visibility   TEXT    NOT NULL DEFAULT 'everyone' CHECK (visibility IN ('everyone', 'author')),
  pinned       BOOLEAN NOT NULL DEFAULT FALSE,
  version      BIGINT  NOT NULL DEFAULT 1,
  deleted_at   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id),
  FOREIGN KEY (workspace_id, parent_id) REFERENCES note (workspace_id, id),
  FOREIGN KEY (workspace_id, author_id) REFERENCES member (workspace_id, id)
);
CREATE INDEX note_trail ON note (workspace_id, contract_id, at, id);
CREATE INDEX note_replies ON note (workspace_id, parent_id, id);
CREATE INDEX note_author ON note (workspace_id, author_id, at, id);
CREATE INDEX note_at ON note (workspace_id, at, id);

CREATE TABLE note_revision (
  workspace_id BIGINT  NOT NULL,
  note_id      BIGINT  NOT NULL,
  no           BIGINT  NOT NULL,
  body         TEXT    NOT NULL,
  member_id    BIGINT,
  at           BIGINT  NOT NULL,
  PRIMARY KEY (workspace_id, note_id, no),
  FOREIGN KEY (workspace_id, note_id) REFERENCES note (workspace_id, id)
);

CREATE TABLE mention (
  workspace_id BIGINT NOT NULL,
  note_id      BIGINT NOT NULL,
  member_id    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, note_id, member_id),
  FOREIGN KEY (workspace_id, note_id) REFERENCES note (workspace_id, id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);

CREATE TABLE follower (
  workspace_id BIGINT  NOT NULL,
  contract_id  BIGINT  NOT NULL,
  member_id    BIGINT  NOT NULL,
  muted        BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (workspace_id, contract_id, member_id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);
CREATE INDEX follower_of ON follower (workspace_id, member_id);

CREATE TABLE notice (
  workspace_id BIGINT NOT NULL,
  id           BIGINT NOT NULL,
  member_id    BIGINT NOT NULL,
  cause_kind   TEXT   NOT NULL,
  cause_id     BIGINT NOT NULL,
  contract_id  BIGINT,
  kind         TEXT   NOT NULL,
  at           BIGINT NOT NULL,
  read_at      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id)
);
CREATE UNIQUE INDEX notice_cause ON notice (workspace_id, member_id, cause_kind, cause_id);
CREATE INDEX notice_inbox ON notice (workspace_id, member_id, at, id);
CREATE INDEX notice_unread ON notice (workspace_id, member_id, read_at, id);
CREATE INDEX notice_contract ON notice (workspace_id, contract_id);

-- One row a save: data holds {field: [from, to]}; also what tasks, rules and
-- imports did. Notes and events merge into the trail by (at, id).
CREATE TABLE event (
  workspace_id BIGINT  NOT NULL,
  id           BIGINT  NOT NULL,
  contract_id  BIGINT  NOT NULL,
  at           BIGINT  NOT NULL,
  kind         TEXT    NOT NULL,
  actor_kind   TEXT    NOT NULL CHECK (actor_kind IN ('member', 'import', 'rule', 'system')),
  actor_id     BIGINT,
  cause_kind   TEXT    NOT NULL DEFAULT '',
  cause_id     BIGINT,
  depth        INTEGER NOT NULL DEFAULT 0,
  data         JSONB   NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id)
);
CREATE INDEX event_trail ON event (workspace_id, contract_id, at, id);
CREATE INDEX event_kind ON event (workspace_id, kind, at, id);
CREATE INDEX event_cause ON event (workspace_id, cause_kind, cause_id) WHERE cause_id IS NOT NULL;
