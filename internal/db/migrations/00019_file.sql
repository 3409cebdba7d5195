-- +goose Up
-- What is attached to notes. The row comes first, then the bytes (stored says
-- they are all there), then the note; deleted_at comes before the bytes go. So
-- whatever is cut off leaves a row by which the sweep finds what to delete.
CREATE TABLE file (
  workspace_id BIGINT  NOT NULL,
  id           BIGINT  NOT NULL,
  note_id      BIGINT, -- none before the note is posted; its contract comes with it
  contract_id  BIGINT,
  name         TEXT    NOT NULL,
  type         TEXT    NOT NULL,
  size         BIGINT  NOT NULL,
  width        INTEGER NOT NULL DEFAULT 0, -- of a picture, as it is looked at
  height       INTEGER NOT NULL DEFAULT 0,
  preview      TEXT    NOT NULL DEFAULT '' CHECK (preview IN ('', 'image/jpeg', 'image/png')), -- its type
  sha256       TEXT    NOT NULL,
  created_by   BIGINT  NOT NULL,
  at           BIGINT  NOT NULL,
  stored       BOOLEAN NOT NULL DEFAULT FALSE,
  deleted_at   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, note_id) REFERENCES note (workspace_id, id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id),
  FOREIGN KEY (workspace_id, created_by) REFERENCES member (workspace_id, id),
  CHECK ((note_id IS NULL) = (contract_id IS NULL))
);
CREATE INDEX file_note ON file (workspace_id, note_id, id);
CREATE INDEX file_contract ON file (workspace_id, contract_id, id);
CREATE INDEX file_by ON file (workspace_id, created_by, id);
CREATE INDEX file_loose ON file (workspace_id, at) WHERE note_id IS NULL;
CREATE INDEX file_gone ON file (workspace_id, deleted_at) WHERE deleted_at <> 0;
CREATE INDEX note_gone ON note (workspace_id, deleted_at) WHERE deleted_at <> 0;
