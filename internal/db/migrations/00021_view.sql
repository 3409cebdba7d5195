-- +goose Up
-- How a member looks at a list: filter, order, columns and groups as the list's
-- address has them.
CREATE TABLE saved_view (
  workspace_id BIGINT  NOT NULL,
  id           BIGINT  NOT NULL,
  place        TEXT    NOT NULL,
  member_id    BIGINT  NOT NULL,
  name         TEXT    NOT NULL,
  name_fold    TEXT    NOT NULL,
  query        TEXT    NOT NULL,
  shared       BOOLEAN NOT NULL DEFAULT FALSE,
  version      BIGINT  NOT NULL DEFAULT 1,
  created_at   BIGINT  NOT NULL,
  deleted_at   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);
CREATE UNIQUE INDEX saved_view_name ON saved_view (workspace_id, place, member_id, name_fold) WHERE deleted_at = 0;
CREATE INDEX saved_view_shared ON saved_view (workspace_id, place, id) WHERE shared = TRUE AND deleted_at = 0;
