-- +goose Up
CREATE TABLE source (
  workspace_id   BIGINT NOT NULL REFERENCES workspace (id),
  id             BIGINT NOT NULL,
  name           TEXT   NOT NULL,
  name_fold      TEXT   NOT NULL,
  owner_id       BIGINT,
  mapping        JSONB  NOT NULL,
  last_import_id BIGINT,
  created_at     BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, owner_id) REFERENCES member (workspace_id, id)
);
CREATE UNIQUE INDEX source_name ON source (workspace_id, name_fold);

-- Which keys a source has brought, and since when one is missing. brought is
-- a fingerprint of the note and the contact that came with the row last.
CREATE TABLE source_key (
  workspace_id   BIGINT NOT NULL,
  source_id      BIGINT NOT NULL,
  key_fold       TEXT   NOT NULL,
  contract_id    BIGINT NOT NULL,
  last_import_id BIGINT NOT NULL,
  last_seen_at   BIGINT NOT NULL,
  brought        TEXT   NOT NULL DEFAULT '',
  absent_since   BIGINT NOT NULL DEFAULT 0,
  reviewed_at    BIGINT NOT NULL DEFAULT 0,
  reviewed_by    BIGINT,
  review         TEXT   NOT NULL DEFAULT '' CHECK (review IN ('', 'kept', 'ended')),
  PRIMARY KEY (workspace_id, source_id, key_fold),
  FOREIGN KEY (workspace_id, source_id) REFERENCES source (workspace_id, id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id)
);
CREATE INDEX source_key_absent ON source_key (workspace_id, source_id, absent_since) WHERE absent_since > 0;
CREATE INDEX source_key_contract ON source_key (workspace_id, contract_id);

-- plan says how the file is read, created what applying it made besides
-- contracts, base_import_id which import of the source was the newest when
-- this one was compared: if another came between, it must be compared again.
CREATE TABLE import (
  workspace_id   BIGINT NOT NULL,
  id             BIGINT NOT NULL,
  source_id      BIGINT NOT NULL,
  member_id      BIGINT,
  file_name      TEXT   NOT NULL,
  file_sha       TEXT   NOT NULL,
  sheet          TEXT   NOT NULL DEFAULT '',
  mode           TEXT   NOT NULL CHECK (mode IN ('snapshot', 'delta')),
  mapping        JSONB  NOT NULL,
  plan           JSONB  NOT NULL,
  state          TEXT   NOT NULL CHECK (state IN ('staging', 'staged', 'applying', 'applied', 'undone', 'failed', 'dropped')),
  done_rows      BIGINT NOT NULL DEFAULT 0,
  total_rows     BIGINT NOT NULL DEFAULT 0,
  counts         JSONB  NOT NULL,
  problem        JSONB  NOT NULL,
  created        JSONB  NOT NULL,
  base_import_id BIGINT,
  at             BIGINT NOT NULL,
  applied_at     BIGINT NOT NULL DEFAULT 0,
  undone_at      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, source_id) REFERENCES source (workspace_id, id)
);
CREATE INDEX import_source ON import (workspace_id, source_id, id);

-- Staging, preview, undo and error file in one. line is the row's place in
-- the file; absent rows have negative lines. seen_* is how the source knew the
-- key before, was_* which import had last seen the contract: with both, an
-- undo is a join.
CREATE TABLE import_row (
  workspace_id   BIGINT NOT NULL,
  import_id      BIGINT NOT NULL,
  line           BIGINT NOT NULL,
  key_fold       TEXT   NOT NULL,
  outcome        TEXT   NOT NULL CHECK (outcome IN ('created', 'updated', 'unchanged', 'invalid', 'absent', 'reappeared')),
  contract_id    BIGINT,
  before         JSONB  NOT NULL,
  after          JSONB  NOT NULL,
  problems       JSONB  NOT NULL,
  brought        TEXT   NOT NULL DEFAULT '',
  seen_import_id BIGINT,
  seen_at        BIGINT NOT NULL DEFAULT 0,
  seen_brought   TEXT   NOT NULL DEFAULT '',
  was_import_id  BIGINT,
  was_at         BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, import_id, line),
  FOREIGN KEY (workspace_id, import_id) REFERENCES import (workspace_id, id)
);
CREATE INDEX import_row_outcome ON import_row (workspace_id, import_id, outcome, line);

-- The uploaded file in pieces, so that any node can read it again when the
-- mapping changes; dropped a day after the import is settled.
CREATE TABLE import_file (
  workspace_id BIGINT  NOT NULL,
  import_id    BIGINT  NOT NULL,
  no           INTEGER NOT NULL,
  data         BYTEA   NOT NULL,
  PRIMARY KEY (workspace_id, import_id, no),
  FOREIGN KEY (workspace_id, import_id) REFERENCES import (workspace_id, id)
);
