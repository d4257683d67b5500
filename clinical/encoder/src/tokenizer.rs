//! Text as pieces of words: the likeliest way to cut it (`SentencePiece`'s unigram model, Kudo 2018).

use crate::file::Pieces;

/// What stands for a space.
const SPACE: char = '\u{2581}';
/// How much less likely than the rarest piece a character is that is no piece.
const STRANGE: f32 = 10.0;

/// Cuts text into pieces.
#[derive(Debug)]
pub(crate) struct Tokenizer {
    pieces: Pieces,
    /// Numbers of pieces in the order of their bytes.
    sorted: Vec<u32>,
    bytes_max: usize,
    strange: f32,
}

/// The likeliest way to a place.
#[derive(Clone, Copy)]
struct Way {
    likely: f32,
    from: usize,
    piece: u32,
}

impl Tokenizer {
    pub(crate) fn new(pieces: Pieces) -> Self {
        let bytes = |it: &u32| piece(&pieces, *it).map(|(bytes, _)| bytes.as_slice());
        let mut sorted: Vec<u32> = (0..).take(pieces.all.len()).collect();
        sorted.sort_by(|a, b| bytes(a).cmp(&bytes(b)));
        let scores = pieces.all.iter().map(|(_, score)| *score);
        Self {
            bytes_max: pieces.all.iter().map(|(it, _)| it.len()).max().unwrap_or(1),
            strange: scores.fold(f32::MAX, f32::min) - STRANGE,
            sorted,
            pieces,
        }
    }

    /// The pieces of a text between the marks of beginning and end, at most so many in all.
    pub(crate) fn cut(&self, text: &str, most: usize) -> Vec<u32> {
        let text = self.plain(text);
        let places: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        let mut ways: Vec<Option<Way>> = vec![None; places.len()];
        for (at, begin) in places.iter().enumerate() {
            let likely = match ways.get(at).copied().flatten() {
                Some(way) => way.likely,
                None if at == 0 => 0.0,
                None => continue,
            };
            for (to, end) in places.iter().enumerate().skip(at + 1) {
                if end - begin > self.bytes_max {
                    break;
                }
                let found = text.get(*begin..*end).and_then(|it| self.find(it));
                let found = found.filter(|(piece, _)| *piece != self.pieces.unknown);
                let strange = (to == at + 1).then_some((self.pieces.unknown, self.strange));
                for (piece, score) in found.into_iter().chain(strange) {
                    let way = Way {
                        likely: likely + score,
                        from: at,
                        piece,
                    };
                    if let Some(best) = ways.get_mut(to)
                        && best.is_none_or(|best| way.likely > best.likely)
                    {
                        *best = Some(way);
                    }
                }
            }
        }
        let last = ways.len() - 1;
        let back = |way: &Way| ways.get(way.from).copied().flatten();
        let mut cut: Vec<u32> = std::iter::successors(ways.get(last).copied().flatten(), back)
            .map(|way| way.piece)
            .collect();
        cut.push(self.pieces.begin);
        cut.reverse();
        cut.truncate(most.saturating_sub(1));
        cut.push(self.pieces.end);
        cut
    }

    /// Characters as the model knows them, one mark for a row of spaces, and one before the first word.
    fn plain(&self, text: &str) -> String {
        let mut plain = String::new();
        let mut add = |letter: char| {
            if letter != ' ' {
                plain.push(letter);
            } else if !plain.ends_with(SPACE) {
                plain.push(SPACE);
            }
        };
        add(' ');
        for letter in text.chars() {
            match self.pieces.plain.get(&u32::from(letter)) {
                Some(by) => by
                    .iter()
                    .filter_map(|it| char::from_u32(*it))
                    .for_each(&mut add),
                None => add(letter),
            }
        }
        plain
    }

    fn find(&self, text: &str) -> Option<(u32, f32)> {
        let bytes = |it: &u32| piece(&self.pieces, *it).map(|(bytes, _)| bytes.as_slice());
        let at = self
            .sorted
            .binary_search_by(|it| bytes(it).cmp(&Some(text.as_bytes())))
            .ok()?;
        let found = *self.sorted.get(at)?;
        piece(&self.pieces, found).map(|(_, score)| (found, *score))
    }
}

fn piece(pieces: &Pieces, number: u32) -> Option<&(Vec<u8>, f32)> {
    pieces.all.get(usize::try_from(number).ok()?)
}
