"""Prints the numbers of another implementation, which tests of clinical/recogniser hold its own against.

  python3 -m venv VENV && VENV/bin/pip install ctranslate2==4.8.5 numpy
  VENV/bin/python tests/captions/reference.py

The model is the tiny one of clinical/recogniser/tests/tiny/weights.rs, number for number; CTranslate2, which
faster-whisper runs on, computes it. The spectrogram is computed here with numpy's Fourier transform, as
whisper/audio.py of OpenAI describes it. Nothing of this runs in a gate: the numbers are in the tests."""

import json
import pathlib
import struct
import sys
import tempfile

import ctranslate2
import numpy

WIDTH, BANDS, LAYERS, LETTERS, PLACES, COLUMNS = 64, 8, 2, 256, 64, 1200
MARKS = ["endoftext", "startoftranscript", "en", "fr", "transcribe", "nocaptions", "notimestamps", "0.00"]
TOKENS = LETTERS + len(MARKS)
END, FRENCH = LETTERS, LETTERS + 3
PROMPT = [LETTERS + 1, FRENCH, LETTERS + 4, LETTERS + 6]
# GELU with the error function, in CTranslate2's numbering.
GELU = 3


class File:
    """Tensors as CTranslate2 writes them, with the random numbers of weights.rs."""

    def __init__(self):
        self.body, self.count, self.state = b"", 0, 1

    def header(self, name, shape, kind, data):
        name = name.encode() + b"\0"
        self.body += struct.pack("<H", len(name)) + name + struct.pack("<B", len(shape))
        self.body += struct.pack(f"<{len(shape)}I", *shape) + struct.pack("<BI", kind, len(data)) + data
        self.count += 1

    def tensor(self, name, values):
        self.header(name, values.shape, 0, values.astype("<f4").tobytes())

    def random(self, shape, size):
        numbers = []
        for _ in range(int(numpy.prod(shape))):
            self.state = (self.state * 1_664_525 + 1_013_904_223) % 2**32
            numbers.append((self.state >> 8) / 8_388_608 - 1)
        numbers = numpy.array(numbers, numpy.float32)
        return (numpy.float32(size) * numbers).reshape(shape)

    def filled(self, name, shape, size):
        self.tensor(name, self.random(shape, size))

    def norm(self, name):
        self.tensor(f"{name}/gamma", numpy.ones(WIDTH))
        self.tensor(f"{name}/beta", numpy.zeros(WIDTH))

    def linear(self, name, wide, narrow, size):
        self.filled(f"{name}/weight", [wide, narrow], size)
        self.filled(f"{name}/bias", [wide], size)

    def layer(self, name, crossed, size):
        self.norm(f"{name}/self_attention/layer_norm")
        self.linear(f"{name}/self_attention/linear_0", 3 * WIDTH, WIDTH, size)
        self.linear(f"{name}/self_attention/linear_1", WIDTH, WIDTH, size)
        if crossed:
            self.norm(f"{name}/attention/layer_norm")
            self.linear(f"{name}/attention/linear_0", WIDTH, WIDTH, size)
            self.linear(f"{name}/attention/linear_1", 2 * WIDTH, WIDTH, size)
            self.linear(f"{name}/attention/linear_2", WIDTH, WIDTH, size)
        self.norm(f"{name}/ffn/layer_norm")
        self.linear(f"{name}/ffn/linear_0", 2 * WIDTH, WIDTH, size)
        self.linear(f"{name}/ffn/linear_1", WIDTH, 2 * WIDTH, size)


def model(text, size):
    """The file of weights.rs, and behind it what CTranslate2 asks for beside the tensors."""
    file = File()
    for side in ("encoder", "decoder"):
        file.header(f"{side}/num_heads", [], 2, b"\2\0")
    for name, shape in [("conv1", [WIDTH, BANDS, 3]), ("conv2", [WIDTH, WIDTH, 3])]:
        file.filled(f"encoder/{name}/weight", shape, 0.3)
        file.filled(f"encoder/{name}/bias", [WIDTH], 0.3)
    file.filled("encoder/position_encodings/encodings", [COLUMNS // 2, WIDTH], 0.3)
    file.norm("encoder/layer_norm")
    file.norm("decoder/layer_norm")
    for layer in range(LAYERS):
        file.layer(f"encoder/layer_{layer}", False, size)
        file.layer(f"decoder/layer_{layer}", True, size)
    tokens = file.random([TOKENS, WIDTH], 1.0)
    following = [FRENCH, LETTERS + 4, LETTERS + 6, *text.encode()]
    following += [END] * (PLACES - len(following))
    file.tensor("decoder/embeddings/weight", tokens)
    file.tensor("decoder/position_encodings/encodings", 8 * tokens[following])
    for name, value in [("activation", GELU), ("alibi", 0), ("pre_norm", 1), ("scale_embeddings", 0)]:
        file.header(f"decoder/{name}", [], 1, bytes([value]))
    same = [b"decoder/projection/weight\0", b"decoder/embeddings/weight\0"]
    whole = struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + struct.pack("<II", 3, file.count) + file.body
    return whole + struct.pack("<I", 1) + b"".join(struct.pack("<H", len(it)) + it for it in same)


def vocabulary():
    """Every byte as GPT-2 spells it, then the marks."""
    plain = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    letters = [chr(byte if byte in plain else next(others)) for byte in range(256)]
    return "".join(f"{it}\n" for it in [*letters, *(f"<|{it}|>" for it in MARKS)])


def picture(seed, columns):
    numbers = (numpy.arange(BANDS * columns) * 7 + seed) % 13
    return (numbers / 13 - 0.5).astype(numpy.float32).reshape(1, BANDS, columns)


def logits(folder):
    (folder / "model.bin").write_bytes(model("ab", 0.2))
    (folder / "vocabulary.txt").write_text(vocabulary(), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({"suppress_ids": [], "suppress_ids_begin": [], "lang_ids": []}))
    whisper = ctranslate2.models.Whisper(str(folder), device="cpu", compute_type="float32")
    for seed, columns in [(1, 100), (2, 400)]:
        seen = ctranslate2.StorageView.from_array(picture(seed, columns))
        said = whisper.generate(
            seen, [PROMPT], beam_size=1, max_length=6, suppress_blank=False, suppress_tokens=[], return_logits_vocab=True
        )
        first = numpy.array(said[0].logits[0][0])
        some = first[:: TOKENS // 8]
        print(f"logits of picture({seed}), {columns} columns, every {TOKENS // 8}th:", [round(float(it), 4) for it in some])


def spectrogram(samples, bands):
    """Power of 25 ms with a Hann window every 10 ms, in mel bands of Slaney, as logarithms."""
    window = numpy.hanning(401)[:-1]
    padded = numpy.pad(samples, (200, 200), mode="reflect")
    frames = [numpy.fft.rfft(window * padded[at : at + 400]) for at in range(0, len(samples), 160)]
    power = numpy.abs(numpy.array(frames)) ** 2

    def mel(hertz):
        return hertz * 3 / 200 if hertz < 1000 else 15 + numpy.log(hertz / 1000) * 27 / numpy.log(6.4)

    def hertz(mel):
        return mel * 200 / 3 if mel < 15 else 1000 * numpy.exp((mel - 15) * numpy.log(6.4) / 27)

    edges = [hertz(it) for it in numpy.linspace(0, mel(8000), bands + 2)]
    bins = numpy.arange(201) * 40
    filters = [
        numpy.maximum(0, numpy.minimum((bins - low) / (middle - low), (high - bins) / (high - middle))) * 2 / (high - low)
        for low, middle, high in zip(edges, edges[1:], edges[2:])
    ]
    loud = numpy.log10(numpy.maximum(power @ numpy.array(filters).T, 1e-10)).T
    return (numpy.maximum(loud, loud.max() - 8) + 4) / 4


def picture_of_sound():
    """200 ms that grow louder, and 100 ms of silence behind them: 30 columns."""
    at = numpy.arange(3200)
    samples = (at * at * 37 % 2003 - 1001) * (1 + at // 800)
    seen = spectrogram(numpy.pad(samples, (0, 30 * 160 - len(samples))) / 32768, 80)
    for column in (0, 7, 19, 20, 29):
        some = [round(float(it), 4) for it in seen[::16, column]]
        print(f"bands 0, 16, 32, 48, 64 of column {column}:", some)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        logits(pathlib.Path(folder))
    picture_of_sound()
    sys.exit(0)
