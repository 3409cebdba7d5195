-- +goose Up
-- The day a rule's task was given room on, before it is due, and the due day
-- that was for: moved to a later one, the task sleeps again. '' = comes up when
-- it is due.
ALTER TABLE task ADD COLUMN plan_date TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN plan_due TEXT NOT NULL DEFAULT '';
CREATE INDEX task_plan ON task (workspace_id, plan_date) WHERE plan_date > '';

-- How many minutes of generated checks a member's day holds, and how often
-- rules have acted: who acts by a plan made before somebody else acted plans
-- anew. Without a row: 15 minutes, never.
CREATE TABLE rule_desk (
  workspace_id BIGINT  PRIMARY KEY REFERENCES workspace (id),
  minutes      INTEGER NOT NULL DEFAULT 15 CHECK (minutes BETWEEN 5 AND 480),
  turn         BIGINT  NOT NULL DEFAULT 0
);
