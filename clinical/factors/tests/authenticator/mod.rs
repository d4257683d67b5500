//! An authenticator and the browser around it, in software, after the WebAuthn text and not after
//! the library under test: P-256 keys of aws-lc-rs, CBOR and client data written by hand.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const HAS_KEY: u8 = 1 << 6;

/// A device with one key, in a browser that shows `origin`.
pub(crate) struct Device {
    key: EcdsaKeyPair,
    pub(crate) credential_id: Vec<u8>,
    pub(crate) origin: String,
    pub(crate) rp_id: String,
    pub(crate) counter: u32,
    pub(crate) verifies: bool,
    pub(crate) user_handle: Option<Vec<u8>>,
}

impl Device {
    pub(crate) fn new(rp_id: &str, origin: &str) -> Self {
        let random = SystemRandom::new();
        let mut credential_id = vec![0; 32];
        random.fill(&mut credential_id).unwrap();
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            credential_id,
            origin: origin.to_owned(),
            rp_id: rp_id.to_owned(),
            counter: 0,
            verifies: true,
            user_handle: None,
        }
    }

    /// `navigator.credentials.create`, as JSON.
    pub(crate) fn create(&mut self, options_json: &str) -> String {
        let options: Value = serde_json::from_str(options_json).unwrap();
        assert_eq!(options["rp"]["id"], json!(self.rp_id));
        self.user_handle = Some(
            URL_SAFE_NO_PAD
                .decode(options["user"]["id"].as_str().unwrap())
                .unwrap(),
        );
        let client_data = self.client_data("webauthn.create", &options);
        let mut auth_data = self.auth_data(HAS_KEY);
        auth_data.extend([0; 16]); // No model is told.
        auth_data.extend(
            u16::try_from(self.credential_id.len())
                .unwrap()
                .to_be_bytes(),
        );
        auth_data.extend(&self.credential_id);
        auth_data.extend(self.cose_key());
        // {"fmt": "none", "attStmt": {}, "authData": bytes}
        let mut object = vec![0xa3];
        object.extend(cbor_text("fmt"));
        object.extend(cbor_text("none"));
        object.extend(cbor_text("attStmt"));
        object.push(0xa0);
        object.extend(cbor_text("authData"));
        object.extend(cbor_bytes(&auth_data));
        self.envelope(json!({
            "clientDataJSON": encode(&client_data),
            "attestationObject": encode(&object),
            "transports": ["internal"],
        }))
    }

    /// `navigator.credentials.get`, as JSON. It counts that it has signed.
    pub(crate) fn get(&mut self, options_json: &str) -> String {
        self.counter += 1;
        self.get_without_counting(options_json)
    }

    /// As [`Self::get`], of a device that shares its key with others and cannot count.
    pub(crate) fn get_without_counting(&self, options_json: &str) -> String {
        let options: Value = serde_json::from_str(options_json).unwrap();
        assert_eq!(options["rpId"], json!(self.rp_id));
        let client_data = self.client_data("webauthn.get", &options);
        let auth_data = self.auth_data(0);
        let mut signed = auth_data.clone();
        signed.extend(digest(&SHA256, &client_data).as_ref());
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.envelope(json!({
            "clientDataJSON": encode(&client_data),
            "authenticatorData": encode(&auth_data),
            "signature": encode(signature.as_ref()),
            "userHandle": self.user_handle.as_ref().map(|handle| encode(handle)),
        }))
    }

    fn envelope(&self, response: Value) -> String {
        json!({
            "id": encode(&self.credential_id),
            "rawId": encode(&self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        })
        .to_string()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        json!({
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        })
        .to_string()
        .into_bytes()
    }

    fn auth_data(&self, more_flags: u8) -> Vec<u8> {
        let verified = if self.verifies { USER_VERIFIED } else { 0 };
        let mut data = digest(&SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(USER_PRESENT | verified | more_flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// The public key after RFC 9053: {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}.
    fn cose_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        assert_eq!((point[0], point.len()), (4, 65), "an uncompressed point");
        let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21];
        key.extend(cbor_bytes(&point[1..33]));
        key.push(0x22);
        key.extend(cbor_bytes(&point[33..]));
        key
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn cbor_text(text: &str) -> Vec<u8> {
    assert!(text.len() < 24);
    let mut out = vec![0x60 | u8::try_from(text.len()).unwrap()];
    out.extend(text.as_bytes());
    out
}

fn cbor_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = match u8::try_from(bytes.len()) {
        Ok(length) => vec![0x58, length],
        Err(_) => {
            let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
            vec![0x59, length[0], length[1]]
        }
    };
    out.extend(bytes);
    out
}
