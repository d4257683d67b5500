//! Tests of the house itself: import arrows, file sizes, banned words.
