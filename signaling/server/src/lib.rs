//! WebSockets around signaling-session: sockets, room directory, limits, and the only user of SfuHandle.
