-- How a room is when it is opened anew, on another node or after everybody was away: whether people encrypt
-- for each other. A room without a row was never encrypted and restricts nobody.
CREATE TABLE room_modes (
    room UUID NOT NULL PRIMARY KEY REFERENCES appointments (room),
    encrypted BOOLEAN NOT NULL,
    changed_us BIGINT NOT NULL
);

-- What a clinician has left the people whom she has restricted: what others may get from them, and whether they
-- get the others.
CREATE TABLE room_grants (
    room UUID NOT NULL REFERENCES room_modes (room),
    participant UUID NOT NULL,
    microphone BOOLEAN NOT NULL,
    camera BOOLEAN NOT NULL,
    screen BOOLEAN NOT NULL,
    subscribe BOOLEAN NOT NULL,
    PRIMARY KEY (room, participant)
);
