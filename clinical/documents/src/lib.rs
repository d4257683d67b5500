//! Documents that leave the clinic: signed prescriptions as PDF with a QR code.
//!
//! This crate exists to forbid imports: it makes bytes out of values and knows neither SQL nor HTTP.
