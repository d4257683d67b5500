//! Properties that web-sys does not have in its stable part, read and written by name.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

/// A property; undefined when it is missing.
pub(super) fn get(target: &JsValue, name: &str) -> JsValue {
    Reflect::get(target, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

pub(super) fn number(target: &JsValue, name: &str) -> Option<f64> {
    get(target, name).as_f64()
}

pub(super) fn text(target: &JsValue, name: &str) -> Option<String> {
    get(target, name).as_string()
}

/// An object with these properties.
pub(super) fn object(properties: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in properties {
        set(&object, name, value);
    }
    object.into()
}

/// Sets a property of an own object, which cannot fail.
pub(super) fn set(target: &JsValue, name: &str, value: &JsValue) {
    let _done = Reflect::set(target, &JsValue::from_str(name), value);
}

/// Calls a method, if there is one.
pub(super) fn call(
    target: &JsValue,
    name: &str,
    arguments: &[JsValue],
) -> Result<JsValue, JsValue> {
    let method: Function = get(target, name).dyn_into()?;
    let list = Array::new();
    for argument in arguments {
        list.push(argument);
    }
    Reflect::apply(&method, target, &list)
}

/// Calls a method that gives a promise, of whichever window.
pub(super) fn call_promise(
    target: &JsValue,
    name: &str,
    arguments: &[JsValue],
) -> Result<Promise, JsValue> {
    Ok(Promise::resolve(&call(target, name, arguments)?))
}
