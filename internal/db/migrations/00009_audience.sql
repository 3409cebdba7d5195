-- +goose Up
-- Who may read what is not for everyone: a contract whose visibility is
-- 'limited', and a note whose visibility is 'author', which without readers is
-- its author's alone. A reader is a member or a team, never both.
CREATE TABLE reader (
  workspace_id BIGINT NOT NULL,
  kind         TEXT   NOT NULL CHECK (kind IN ('contract', 'note')),
  ref_id       BIGINT NOT NULL,
  who          TEXT   NOT NULL CHECK (who IN ('member', 'unit')),
  who_id       BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, kind, ref_id, who, who_id)
);
CREATE INDEX reader_who ON reader (workspace_id, who, who_id, kind, ref_id);
CREATE INDEX contract_limited ON contract (workspace_id, id) WHERE visibility = 'limited';

-- Who has read what is limited, once a day each: what the audit log tells.
CREATE TABLE limited_read (
  workspace_id BIGINT NOT NULL,
  member_id    BIGINT NOT NULL,
  kind         TEXT   NOT NULL CHECK (kind IN ('contract', 'note')),
  ref_id       BIGINT NOT NULL,
  day          TEXT   NOT NULL,
  PRIMARY KEY (workspace_id, member_id, kind, ref_id, day)
);
