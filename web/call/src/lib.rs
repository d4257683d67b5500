//! The call as a pure state machine, and the one place that talks to WebRTC in the browser.
