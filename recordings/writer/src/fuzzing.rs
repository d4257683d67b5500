//! What must hold of the content of segments. For the fuzz targets only.

/// The records of a segment.
pub fn records(bytes: &[u8]) {
    let Ok(found) = crate::record::records(bytes) else {
        return;
    };
    let mut again = Vec::new();
    for record in &found {
        record.write(&mut again);
    }
    assert_eq!(again, bytes, "a record changed on its way");
}
