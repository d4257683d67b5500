//! Passkeys, as the browser makes and shows them. The options and answers are the standard JSON.

use js_sys::{Function, JSON, Object, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Whether this browser knows passkeys.
pub(crate) fn are_known() -> bool {
    Reflect::has(&window(), &"PublicKeyCredential".into()).unwrap_or(false)
}

/// Has the browser make a passkey. None when the person refused or it is not possible.
pub(crate) async fn create(options: &str) -> Option<String> {
    ceremony("parseCreationOptionsFromJSON", "create", options).await
}

/// Has the browser show a passkey. None when the person refused or there is none.
pub(crate) async fn get(options: &str) -> Option<String> {
    ceremony("parseRequestOptionsFromJSON", "get", options).await
}

async fn ceremony(parser: &str, verb: &str, options: &str) -> Option<String> {
    let class = member(&window(), "PublicKeyCredential")?;
    let asked = JSON::parse(options).ok()?;
    let asked = member(&asked, "publicKey").unwrap_or(asked);
    let request = Object::new();
    let parsed = call(&class, parser, &asked)?;
    Reflect::set(&request, &"publicKey".into(), &parsed).ok()?;
    let credentials = member(&window().navigator(), "credentials")?;
    let promise: Promise = call(&credentials, verb, &request)?.dyn_into().ok()?;
    let credential = JsFuture::from(promise).await.ok()?;
    // A credential knows how it is written as JSON.
    JSON::stringify(&credential).ok()?.as_string()
}

fn member(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into())
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_null())
}

fn call(of: &JsValue, name: &str, argument: &JsValue) -> Option<JsValue> {
    let function: Function = member(of, name)?.dyn_into().ok()?;
    function.call1(of, argument).ok()
}
