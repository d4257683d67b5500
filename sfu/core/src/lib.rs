//! The forwarding machine: rooms, participants, publications and subscriptions on str0m, without IO, clock or lock.
