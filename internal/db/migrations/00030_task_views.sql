-- +goose Up
-- The orders a list of tasks can be walked in, and the ways into it. Titles are
-- compared folded: what was there before is folded as far as SQL can, and as the
-- program does with the next change.
ALTER TABLE task ADD COLUMN title_fold TEXT NOT NULL DEFAULT '';
UPDATE task SET title_fold = lower(title);
CREATE INDEX task_done ON task (workspace_id, state, done_at, id);
CREATE INDEX task_minutes ON task (workspace_id, state, minutes, id);
CREATE INDEX task_owner ON task (workspace_id, state, owner_id, id);
CREATE INDEX task_settled ON task (workspace_id, owner_id, state, done_at, id) WHERE state <> 'open';
