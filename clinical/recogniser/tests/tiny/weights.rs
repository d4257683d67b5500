//! A model of the same form as Whisper and a thousandth of its size, written as CTranslate2 writes them.

use std::fs;
use std::path::{Path, PathBuf};

/// Width of the tiny model.
const WIDTH: usize = 64;
const BANDS: usize = 8;
const LAYERS: usize = 2;
/// Tokens that are letters; marks follow.
const LETTERS: usize = 256;
const MARKS: [&str; 8] = [
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|fr|>",
    "<|transcribe|>",
    "<|nocaptions|>",
    "<|notimestamps|>",
    "<|0.00|>",
];
pub(crate) const END: usize = LETTERS;
pub(crate) const FRENCH: usize = LETTERS + 3;
const TOKENS: usize = LETTERS + MARKS.len();
const PLACES: usize = 64;
const COLUMNS: usize = 1200;

/// A file of tensors while it is written.
struct File {
    bytes: Vec<u8>,
    count: u32,
    state: u32,
}

impl File {
    fn new() -> Self {
        Self {
            bytes: Vec::new(),
            count: 0,
            state: 1,
        }
    }

    fn name(&mut self, name: &str) {
        let length = u16::try_from(name.len() + 1).unwrap();
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(name.as_bytes());
        self.bytes.push(0);
    }

    fn tensor(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        self.name(name);
        self.bytes.push(u8::try_from(shape.len()).unwrap());
        for size in shape {
            self.bytes
                .extend(u32::try_from(*size).unwrap().to_le_bytes());
        }
        self.bytes.push(0);
        let length = u32::try_from(values.len() * 4).unwrap();
        self.bytes.extend(length.to_le_bytes());
        self.bytes
            .extend(values.iter().flat_map(|it| it.to_le_bytes()));
        self.count += 1;
    }

    fn heads(&mut self, name: &str) {
        self.name(name);
        self.bytes.extend([0, 2, 2, 0, 0, 0, 2, 0]);
        self.count += 1;
    }

    fn random(&mut self, count: usize, size: f32) -> Vec<f32> {
        let mut next = || {
            self.state = self
                .state
                .wrapping_mul(1_664_525)
                .wrapping_add(1_013_904_223);
            (self.state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..count).map(|_| size * next()).collect()
    }

    fn filled(&mut self, name: &str, shape: &[usize], size: f32) {
        let values = self.random(shape.iter().product(), size);
        self.tensor(name, shape, &values);
    }

    fn norm(&mut self, name: &str) {
        self.tensor(&format!("{name}/gamma"), &[WIDTH], &[1.0; WIDTH]);
        self.tensor(&format!("{name}/beta"), &[WIDTH], &[0.0; WIDTH]);
    }

    fn linear(&mut self, name: &str, wide: usize, from: usize, size: f32) {
        self.filled(&format!("{name}/weight"), &[wide, from], size);
        self.filled(&format!("{name}/bias"), &[wide], size);
    }

    fn layer(&mut self, name: &str, crossed: bool, size: f32) {
        self.norm(&format!("{name}/self_attention/layer_norm"));
        self.linear(
            &format!("{name}/self_attention/linear_0"),
            3 * WIDTH,
            WIDTH,
            size,
        );
        self.linear(
            &format!("{name}/self_attention/linear_1"),
            WIDTH,
            WIDTH,
            size,
        );
        if crossed {
            self.norm(&format!("{name}/attention/layer_norm"));
            self.linear(&format!("{name}/attention/linear_0"), WIDTH, WIDTH, size);
            self.linear(
                &format!("{name}/attention/linear_1"),
                2 * WIDTH,
                WIDTH,
                size,
            );
            self.linear(&format!("{name}/attention/linear_2"), WIDTH, WIDTH, size);
        }
        self.norm(&format!("{name}/ffn/layer_norm"));
        self.linear(&format!("{name}/ffn/linear_0"), 2 * WIDTH, WIDTH, size);
        self.linear(&format!("{name}/ffn/linear_1"), WIDTH, 2 * WIDTH, size);
    }

    fn finished(self) -> Vec<u8> {
        let mut whole = 6_u32.to_le_bytes().to_vec();
        whole.extend([12, 0]);
        whole.extend(b"WhisperSpec\0");
        whole.extend(3_u32.to_le_bytes());
        whole.extend(self.count.to_le_bytes());
        whole.extend(self.bytes);
        // No names that mean the same tensor.
        whole.extend(0_u32.to_le_bytes());
        whole
    }
}

/// A model that says `text` after its prompt of four tokens, whatever it hears, and takes every voice for
/// French. `size` is how much its layers disturb that: with 0 they do nothing at all.
pub(crate) fn model(text: &str, size: f32) -> Vec<u8> {
    let mut file = File::new();
    file.heads("encoder/num_heads");
    file.heads("decoder/num_heads");
    file.filled("encoder/conv1/weight", &[WIDTH, BANDS, 3], 0.3);
    file.filled("encoder/conv1/bias", &[WIDTH], 0.3);
    file.filled("encoder/conv2/weight", &[WIDTH, WIDTH, 3], 0.3);
    file.filled("encoder/conv2/bias", &[WIDTH], 0.3);
    file.filled(
        "encoder/position_encodings/encodings",
        &[COLUMNS / 2, WIDTH],
        0.3,
    );
    file.norm("encoder/layer_norm");
    file.norm("decoder/layer_norm");
    for layer in 0..LAYERS {
        file.layer(&format!("encoder/layer_{layer}"), false, size);
        file.layer(&format!("decoder/layer_{layer}"), true, size);
    }
    // Each token has a direction of its own, and each place points to the token that comes next.
    let tokens = file.random(TOKENS * WIDTH, 1.0);
    let direction = |token: usize| &tokens[token * WIDTH..(token + 1) * WIDTH];
    let mut next = vec![FRENCH, LETTERS + 4, LETTERS + 6];
    next.extend(text.bytes().map(usize::from));
    next.resize(PLACES, END);
    let places: Vec<f32> = next
        .iter()
        .flat_map(|token| direction(*token).iter().map(|it| 8.0 * it))
        .collect();
    file.tensor("decoder/embeddings/weight", &[TOKENS, WIDTH], &tokens);
    file.tensor(
        "decoder/position_encodings/encodings",
        &[PLACES, WIDTH],
        &places,
    );
    file.finished()
}

/// The tokens of the model: every byte, then the marks.
pub(crate) fn vocabulary() -> String {
    let mut others = 0x100_u32;
    let letters = (0..=u8::MAX).map(|byte| match byte {
        b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => char::from(byte).to_string(),
        _ => {
            others += 1;
            char::from_u32(others - 1).unwrap().to_string()
        }
    });
    let marks = MARKS.iter().map(|it| (*it).to_owned());
    letters.chain(marks).map(|it| it + "\n").collect()
}

/// A folder with such a model, which is removed with the value.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// Each test has a name of its own for it.
    pub(crate) fn new(name: &str, model: &[u8]) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("model.bin"), model).unwrap();
        fs::write(path.join("vocabulary.txt"), vocabulary()).unwrap();
        fs::write(
            path.join("config.json"),
            r#"{"suppress_ids": [1], "suppress_ids_begin": [32]}"#,
        )
        .unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}
