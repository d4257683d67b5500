//! Products, norms, convolutions and attention.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// One row for each moment or token.
pub type Rows = Array2<f32>;

/// A matrix and what is added.
#[derive(Debug)]
pub struct Linear {
    /// One row for each number that comes out.
    pub weight: Rows,
    /// What is added to each.
    pub bias: Array1<f32>,
}

impl Linear {
    /// The layer over each row for itself.
    #[must_use]
    pub fn forward(&self, rows: &Rows) -> Rows {
        product(rows, &self.weight) + &self.bias
    }
}

/// `rows` times the rows of `weight`. A single row is a dot product each, which reads the weights once;
/// packing them for a product of matrices would cost more than the product.
#[must_use]
pub fn product(rows: &Rows, weight: &Rows) -> Rows {
    if rows.nrows() == 1 {
        weight.dot(&rows.row(0)).insert_axis(Axis(0))
    } else {
        rows.dot(&weight.t())
    }
}

/// Each row with mean 0 and variance 1, then stretched and moved.
#[derive(Debug)]
pub struct Norm {
    /// How far each number is stretched.
    pub gain: Array1<f32>,
    /// How far each is moved.
    pub bias: Array1<f32>,
    /// What is added to a variance, so that a row of equal numbers can be divided by it.
    pub epsilon: f32,
}

impl Norm {
    /// The layer over each row for itself.
    #[must_use]
    pub fn forward(&self, rows: &Rows) -> Rows {
        let mut normed = rows.clone();
        for mut row in normed.rows_mut() {
            let mean = row.mean().unwrap_or(0.0);
            row -= mean;
            let variance = row.dot(&row) / length(row.view());
            row /= (variance + self.epsilon).sqrt();
            row *= &self.gain;
            row += &self.bias;
        }
        normed
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "widths of layers are below 2^24"
)]
fn length(row: ArrayView1<'_, f32>) -> f32 {
    row.len() as f32
}

/// A convolution over time of three moments each, one of silence before and behind.
#[derive(Debug)]
pub struct Convolution {
    /// For each number that comes out: those of each channel at three moments.
    pub linear: Linear,
    /// Moments from one that comes out to the next.
    pub stride: usize,
}

impl Convolution {
    /// Moments are rows, channels are columns.
    #[must_use]
    pub fn forward(&self, moments: ArrayView2<'_, f32>) -> Rows {
        let (count, channels) = moments.dim();
        let mut seen = Rows::zeros((count.div_ceil(self.stride), channels * 3));
        for (at, mut row) in seen.rows_mut().into_iter().enumerate() {
            for place in 0..3 {
                let moment = (at * self.stride + place).checked_sub(1);
                if let Some(moment) = moment.filter(|it| *it < count) {
                    let into = row.iter_mut().skip(place).step_by(3);
                    for (to, from) in into.zip(moments.row(moment)) {
                        *to = *from;
                    }
                }
            }
        }
        self.linear.forward(&seen)
    }
}

/// What a neuron lets through (Hendrycks and Gimpel 2016), with the error function of Abramowitz and
/// Stegun 7.1.26, which is right to 1.5e-7.
#[must_use]
pub fn gelu(mut rows: Rows) -> Rows {
    rows.mapv_inplace(|value| {
        let scaled = value.abs() * std::f32::consts::FRAC_1_SQRT_2;
        let turn = 1.0 / (1.0 + 0.327_591_1 * scaled);
        let sum = turn
            * (0.254_829_6
                + turn
                    * (-0.284_496_74
                        + turn * (1.421_413_8 + turn * (-1.453_152 + turn * 1.061_405_4))));
        let error = (1.0 - sum * (-scaled * scaled).exp()).copysign(value);
        0.5 * value * (1.0 + error)
    });
    rows
}

/// Queries look at keys and take the values of what they find, each head for itself. Of the last rows
/// each sees only what was before it where `causal`.
#[must_use]
pub fn attend(queries: &Rows, keys: &Rows, values: &Rows, heads: usize, causal: bool) -> Rows {
    let (rows, width) = queries.dim();
    let head = width / heads;
    let before = keys.nrows() - rows.min(keys.nrows());
    #[expect(clippy::cast_precision_loss, reason = "heads are narrower than 2^24")]
    let scale = (head as f32).sqrt().recip();
    let mut seen = Rows::zeros((rows, width));
    for from in (0..head * heads).step_by(head) {
        let part = from..from + head;
        let (queries, keys, values) = (
            columns(queries, part.clone()),
            columns(keys, part.clone()),
            columns(values, part.clone()),
        );
        let mut weights = if rows == 1 {
            keys.dot(&queries.row(0)).insert_axis(Axis(0))
        } else {
            queries.dot(&keys.t())
        };
        weights *= scale;
        for (at, mut row) in weights.rows_mut().into_iter().enumerate() {
            if causal {
                let later = row.iter_mut().skip(before + at + 1);
                later.for_each(|it| *it = f32::NEG_INFINITY);
            }
            let largest = row.fold(f32::MIN, |a, b| a.max(*b));
            row.mapv_inplace(|it| (it - largest).exp());
            let sum = row.sum();
            row /= sum;
        }
        let mut place = seen.slice_axis_mut(Axis(1), part.into());
        if rows == 1 {
            for (weight, value) in weights.iter().zip(values.rows()) {
                place.row_mut(0).scaled_add(*weight, &value);
            }
        } else {
            place.assign(&weights.dot(&values));
        }
    }
    seen
}

/// Some columns of all rows.
#[must_use]
pub fn columns(rows: &Rows, range: Range<usize>) -> ArrayView2<'_, f32> {
    rows.slice_axis(Axis(1), range.into())
}

/// Some of the rows.
#[must_use]
pub fn some_of(rows: &Rows, range: Range<usize>) -> ArrayView2<'_, f32> {
    rows.slice_axis(Axis(0), range.into())
}

/// A number of 16 bits (IEEE 754 binary16).
#[must_use]
pub fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits) & 0x3ff;
    match exponent {
        // Below the normal numbers: so many 2^-24.
        0 => {
            let size = f32::from(bits & 0x3ff) * 2.0_f32.powi(-24);
            f32::from_bits(sign | size.to_bits())
        }
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn near(one: &Rows, other: &Rows) {
        assert_eq!(one.dim(), other.dim());
        let worst = (one - other).fold(0.0_f32, |a, b| a.max(b.abs()));
        assert!(worst < 1e-4, "{one} {other}");
    }

    fn numbers(rows: usize, columns: usize, seed: usize) -> Rows {
        Rows::from_shape_fn((rows, columns), |(a, b)| {
            ((a * 31 + b * 17 + seed * 7) % 23) as f32 / 11.0 - 1.0
        })
    }

    #[test]
    fn the_values_of_textbooks_come_out() {
        // 0.5 x (1 + erf(x / sqrt 2)).
        near(
            &gelu(array![[-1.0, 0.0, 0.5, 2.0]]),
            &array![[-0.158_655, 0.0, 0.345_731, 1.954_5]],
        );
        let norm = Norm {
            gain: array![2.0, 2.0],
            bias: array![1.0, 1.0],
            epsilon: 1e-5,
        };
        near(&norm.forward(&array![[3.0, 5.0]]), &array![[-1.0, 3.0]]);
    }

    #[test]
    fn a_convolution_weighs_three_moments_and_steps() {
        // Two channels; the weights of one output are before, now, after of each.
        let linear = || Linear {
            weight: array![[1.0, 10.0, 100.0, 0.0, 0.5, 0.0]],
            bias: array![0.25],
        };
        let moments = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]];
        let every = Convolution {
            linear: linear(),
            stride: 1,
        };
        // The first: nothing before, 10 * 1 + 100 * 3 of one channel, half of 2 of the other.
        near(
            &every.forward(moments.view()),
            &array![[311.25], [533.25], [756.25], [79.25]],
        );
        let second = Convolution {
            linear: linear(),
            stride: 2,
        };
        assert_eq!(second.forward(moments.view()).dim(), (2, 1));
    }

    #[test]
    fn one_query_sees_what_it_would_see_among_others() {
        let (queries, keys, values) = (numbers(3, 8, 1), numbers(5, 8, 2), numbers(5, 8, 3));
        for causal in [false, true] {
            let all = attend(&queries, &keys, &values, 2, causal);
            for at in 0..3 {
                let seen = if causal { 5 - 2 + at } else { 5 };
                let part = |rows: &Rows| some_of(rows, 0..seen).to_owned();
                let query = some_of(&queries, at..at + 1).to_owned();
                let alone = attend(&query, &part(&keys), &part(&values), 2, causal);
                near(&alone, &some_of(&all, at..at + 1).to_owned());
            }
        }
    }

    #[test]
    fn numbers_of_16_bits_are_those_of_the_standard() {
        let known = [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65_504.0),
            (0x0400, 2.0_f32.powi(-14)),
            (0x0001, 2.0_f32.powi(-24)),
            (0x83ff, -1023.0 * 2.0_f32.powi(-24)),
            (0x7c00, f32::INFINITY),
        ];
        for (bits, value) in known {
            assert_eq!(half(bits).to_bits(), f32::to_bits(value), "{bits:#06x}");
        }
        assert!(half(0x7e00).is_nan());
    }
}
