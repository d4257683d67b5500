-- What a laboratory's machine sent and nobody could be sure of: whose it is, or what becomes of it.
-- What it says is sealed with the tenant's key, because there is no patient yet; once it is filed it
-- is kept under the patient's key only.
CREATE TABLE unmatched_results (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    reason TEXT NOT NULL CHECK (reason IN ('no_patient', 'several_patients', 'patient_differs',
        'order_closed', 'other_facility', 'withdrawn', 'conflict', 'unfit')),
    body_sealed BYTEA,
    received_us BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'filed', 'discarded')),
    decided_us BIGINT,
    decided_by UUID,
    -- Where it was filed.
    order_id UUID REFERENCES orders (id),
    -- Why it was discarded, under the tenant's key.
    why_sealed BYTEA,
    version BIGINT NOT NULL CHECK (version >= 1),
    CONSTRAINT unmatched_results_decided CHECK ((state = 'waiting') = (decided_us IS NULL)
        AND (state = 'waiting') = (decided_by IS NULL)),
    CONSTRAINT unmatched_results_filed CHECK ((state = 'filed') = (order_id IS NOT NULL)
        AND (state = 'filed') = (body_sealed IS NULL)),
    CONSTRAINT unmatched_results_discarded CHECK ((state = 'discarded') = (why_sealed IS NOT NULL)),
    FOREIGN KEY (tenant, decided_by) REFERENCES users (tenant, id)
);
CREATE INDEX unmatched_results_waiting ON unmatched_results (tenant, state, received_us, id);

-- What was taken from a laboratory: messages and single values, as blind indexes under the tenant's
-- key. What is here already is not taken again.
CREATE TABLE lab_taken (
    tenant UUID NOT NULL REFERENCES tenants (id),
    taken_index BYTEA NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, taken_index)
);

-- Which order the laboratory's own number belongs to, as a blind index under the tenant's key.
CREATE TABLE lab_orders (
    tenant UUID NOT NULL REFERENCES tenants (id),
    filler_index BYTEA NOT NULL,
    order_id UUID NOT NULL REFERENCES orders (id),
    PRIMARY KEY (tenant, filler_index)
);
