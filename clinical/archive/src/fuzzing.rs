//! What must hold of what lies inside a backup. For the fuzz targets only.

use crate::records::{self, RECORD_BYTES_MAX};
use crate::value::{read_row, write_row};

/// The records of a backup behind a byte with the number of columns of its tables.
pub fn records(bytes: &[u8]) {
    let Some((columns, stream)) = bytes.split_first() else {
        return;
    };
    let columns = usize::from(columns % 16);
    let mut input = stream;
    let mut written = Vec::new();
    let mut body = Vec::new();
    while let Ok(Some(kind)) = records::read(&mut input, &mut body) {
        assert!(body.len() as u64 <= RECORD_BYTES_MAX);
        if let Ok(values) = read_row(&body, columns) {
            assert_eq!(values.len(), columns);
            let mut row = Vec::new();
            write_row(&values, &mut row);
            assert_eq!(row, body, "a row changed on its way");
        }
        assert!(records::write(&mut written, kind, &body).is_ok());
    }
    assert!(stream.starts_with(&written), "a record changed on its way");
}
