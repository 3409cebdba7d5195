-- +goose Up
-- One change of many contracts or tasks at once. selection is which ones: ids, or
-- the query of the list's address; edits what is to be changed. cursor is how far
-- the selection has been read while it is compared.
CREATE TABLE bulk_edit (
  workspace_id BIGINT NOT NULL,
  id           BIGINT NOT NULL,
  member_id    BIGINT NOT NULL,
  target       TEXT   NOT NULL CHECK (target IN ('contracts', 'tasks')),
  selection    JSONB  NOT NULL,
  edits        JSONB  NOT NULL,
  state        TEXT   NOT NULL CHECK (state IN ('chosen', 'staging', 'staged', 'applying', 'applied', 'undoing', 'undone')),
  cursor       TEXT   NOT NULL DEFAULT '',
  at           BIGINT NOT NULL,
  applied_at   BIGINT NOT NULL DEFAULT 0,
  undone_at    BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);
CREATE INDEX bulk_edit_member ON bulk_edit (workspace_id, member_id, id);

-- Preview, work to do and undo in one. before and after hold the values that
-- change, as they stood when the row was compared and as they were written. Each
-- row is moved on in the transaction that does what its new state says, so that
-- work cut off goes on where it stopped.
CREATE TABLE bulk_row (
  workspace_id BIGINT NOT NULL,
  edit_id      BIGINT NOT NULL,
  ref_id       BIGINT NOT NULL,
  state        TEXT   NOT NULL CHECK (state IN ('change', 'same', 'refused', 'done', 'left', 'back', 'partly')),
  before       JSONB  NOT NULL,
  after        JSONB  NOT NULL,
  why          JSONB  NOT NULL,
  PRIMARY KEY (workspace_id, edit_id, ref_id),
  FOREIGN KEY (workspace_id, edit_id) REFERENCES bulk_edit (workspace_id, id)
);
CREATE INDEX bulk_row_state ON bulk_row (workspace_id, edit_id, state, ref_id);
