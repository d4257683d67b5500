//! What clients and providers show at the clinic's doors.

use core::time::Duration;
use std::sync::LazyLock;

use clinical_app::RefreshToken;
use clinical_app::ports::{ReportedOutcome, SmsGateway as _};
use clinical_gateways::{AfricasTalking, AfricasTalkingConfig, ApiKey};
use url::form_urlencoded::Serializer;

/// The adapter of the provider. It is asked to read, never to send.
static PROVIDER: LazyLock<Option<AfricasTalking>> = LazyLock::new(|| {
    let config = AfricasTalkingConfig {
        user: "sandbox".to_owned(),
        key: ApiKey::new("nobody's".to_owned()),
        sender: None,
        endpoint: None,
        timeout: Duration::from_secs(1),
    };
    AfricasTalking::new(config).ok()
});

/// The value of a refresh cookie.
pub(crate) fn refresh_token(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let Some(token) = RefreshToken::parse(text) else {
        return;
    };
    let written = token.to_cookie_value();
    assert_eq!(written.len(), text.len());
    assert!(RefreshToken::parse(&written).is_some_and(|again| again == token));
    assert!(!format!("{token:?}").contains(&written), "it prints itself");
}

/// What an SMS provider posts: how a message stands, or one of somebody.
pub(crate) fn sms_report(bytes: &[u8]) {
    let Ok(body) = core::str::from_utf8(bytes) else {
        return;
    };
    let provider = PROVIDER.as_ref();
    assert!(provider.is_some(), "the adapter cannot be made");
    let Some(provider) = provider else { return };
    let form = |pairs: &[(&str, &str)]| Serializer::new(String::new()).extend_pairs(pairs).finish();
    if let Ok(report) = provider.read_report(body) {
        assert!(!report.reference.is_empty());
        let status = match report.outcome {
            ReportedOutcome::Underway => "Buffered",
            ReportedOutcome::Delivered => "Success",
            ReportedOutcome::Undeliverable => "Failed",
        };
        let written = form(&[("id", &report.reference), ("status", status)]);
        assert_eq!(provider.read_report(&written), Ok(report));
    }
    if let Ok(sms) = provider.read_incoming(body) {
        assert!(!sms.reference.is_empty() && !sms.from.is_empty());
        let pairs = [
            ("id", &*sms.reference),
            ("from", &sms.from),
            ("text", &sms.text),
        ];
        assert_eq!(provider.read_incoming(&form(&pairs)), Ok(sms));
    }
}
