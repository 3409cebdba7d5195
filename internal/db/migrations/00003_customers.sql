-- +goose Up
CREATE TABLE organization (
  workspace_id     BIGINT  NOT NULL REFERENCES workspace (id),
  id               BIGINT  NOT NULL,
  name             TEXT    NOT NULL,
  name_fold        TEXT    NOT NULL,
  name_key         TEXT    NOT NULL,
  kana             TEXT    NOT NULL DEFAULT '',
  kana_fold        TEXT    NOT NULL DEFAULT '',
  corporate_number TEXT    NOT NULL DEFAULT '',
  parent_id        BIGINT,
  closing_month    INTEGER NOT NULL DEFAULT 0 CHECK (closing_month BETWEEN 0 AND 12),
  split_key        TEXT    NOT NULL DEFAULT '',
  split_no         INTEGER NOT NULL DEFAULT 0,
  version          BIGINT  NOT NULL DEFAULT 1,
  created_at       BIGINT  NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, parent_id) REFERENCES organization (workspace_id, id)
);
-- One organization per folded name and corporate number: equal names with
-- different numbers stay apart, two imports at once cannot make it twice.
-- One split off by a person may keep the name: split_no counts those, and
-- split_key is the name under which imports go on bringing its contracts.
CREATE UNIQUE INDEX organization_key ON organization (workspace_id, name_key, corporate_number, split_no);
CREATE INDEX organization_number ON organization (workspace_id, corporate_number) WHERE corporate_number <> '';
CREATE INDEX organization_name ON organization (workspace_id, name_fold, id);
CREATE INDEX organization_parent ON organization (workspace_id, parent_id);

CREATE TABLE contract (
  workspace_id   BIGINT  NOT NULL,
  id             BIGINT  NOT NULL,
  key            TEXT    NOT NULL,
  key_fold       TEXT    NOT NULL,
  name           TEXT    NOT NULL,
  name_fold      TEXT    NOT NULL,
  org_id         BIGINT  NOT NULL,
  department     TEXT    NOT NULL DEFAULT '',
  owner_id       BIGINT,
  status         TEXT    NOT NULL DEFAULT '',
  phase          TEXT    NOT NULL DEFAULT '',
  outlook        TEXT    NOT NULL DEFAULT '' CHECK (outlook IN ('', 'on_track', 'watch', 'danger')),
  outlook_why    TEXT    NOT NULL DEFAULT '',
  outlook_by     BIGINT,
  outlook_at     BIGINT  NOT NULL DEFAULT 0,
  start_date     TEXT    NOT NULL DEFAULT '',
  renewal_date   TEXT    NOT NULL DEFAULT '',
  notice_date    TEXT    NOT NULL DEFAULT '',
  auto_renew     BOOLEAN NOT NULL DEFAULT FALSE,
  amount         BIGINT,
  currency       TEXT    NOT NULL,
  amount_basis   TEXT    NOT NULL DEFAULT '' CHECK (amount_basis IN ('', 'monthly', 'yearly', 'term')),
  domain         TEXT    NOT NULL DEFAULT '',
  visibility     TEXT    NOT NULL DEFAULT 'everyone',
  fields         JSONB   NOT NULL,
  term_no        INTEGER NOT NULL DEFAULT 1,
  ended_on       TEXT    NOT NULL DEFAULT '',
  last_import_id BIGINT,
  data_at        BIGINT  NOT NULL DEFAULT 0,
  version        BIGINT  NOT NULL DEFAULT 1,
  created_at     BIGINT  NOT NULL,
  archived_at    BIGINT  NOT NULL DEFAULT 0,
  live           BOOLEAN NOT NULL DEFAULT TRUE,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, org_id) REFERENCES organization (workspace_id, id),
  FOREIGN KEY (workspace_id, owner_id) REFERENCES member (workspace_id, id)
);
-- live = neither ended nor archived. It leads the indexes that lists walk, or
-- years of ended contracts would stand before the first row anyone wants.
CREATE UNIQUE INDEX contract_key ON contract (workspace_id, key_fold);
CREATE INDEX contract_renewal ON contract (workspace_id, live, renewal_date, id);
CREATE INDEX contract_owner ON contract (workspace_id, live, owner_id, renewal_date, id);
CREATE INDEX contract_status ON contract (workspace_id, live, status, renewal_date, id);
CREATE INDEX contract_phase ON contract (workspace_id, live, phase, renewal_date, id);
CREATE INDEX contract_outlook ON contract (workspace_id, live, outlook, renewal_date, id) WHERE outlook <> '';
CREATE INDEX contract_name ON contract (workspace_id, live, name_fold, id);
CREATE INDEX contract_live_key ON contract (workspace_id, live, key_fold, id);
CREATE INDEX contract_amount ON contract (workspace_id, live, amount, id);
CREATE INDEX contract_org ON contract (workspace_id, org_id, id);
CREATE INDEX contract_domain ON contract (workspace_id, domain) WHERE domain <> '';

-- One period of a contract; the open one is mirrored on the contract's row.
CREATE TABLE term (
  workspace_id BIGINT  NOT NULL,
  contract_id  BIGINT  NOT NULL,
  no           INTEGER NOT NULL,
  starts       TEXT    NOT NULL DEFAULT '',
  renews       TEXT    NOT NULL DEFAULT '',
  amount       BIGINT,
  currency     TEXT    NOT NULL,
  basis        TEXT    NOT NULL DEFAULT '',
  outcome      TEXT    NOT NULL DEFAULT 'open' CHECK (outcome IN ('open', 'renewed', 'churned')),
  reasons      JSONB   NOT NULL,
  words        TEXT    NOT NULL DEFAULT '',
  closed_at    BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, contract_id, no),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id)
);
CREATE UNIQUE INDEX term_open ON term (workspace_id, contract_id) WHERE outcome = 'open';

CREATE TABLE contact (
  workspace_id BIGINT NOT NULL,
  id           BIGINT NOT NULL,
  org_id       BIGINT NOT NULL,
  name         TEXT   NOT NULL,
  name_fold    TEXT   NOT NULL,
  kana         TEXT   NOT NULL DEFAULT '',
  title        TEXT   NOT NULL DEFAULT '',
  mail         TEXT   NOT NULL DEFAULT '',
  mail_fold    TEXT   NOT NULL DEFAULT '',
  phone        TEXT   NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, org_id) REFERENCES organization (workspace_id, id)
);
CREATE INDEX contact_org ON contact (workspace_id, org_id, id);
CREATE INDEX contact_mail ON contact (workspace_id, mail_fold) WHERE mail_fold <> '';

CREATE TABLE contract_contact (
  workspace_id BIGINT NOT NULL,
  contract_id  BIGINT NOT NULL,
  contact_id   BIGINT NOT NULL,
  role         TEXT   NOT NULL DEFAULT '',
  PRIMARY KEY (workspace_id, contract_id, contact_id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id),
  FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id)
);
CREATE INDEX contract_contact_of ON contract_contact (workspace_id, contact_id);

CREATE TABLE field (
  workspace_id BIGINT  NOT NULL REFERENCES workspace (id),
  id           BIGINT  NOT NULL,
  on_kind      TEXT    NOT NULL CHECK (on_kind IN ('contract', 'contact')),
  key          TEXT    NOT NULL,
  type         TEXT    NOT NULL CHECK (type IN ('text', 'number', 'date', 'choice', 'choices', 'link', 'member', 'checkbox', 'money')),
  labels       JSONB   NOT NULL,
  options      JSONB   NOT NULL,
  position     INTEGER NOT NULL,
  indexed      BOOLEAN NOT NULL,
  created_at   BIGINT  NOT NULL,
  retired_at   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX field_key ON field (workspace_id, on_kind, key);

-- Order-preserving bytes of the custom values that are filtered or sorted by;
-- the JSON on the contract is the truth.
CREATE TABLE field_index (
  workspace_id BIGINT NOT NULL,
  field_id     BIGINT NOT NULL,
  k            BYTEA  NOT NULL,
  contract_id  BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, field_id, k, contract_id),
  FOREIGN KEY (workspace_id, field_id) REFERENCES field (workspace_id, id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id)
);
CREATE INDEX field_index_contract ON field_index (workspace_id, contract_id, field_id);
