//! What must hold of files that may come from anybody. For the fuzz targets only.

use crate::plan::Planner;
use crate::read::Reader;
use crate::write::FinishedWriter;

/// A file: what can be read of it is written again, and read as the same.
pub fn file(bytes: &[u8]) {
    let Ok(mut reader) = Reader::new(bytes) else {
        return;
    };
    let track = reader.front().track.clone();
    let mut blocks = Vec::new();
    while let Ok(Some(block)) = reader.next_block() {
        blocks.push(block);
    }
    blocks.sort_by_key(|block| block.at_ms);
    let mut planner = Planner::new(track.clone());
    for block in &blocks {
        if planner
            .add(block.at_ms, block.data.len(), block.is_key)
            .is_err()
        {
            return;
        }
    }
    let plan = planner.finish(0);
    let length = plan.file_bytes();
    let Ok(mut writer) = FinishedWriter::new(Vec::new(), plan) else {
        return;
    };
    for block in &blocks {
        assert!(writer.write(block.at_ms, block.is_key, &block.data).is_ok());
    }
    let Ok(file) = writer.finish() else {
        unreachable!("the frames are those of the plan")
    };
    assert_eq!(file.len() as u64, length);
    let Ok(mut again) = Reader::new(file.as_slice()) else {
        unreachable!("a file that was just written")
    };
    assert_eq!(again.front().track, track);
    for block in &blocks {
        let Ok(Some(found)) = again.next_block() else {
            unreachable!("a frame is missing")
        };
        assert_eq!(
            (found.at_ms, found.is_key, &found.data),
            (block.at_ms, block.is_key, &block.data)
        );
    }
    for cue in &again.front().cues {
        assert!(cue.file_at < length);
    }
}
