//! Early warning scores from published tables.
