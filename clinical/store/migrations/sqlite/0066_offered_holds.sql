-- A time that is offered from the waiting list is kept beside the one that the patient chose. Holds
-- last for minutes, so the table is made anew.
DROP TABLE holds;
CREATE TABLE holds (
    id UUID NOT NULL PRIMARY KEY,
    tenant UUID NOT NULL REFERENCES tenants (id),
    patient UUID NOT NULL,
    service UUID REFERENCES services (id),
    doctor UUID NOT NULL,
    start_us BIGINT NOT NULL,
    end_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    offered BOOLEAN NOT NULL DEFAULT FALSE,
    FOREIGN KEY (tenant, patient) REFERENCES patients (tenant, id),
    FOREIGN KEY (tenant, doctor) REFERENCES users (tenant, id)
);
CREATE UNIQUE INDEX holds_of_patient ON holds (patient) WHERE offered = FALSE;
