-- +goose Up
-- Whose words somebody wants to read, wherever they are written.
CREATE TABLE person_follow (
  workspace_id BIGINT NOT NULL,
  member_id    BIGINT NOT NULL,
  follows_id   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, member_id, follows_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id),
  FOREIGN KEY (workspace_id, follows_id) REFERENCES member (workspace_id, id)
);

-- The newest words a member had before them when they last looked.
CREATE TABLE everyone_seen (
  workspace_id BIGINT NOT NULL,
  member_id    BIGINT NOT NULL,
  at           BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, member_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);
