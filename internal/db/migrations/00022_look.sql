-- +goose Up
-- How an account likes to look: light, dark, or as the device does; and the day
-- its weeks begin on, 0 for Sunday.
ALTER TABLE account ADD COLUMN theme TEXT NOT NULL DEFAULT '' CHECK (theme IN ('', 'light', 'dark'));
ALTER TABLE account ADD COLUMN week_start INTEGER NOT NULL DEFAULT 1 CHECK (week_start IN (0, 1));
