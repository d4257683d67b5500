//! Threads, UDP sockets and timers around sfu-core, and the typed handle to it.
