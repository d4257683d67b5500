//! The committed OpenAPI text is that of the code.

#[test]
fn the_committed_openapi_text_is_that_of_the_code() {
    let committed = include_str!("../../openapi.json").trim_end();
    let current = clinical_http::openapi().to_pretty_json().unwrap();
    assert!(
        current.trim_end() == committed,
        "the API changed: run `cargo run -- openapi > clinical/http/openapi.json`"
    );
}
