-- +goose Up
-- Who arranges things for a team and the teams below it.
ALTER TABLE unit_member ADD COLUMN lead BOOLEAN NOT NULL DEFAULT FALSE;

-- What belongs to a team; NULL is everybody's. A team that has fields or rules
-- cannot be deleted, a view of one that is gone is its maker's alone.
ALTER TABLE field ADD COLUMN unit_id BIGINT;
ALTER TABLE rule ADD COLUMN unit_id BIGINT;
ALTER TABLE saved_view ADD COLUMN unit_id BIGINT;
CREATE INDEX saved_view_unit ON saved_view (workspace_id, place, unit_id) WHERE unit_id IS NOT NULL AND deleted_at = 0;

-- Options that are offered no more, and those that have another name now, by
-- their old one.
ALTER TABLE field ADD COLUMN put_away JSONB NOT NULL DEFAULT '[]';
ALTER TABLE field ADD COLUMN renamed  JSONB NOT NULL DEFAULT '{}';
